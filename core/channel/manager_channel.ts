/**
 * The worker's side of the data channel: a link to the manager that mends itself for a while.
 *
 * @module
 */
import type { ManagerLink } from "../driver.ts";
import { messageOf } from "../errors.ts";
import { MessageQueue } from "../message_queue.ts";
import type { FromWorker, ToWorker, WorkerHello } from "../messages.ts";
import type { ChannelCredentials } from "./address_file.ts";
import { BufferPool } from "./buffer_pool.ts";
import { pinCertificate } from "./certificate.ts";
import { connectSession, type ConnectSessionOptions } from "./connect_session.ts";
import {
  type Connection,
  type ConnectionEnd,
  type ConnectionHandler,
  DEFAULT_HEARTBEAT,
} from "./connection.ts";
import { DEFAULT_LIMITS, FrameKind, type FrameLimits } from "./frame.ts";
import type { WholeMessage } from "./frame_reader.ts";
import { decodeToWorker, encodeFromWorker } from "./message_codec.ts";
import { Prover } from "./proof.ts";
import { parseReason, reasonBody, type ResumePoint, type WelcomeFrame } from "./session_frames.ts";
import { SessionStream } from "./session_stream.ts";

/** How a worker's session ended. */
export interface ManagerEnd {
  /** What is known, for people. */
  readonly reason: string;
  /** `closed` by the manager, `left` by this worker, `lost` with the connection, or `broken` by a side that erred. */
  readonly cause: "closed" | "left" | "lost" | "broken";
}

/** What connecting takes. */
export interface ConnectOptions extends ChannelCredentials {
  /** The worker's number; undefined to be given one. */
  readonly worker: number | undefined;
  /** The worker's word about itself. */
  readonly hello: WorkerHello;
  /** How long to try, milliseconds. */
  readonly deadlineMs: number;
  /** How long to try at first while every address refuses, milliseconds; default as long as otherwise. */
  readonly refusedMs?: number | undefined;
  /**
   * Aborted when this worker is told to end: ends the trying at first. A connection that breaks is mended even then, for what
   * is still to be said, but not once the manager's host refuses it.
   */
  readonly signal?: AbortSignal | undefined;
  /** What the manager may ask us to hold. */
  readonly limits?: FrameLimits | undefined;
  /** Takes a line for the worker's log: broken connections and mended ones. */
  readonly notice?: (line: string) => void;
}

/** How often a worker looks at its clock, milliseconds. */
const TICK_MS = 100;
/** A block that has been computed for so long is worth a frame that says so, milliseconds. */
const STATUS_AFTER_MS = 50;
const NO_BLOCK = { block: -1, sinceMs: 0 };

/** A worker's end of a session. */
export class ManagerChannel implements ManagerLink {
  readonly #options: ConnectOptions;
  readonly #stream = new SessionStream(encodeFromWorker);
  readonly #incoming = new MessageQueue<ToWorker>();
  readonly #ended = Promise.withResolvers<ManagerEnd>();
  readonly #over = new AbortController();
  readonly #handler: ConnectionHandler;
  #connecting: ConnectSessionOptions | undefined;
  #welcome: WelcomeFrame | undefined;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #computing = NO_BLOCK;
  #reported = NO_BLOCK;
  /** Called once the connection is mended or given up. */
  #settled: (() => void) | undefined;
  #leaving: string | undefined;
  #end: ManagerEnd | undefined;

  private constructor(options: ConnectOptions) {
    this.#options = options;
    const stream = this.#stream;
    this.#handler = {
      get received() {
        return stream.received;
      },
      message: (message) => this.#hear(message),
      acknowledged: (count) => stream.acknowledge(count),
      // Managers compute nothing.
      status: () => {},
      control: (kind, body) => {
        if (kind === FrameKind.FAREWELL) this.#finish({ reason: parseReason(body), cause: "closed" });
      },
      ended: (end) => this.#disconnected(end),
    };
  }

  /**
   * Connects to a manager, and tries again until the deadline.
   *
   * @throws {AuthError} if the certificate is wrong, or the manager does not know the key; {@linkcode ProtocolError} if the
   *   versions don't meet;
   *   {@linkcode ChannelClosedError} if there is no manager by the deadline, or it does not want this worker;
   *   {@linkcode AbortedError} if the signal was aborted. Each names every address that was tried.
   */
  static async connect(options: ConnectOptions): Promise<ManagerChannel> {
    const channel = new ManagerChannel(options);
    await channel.#connect();
    return channel;
  }

  /** The worker's number. */
  get worker(): number {
    return this.#welcome!.worker;
  }

  /** Settles when the session is over, whatever the way. */
  get ended(): Promise<ManagerEnd> {
    return this.#ended.promise;
  }

  /** Whether the session is over. */
  get closed(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Sends, now or when there is a connection again; the payloads' buffers are given away. A result that can't be sent is an
   * error of its block.
   */
  send(message: FromWorker): void {
    if (this.#end || this.#leaving !== undefined) return;
    try {
      this.#stream.send(message);
    } catch (error) {
      for (const other of insteadOf(message, error)) this.send(other);
    }
  }

  /** The next message, or undefined once the session is over. */
  receive(): Promise<ToWorker | undefined> {
    return this.#incoming.receive();
  }

  /** A block is computed now, or none (-1). The manager hears of it if it takes a while. */
  computing(block: number, sinceMs: number = performance.now()): void {
    this.#computing = block === NO_BLOCK.block ? NO_BLOCK : { block, sinceMs };
  }

  /** Ends the session with a farewell, once all that was sent has left: a broken connection is mended for it. */
  async leave(reason: string): Promise<void> {
    if (this.#end || this.#leaving !== undefined) return;
    this.#leaving = reason;
    if (!this.#stream.connection && this.#stream.unacknowledged > 0) {
      await new Promise<void>((resolve) => this.#settled = resolve);
    }
    const { connection } = this.#stream;
    if (connection) await connection.finish(FrameKind.FAREWELL, reasonBody(reason));
    this.#finish({ reason, cause: "left" });
  }

  async #connect(): Promise<void> {
    const { address, key, worker, hello, signal, limits = DEFAULT_LIMITS } = this.#options;
    const { runId, hosts, port, certificate } = address;
    const pin = certificate && await pinCertificate(certificate, runId);
    const connecting = this.#connecting = {
      dial: { runId, hosts, port, pin, prover: await Prover.create(key), signal },
      open: () => ({ worker, hello, resume: this.#resumePoint() }),
      // Deno can't turn Nagle's algorithm off for the connections that a TLS listener accepts.
      connection: { ...DEFAULT_HEARTBEAT, limits, pool: new BufferPool(), nudge: pin !== undefined },
      deadlineMs: this.#options.deadlineMs,
      refusedMs: this.#options.refusedMs,
      notice: this.#options.notice,
      welcomed: (connection: Connection, welcome: WelcomeFrame) => {
        this.#welcome = welcome;
        connection.handler = this.#handler;
        this.#reported = NO_BLOCK;
        this.#stream.attach(connection, welcome.received);
        this.#settled?.();
      },
    };
    await connectSession(connecting);
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    // The connection may have ended before there was a clock.
    if (this.#end) clearInterval(this.#ticking);
  }

  #resumePoint(): ResumePoint | undefined {
    return this.#welcome && { token: this.#welcome.token, received: this.#stream.received };
  }

  #hear(message: WholeMessage): void {
    const decoded = decodeToWorker(message);
    this.#stream.countReceived();
    this.#incoming.push(decoded);
  }

  #disconnected({ reason, isBroken }: ConnectionEnd): void {
    this.#stream.detach();
    if (this.#end || this.#leaving !== undefined) return;
    if (isBroken) return this.#finish({ reason, cause: "broken" });
    this.#reconnect(reason);
  }

  /** Goes on with the session over another connection, or ends it once the manager has given it up. */
  async #reconnect(reason: string): Promise<void> {
    const notice = this.#options.notice ?? (() => {});
    const { graceMs } = this.#welcome!;
    notice(`The connection to the manager is broken (${reason}); trying again for ${graceMs / 1000} s`);
    const connecting = this.#connecting!;
    const { signal } = this.#over;
    try {
      const dial = { ...connecting.dial, signal };
      // What stands in between, such as a tunnel, may be gone for a while.
      const leaving = this.#options.signal;
      await connectSession({ ...connecting, dial, leaving, deadlineMs: graceMs, refusedMs: undefined });
      notice("The connection to the manager is mended");
    } catch (error) {
      this.#finish({ reason: `${reason}, and it could not be mended: ${messageOf(error)}`, cause: "lost" });
    }
  }

  #tick(): void {
    const { connection } = this.#stream;
    if (!connection) return;
    const nowMs = performance.now();
    connection.tick(nowMs);
    const computing = this.#computing;
    if (computing === this.#reported) return;
    const elapsedMs = Math.round(nowMs - computing.sinceMs);
    if (computing !== NO_BLOCK && elapsedMs < STATUS_AFTER_MS) return;
    if (connection.sendStatus(computing.block, elapsedMs)) this.#reported = computing;
  }

  #finish(end: ManagerEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#settled?.();
    clearInterval(this.#ticking);
    this.#over.abort();
    const { connection } = this.#stream;
    this.#stream.drop();
    connection?.close(end.reason);
    this.#incoming.close();
    this.#ended.resolve(end);
  }
}

/** What is sent instead of a message that can't be: each result by itself, or the error of the one. */
function insteadOf(message: FromWorker, error: unknown): FromWorker[] {
  if (message.type === "results" && message.items.length > 1) {
    return message.items.map((item, index) => ({
      ...message,
      items: [item],
      timings: index === 0 ? message.timings : [],
    }));
  }
  const unsent = { name: "BlockfleetError", stack: "", message: messageOf(error) };
  if (message.type === "results") {
    const { block, attempt } = message.items[0]!;
    const told = {
      ...unsent,
      message: `Its result can't be sent: ${unsent.message}`,
      phase: "compute",
    } as const;
    return [{ type: "blockError", block, attempt, error: told }];
  }
  if (message.type === "final") {
    const told = {
      ...unsent,
      message: `its other args can't be sent: ${unsent.message}`,
      phase: "finish",
    } as const;
    return [{ type: "finalError", error: told }];
  }
  throw error;
}
