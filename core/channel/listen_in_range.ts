/**
 * A port to listen on.
 *
 * @module
 */
import { ConfigError, messageOf } from "../errors.ts";
import type { OwnCertificate } from "./certificate.ts";

/** Ports to choose from, both ends included. */
export interface PortRange {
  /** The first. */
  readonly lowest: number;
  /** The last. */
  readonly highest: number;
}

/** Waiting connections that the system holds for us. */
const BACKLOG = 1024;

/**
 * Listens on a free port of a range, or on any.
 *
 * @throws {ConfigError} if there is none, or the host is not ours.
 */
export function listenInRange(
  hostname: string,
  options: { readonly ports: PortRange | undefined; readonly certificate: OwnCertificate | undefined },
): Deno.Listener<Deno.Conn> {
  const { ports = { lowest: 0, highest: 0 }, certificate } = options;
  const listen = (port: number): Deno.Listener<Deno.Conn> =>
    certificate
      ? Deno.listenTls({
        hostname,
        port,
        cert: certificate.pem,
        key: certificate.keyPem,
        tcpBacklog: BACKLOG,
      })
      : Deno.listen({ hostname, port, tcpBacklog: BACKLOG });
  const count = ports.highest - ports.lowest + 1;
  if (!(count >= 1) || ports.lowest < 0 || ports.highest > 65535) {
    throw new ConfigError(
      `"${ports.lowest}-${ports.highest}" is no range of ports: use one such as 30000-50000`,
    );
  }
  // Managers that start together would all try the same one first.
  const first = Math.floor(Math.random() * count);
  for (let tried = 0; tried < count; tried++) {
    try {
      return listen(ports.lowest + (first + tried) % count);
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) continue;
      throw new ConfigError(`Cannot listen on ${hostname}: ${messageOf(error)}`, { cause: error });
    }
  }
  throw new ConfigError(
    `No port from ${ports.lowest} to ${ports.highest} is free on ${hostname}: give a wider range`,
  );
}
