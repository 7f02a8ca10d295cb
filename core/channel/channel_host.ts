/**
 * A run's data channel in the manager: opened when the first driver asks for it, with a key of its own.
 *
 * @module
 */
import type { HostedChannel } from "../driver.ts";
import type { WorkerHello, WorkerLink } from "../messages.ts";
import type { ChannelStyle } from "../channel_style.ts";
import { type ChannelCredentials, KEY_VARIABLE } from "./address_file.ts";
import { formatChannelAddress } from "./channel_address.ts";
import { ChannelServer } from "./channel_server.ts";
import { KEY_BYTES } from "./proof.ts";
import type { RemoteWorker } from "./remote_worker.ts";

/** What hosting a channel takes. */
export interface ChannelHostOptions {
  /** The run. */
  readonly runId: string;
  /** `machine` if all workers are on this machine, else `network`. */
  readonly reach: "machine" | "network";
  /** The user's wishes. */
  readonly style: ChannelStyle;
  /** Takes a worker that has connected and proved itself. */
  attach(worker: number, hello: WorkerHello, link: WorkerLink): void;
  /** A line for the user. */
  notice(line: string): void;
}

/** An open channel. */
export class ChannelHost implements HostedChannel {
  /** Where it is, and its key. */
  readonly credentials: ChannelCredentials;
  readonly #server: ChannelServer;
  readonly #links: ReadonlyMap<number, RemoteWorker>;

  private constructor(
    server: ChannelServer,
    made: { credentials: ChannelCredentials; links: ReadonlyMap<number, RemoteWorker> },
  ) {
    this.#server = server;
    this.credentials = made.credentials;
    this.#links = made.links;
  }

  /**
   * Opens a channel.
   *
   * @throws {ConfigError} if there is no such interface, no free port, or nothing to advertise.
   */
  static async open(options: ChannelHostOptions): Promise<ChannelHost> {
    const { runId, reach, style, notice } = options;
    const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    let given = 0;
    const links = new Map<number, RemoteWorker>();
    const server = await ChannelServer.listen({
      runId,
      key,
      reach,
      networkInterface: style.networkInterface,
      advertise: style.advertise,
      ports: style.ports,
      tls: style.tls,
      reconnectGraceMs: style.reconnectGrace === undefined ? undefined : style.reconnectGrace * 1000,
      admit: (requested) => ({ worker: requested ?? given++ }),
      connected: (link) => {
        links.set(link.worker, link);
        options.attach(link.worker, link.hello, link);
      },
      notice,
    });
    return new ChannelHost(server, { credentials: { address: server.address, key }, links });
  }

  /** Where the manager listens. */
  get hosts(): readonly string[] {
    return this.credentials.address.hosts;
  }

  /** The port. */
  get port(): number {
    return this.credentials.address.port;
  }

  /** Arguments of `blockfleet worker` that name this channel; the key is not among them. */
  get workerArguments(): string[] {
    return ["--channel", formatChannelAddress(this.credentials.address)];
  }

  /** The variable that gives a worker the key, where there is no address file. */
  get workerEnvironment(): Record<string, string> {
    const key = this.credentials.key.toBase64({ alphabet: "base64url", omitPadding: true });
    return { [KEY_VARIABLE]: key };
  }

  workerGone(worker: number, reason: string): void {
    this.#links.get(worker)?.close(reason);
  }

  /** Ends all sessions and stops listening. May be called again. */
  async close(reason: string): Promise<void> {
    await this.#server.close(reason);
  }
}
