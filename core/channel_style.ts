/**
 * What the user may say of the data channel between the manager and workers that are no threads of it.
 *
 * @module
 */

/** The user's wishes for the data channel. All of it is optional. */
export interface ChannelStyle {
  /** The network interface to listen on, by name or address. Default all; loopback for workers on this machine. */
  readonly networkInterface?: string;
  /** Host names or addresses that workers are told, in place of this machine's own. */
  readonly advertise?: readonly string[];
  /** The ports to choose from. Default any free one. */
  readonly ports?: { readonly lowest: number; readonly highest: number };
  /** Whether connections are TLS. Default: wherever they leave this machine. */
  readonly tls?: boolean;
  /** Seconds that a worker whose connection broke may take to come back. Default 60. */
  readonly reconnectGrace?: number;
}
