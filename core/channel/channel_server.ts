/**
 * The manager's side of the data channel: listens, lets workers prove themselves, and hands them over.
 *
 * @module
 */
import { BlockfleetError, ChannelClosedError, messageOf } from "../errors.ts";
import type { WorkerHello } from "../messages.ts";
import { channelPlace, isLoopback } from "./advertised_addresses.ts";
import { BufferPool } from "./buffer_pool.ts";
import { makeCertificate, type OwnCertificate } from "./certificate.ts";
import { type ChannelAddress, checkChannelAddress } from "./channel_address.ts";
import {
  type ByteStream,
  closeStream,
  Connection,
  DEFAULT_HEARTBEAT,
  type HeartbeatOptions,
} from "./connection.ts";
import { DEFAULT_LIMITS, FrameKind, type FrameLimits } from "./frame.ts";
import { acceptHandshake } from "./handshake.ts";
import { listenInRange, type PortRange } from "./listen_in_range.ts";
import { Opening } from "./opening.ts";
import { Prover } from "./proof.ts";
import { RefusalLog } from "./refusal_log.ts";
import { RemoteWorker } from "./remote_worker.ts";
import { type OpenFrame, parseOpen, reasonBody, welcomeBody } from "./session_frames.ts";
import { UnprovedPeers } from "./unproved_peers.ts";
import { OpenFiles } from "../open_files.ts";
import { sleep } from "../sleep.ts";

/** How long a worker may be without a connection, milliseconds. */
const DEFAULT_GRACE_MS = 60_000;

/** A worker's number, or why it is not wanted. */
export type Admission = { readonly worker: number } | { readonly refused: string };

/** What a server takes. */
export interface ChannelServerOptions {
  /** The run. */
  readonly runId: string;
  /** The run's key. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** `machine` listens on loopback alone; `network` on all interfaces, or on the chosen one. */
  readonly reach: "machine" | "network";
  /** A network interface, by its name or address. */
  readonly networkInterface?: string | undefined;
  /** Host names or addresses to advertise in place of this machine's own. */
  readonly advertise?: readonly string[] | undefined;
  /** The ports to choose from; any free one if there is none. */
  readonly ports?: PortRange | undefined;
  /** Whether connections are TLS: by default off this machine. */
  readonly tls?: boolean | undefined;
  /** The SHA-256 of the code that workers may run, hexadecimal. */
  readonly codeHash?: string | undefined;
  /** How connections are watched. */
  readonly heartbeat?: HeartbeatOptions | undefined;
  /** How long a worker may be without a connection, milliseconds. */
  readonly reconnectGraceMs?: number | undefined;
  /** What workers may ask us to hold. */
  readonly limits?: FrameLimits | undefined;
  /** How many workers the run has or waits for; default none but those that have connected. */
  readonly workers?: (() => number) | undefined;
  /** Numbers a worker that has proved itself; `requested` is the number it was started with, if any. */
  admit(requested: number | undefined, hello: WorkerHello): Admission;
  /** Takes an admitted worker over. */
  connected(worker: RemoteWorker): void;
  /** A line for the user. */
  notice(line: string): void;
}

const OPEN_MS = 10_000;
/** After a connection could not be accepted. */
const ACCEPT_AGAIN_MS = 100;

/** Listens for workers. */
export class ChannelServer {
  /** Where workers find it. */
  readonly address: ChannelAddress;
  readonly #options: ChannelServerOptions;
  readonly #listener: Deno.Listener<Deno.Conn>;
  readonly #prover: Prover;
  readonly #certificate: OwnCertificate | undefined;
  readonly #heartbeat: HeartbeatOptions;
  readonly #pool = new BufferPool();
  readonly #refusals: RefusalLog;
  readonly #unproved: UnprovedPeers;
  readonly #connections = new Set<Connection>();
  readonly #workers = new Map<string, RemoteWorker>();
  readonly #ticking: ReturnType<typeof setInterval>;
  readonly #accepting: Promise<void>;
  #isClosed = false;
  #isFullTold = false;

  private constructor(
    options: ChannelServerOptions,
    made: {
      listener: Deno.Listener<Deno.Conn>;
      prover: Prover;
      certificate: OwnCertificate | undefined;
      address: ChannelAddress;
    },
  ) {
    this.#options = options;
    this.#listener = made.listener;
    this.#prover = made.prover;
    this.#certificate = made.certificate;
    this.address = made.address;
    this.#heartbeat = options.heartbeat ?? DEFAULT_HEARTBEAT;
    this.#refusals = new RefusalLog(options.notice);
    this.#unproved = new UnprovedPeers({
      expected: () => this.#expected,
      files: new OpenFiles(),
      dropped: (cause, source) => this.#refusals.add(cause, source),
      full: () => this.#tellFull(),
    });
    this.#ticking = setInterval(() => this.#tick(), Math.min(1000, this.#heartbeat.heartbeatMs / 2));
    this.#accepting = this.#acceptAll();
  }

  /**
   * Begins to listen.
   *
   * @throws {ConfigError} if there is no such interface, no free port in the range, or nothing to advertise.
   */
  static async listen(options: ChannelServerOptions): Promise<ChannelServer> {
    const { reach, runId, codeHash } = options;
    const place = reach === "machine"
      ? { hostname: "127.0.0.1", hosts: ["127.0.0.1"] }
      : channelPlace(options);
    const prover = await Prover.create(options.key);
    const certificate = options.tls ?? !isLoopback(place.hostname) ? await makeCertificate(runId) : undefined;
    const listener = listenInRange(place.hostname, { ports: options.ports, certificate });
    try {
      const address = checkChannelAddress({
        runId,
        hosts: options.advertise ?? place.hosts,
        port: (listener.addr as Deno.NetAddr).port,
        certificate: certificate?.der,
        codeHash,
      });
      return new ChannelServer(options, { listener, prover, certificate, address });
    } catch (error) {
      listener.close();
      throw error;
    }
  }

  /** Connections that have not proved themselves. */
  get unprovedCount(): number {
    return this.#unproved.count;
  }

  /** Sessions that are not over. */
  get sessionCount(): number {
    return this.#workers.size;
  }

  /** Ends every session, says how often peers were refused, and stops listening. May be called again. */
  async close(reason: string): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#listener.close();
      this.#unproved.clear();
      for (const worker of this.#workers.values()) worker.close(reason);
    }
    await this.#accepting;
    await Promise.all([...this.#workers.values()].map((worker) => worker.gone));
    for (const connection of this.#connections) connection.close(reason);
    clearInterval(this.#ticking);
    this.#refusals.summarize();
  }

  async #acceptAll(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#unproved.room();
        const stream = await this.#listener.accept();
        this.#greet(stream);
      } catch (error) {
        if (this.#isClosed) return;
        // Too many open files, most likely: those of strangers are the first to go.
        const isRoomMade = this.#unproved.dropHalf();
        if (!isRoomMade) this.#refusals.add(`it could not be accepted: ${messageOf(error)}`, "some host");
        await sleep(ACCEPT_AGAIN_MS);
      }
    }
  }

  async #greet(stream: Deno.Conn): Promise<void> {
    const source = sourceOf(stream);
    const settle = this.#unproved.add(stream, source);
    let isProved = false;
    let cause: string | undefined;
    try {
      if ("setNoDelay" in stream) (stream as Deno.TcpConn).setNoDelay(true);
      await acceptHandshake(stream, {
        prover: this.#prover,
        runId: this.#options.runId,
        certificateHash: this.#certificate?.hash,
      });
      isProved = true;
    } catch (error) {
      cause = causeOf(error);
    }
    // If it was dropped in the meantime, that is said already.
    if (!settle()) return;
    if (isProved && !this.#isClosed) return this.#begin(stream, source);
    closeStream(stream);
    if (cause !== undefined) this.#refusals.add(cause, source);
  }

  #begin(stream: ByteStream, source: string): void {
    const opening = new Opening({
      patienceMs: OPEN_MS,
      opened: (body) => this.#open(connection, parseOpen(body)),
      failed: (reason) => this.#refusals.add(`it proved itself, but then: ${reason}`, source),
    });
    const connection: Connection = new Connection(stream, opening, {
      ...this.#heartbeat,
      limits: this.#options.limits ?? DEFAULT_LIMITS,
      pool: this.#pool,
      nudge: false,
    });
    opening.watch(connection);
    this.#connections.add(connection);
    connection.start();
  }

  #open(connection: Connection, { worker, hello, resume }: OpenFrame): void {
    if (resume) {
      const session = this.#workers.get(resume.token);
      if (!session || session.isClosing) return this.#refuse(connection, "the session is over");
      // The older connection must not be heard any more when we say how much we have received.
      session.detach("the worker has connected again");
      return this.#welcome(connection, session, resume.received);
    }
    const admission = this.#options.admit(worker, hello);
    if ("refused" in admission) return this.#refuse(connection, admission.refused);
    const session: RemoteWorker = new RemoteWorker({
      worker: admission.worker,
      hello,
      graceMs: this.#graceMs,
      over: () => this.#workers.delete(session.token),
    });
    this.#workers.set(session.token, session);
    this.#welcome(connection, session, 0);
    this.#options.connected(session);
  }

  #welcome(connection: Connection, session: RemoteWorker, received: number): void {
    const welcome = {
      ...this.#heartbeat,
      worker: session.worker,
      token: session.token,
      received: session.received,
      graceMs: this.#graceMs,
    };
    connection.sendControl(FrameKind.WELCOME, welcomeBody(welcome));
    session.attach(connection, received);
  }

  #refuse(connection: Connection, reason: string): void {
    connection.finish(FrameKind.REFUSAL, reasonBody(reason));
  }

  /** Workers that are still to come, and those that are to come back. */
  get #expected(): number {
    let connected = 0;
    for (const worker of this.#workers.values()) if (worker.isConnected) connected++;
    return Math.max(this.#options.workers?.() ?? 0, this.#workers.size) - connected;
  }

  #tellFull(): void {
    if (this.#isFullTold) return;
    this.#isFullTold = true;
    this.#options.notice(
      "No more workers can connect: nearly all the files are open that this process may have open; raise ulimit -n",
    );
  }

  get #graceMs(): number {
    return this.#options.reconnectGraceMs ?? DEFAULT_GRACE_MS;
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) {
      if (connection.isOver) this.#connections.delete(connection);
      else connection.tick(nowMs);
    }
  }
}

/** What reading and writing throw once the peer has closed the connection, in whatever state it was. */
const LEFT = [
  Deno.errors.UnexpectedEof,
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
  Deno.errors.NotConnected,
];

function sourceOf(stream: Deno.Conn): string {
  const { hostname } = stream.remoteAddr as Deno.NetAddr;
  return hostname.replace(/^::ffff:/i, "");
}

/** One of a few causes: they are counted. Undefined if the peer has left by itself, as a worker does that came by two ways. */
function causeOf(error: unknown): string | undefined {
  if (error instanceof ChannelClosedError || LEFT.some((one) => error instanceof one)) return undefined;
  if (error instanceof BlockfleetError) {
    const message = messageOf(error);
    return message.charAt(0).toLowerCase() + message.slice(1);
  }
  if (error instanceof Deno.errors.InvalidData) return "it does not speak TLS as it should";
  return "its connection broke before it had proved itself";
}
