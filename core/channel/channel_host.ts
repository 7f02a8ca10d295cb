/**
 * A run's data channel in the manager: opened when the first driver asks for it, with a key of its own.
 *
 * @module
 */
import { basename } from "@std/path/basename";
import { join } from "@std/path/join";
import type { HostedChannel } from "../driver.ts";
import { ConfigError, messageOf } from "../errors.ts";
import type { WorkerHello, WorkerLink } from "../messages.ts";
import type { ChannelStyle } from "../channel_style.ts";
import type { Payload } from "../payload.ts";
import type { PrivateFolder } from "../private_folder.ts";
import {
  addressPath,
  type ChannelCredentials,
  defaultAddressFolder,
  KEY_VARIABLE,
  removeAddressFile,
  writeAddressFile,
} from "./address_file.ts";
import { formatChannelAddress } from "./channel_address.ts";
import { ChannelServer } from "./channel_server.ts";
import { encodeToWorker } from "./message_codec.ts";
import { requireSendable } from "./message_size.ts";
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
  /** The SHA-256 of the code that workers may run, hexadecimal; absent where none is shipped. */
  readonly codeHash?: string | undefined;
  /** The run's address file is about to be written at this path. */
  readonly addressFileNext?: ((path: string) => Promise<void>) | undefined;
  /** What each worker is told as it begins. */
  readonly job?: Payload | undefined;
  /** How many workers the run has or waits for. */
  readonly workers?: (() => number) | undefined;
  /** Takes a worker that has connected and proved itself. */
  attach(worker: number, hello: WorkerHello, link: WorkerLink): void;
  /** A line for the user. */
  notice(line: string): void;
}

/** An open channel. */
export class ChannelHost implements HostedChannel {
  /** Where it is, and its key. */
  readonly credentials: ChannelCredentials;
  admit: HostedChannel["admit"];
  readonly #options: ChannelHostOptions;
  readonly #server: ChannelServer;
  readonly #links: ReadonlyMap<number, RemoteWorker>;
  #addressFile: Promise<string> | undefined;

  private constructor(
    options: ChannelHostOptions,
    server: ChannelServer,
    made: { credentials: ChannelCredentials; links: ReadonlyMap<number, RemoteWorker> },
  ) {
    this.#options = options;
    this.#server = server;
    this.credentials = made.credentials;
    this.#links = made.links;
    this.admit = (requested) => requested ?? this.#freeNumber();
  }

  /**
   * Opens a channel.
   *
   * @throws {ConfigError} if there is no such interface, no free port, or nothing to advertise, or if the job is too large
   *   to be sent.
   */
  static async open(options: ChannelHostOptions): Promise<ChannelHost> {
    if (options.job) requireJob(options.job);
    const { runId, reach, style, notice, codeHash } = options;
    if (reach === "machine" && style.networkInterface !== undefined) {
      notice(
        "No effect where all workers are on this machine, which listens for itself alone: networkInterface",
      );
    }
    const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const links = new Map<number, RemoteWorker>();
    const server = await ChannelServer.listen({
      runId,
      key,
      reach,
      codeHash,
      networkInterface: style.networkInterface,
      advertise: style.advertise,
      ports: style.ports,
      tls: style.tls,
      workers: options.workers,
      reconnectGraceMs: style.reconnectGrace === undefined ? undefined : style.reconnectGrace * 1000,
      admit: (requested, hello) => {
        try {
          return { worker: host.admit(requested, hello) };
        } catch (error) {
          return { refused: messageOf(error) };
        }
      },
      connected: (link) => {
        links.set(link.worker, link);
        options.attach(link.worker, link.hello, link);
      },
      notice,
    });
    const host: ChannelHost = new ChannelHost(options, server, {
      credentials: { address: server.address, key },
      links,
    });
    return host;
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

  /**
   * Writes the run's address file, once.
   *
   * @param folder default `~/.blockfleet/run/RUN`. In another folder the file stands in a folder of the run's name, so
   * that several runs may share it.
   * @throws {ConfigError} if the folder is a symbolic link, another user's, or open to others, or can't be written.
   */
  addressFile(folder?: string): Promise<string> {
    return this.#addressFile ??= this.#writeAddressFile(folder);
  }

  workerGone(worker: number, reason: string): void {
    this.#links.get(worker)?.close(reason);
  }

  /** Ends all sessions, stops listening and removes the address file. May be called again. */
  async close(reason: string): Promise<void> {
    await this.#server.close(reason);
    const writing = this.#addressFile;
    this.#addressFile = undefined;
    if (!writing) return;
    try {
      await removeAddressFile(await writing);
    } catch (error) {
      // It must not hide how the run ended; whoever asked for the file knows if it could not be written.
      this.#options.notice(`The run's address file may be left: ${messageOf(error)}`);
    }
  }

  /** The lowest number without a worker. */
  #freeNumber(): number {
    for (let worker = 0;; worker++) {
      const link = this.#links.get(worker);
      if (!link || link.isClosing) return worker;
    }
  }

  async #writeAddressFile(given: string | undefined): Promise<string> {
    const folder = addressFolder(this.#options.runId, given);
    await this.#options.addressFileNext?.(addressPath(folder));
    return await writeAddressFile(folder, this.credentials);
  }
}

/** Seen here, since a worker may have waited for hours in a queue before it is told. */
function requireJob(job: Payload): void {
  try {
    requireSendable(encodeToWorker({ type: "init", init: { worker: 0, session: 0, processor: "", job } }));
  } catch (error) {
    throw new ConfigError(`The job with its other args can't be sent to workers: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function addressFolder(runId: string, given: string | undefined): PrivateFolder {
  if (given !== undefined) {
    const path = basename(given) === runId ? given : join(given, runId);
    return { path, within: given };
  }
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  if (!home) {
    throw new ConfigError(
      "There is no home folder for the run's address file: set HOME, or give a folder for it",
    );
  }
  return defaultAddressFolder(home, runId);
}
