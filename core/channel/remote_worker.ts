/**
 * A worker at the other end of the channel, as the manager sees it: a link that outlives its connection for a while.
 *
 * @module
 */
import type { FromWorker, LinkEnd, LinkHandler, ToWorker, WorkerHello, WorkerLink } from "../messages.ts";
import type { Connection, ConnectionEnd, ConnectionHandler } from "./connection.ts";
import { FrameKind } from "./frame.ts";
import type { WholeMessage } from "./frame_reader.ts";
import { decodeFromWorker, encodeToWorker } from "./message_codec.ts";
import { parseReason, reasonBody } from "./session_frames.ts";
import { SessionStream } from "./session_stream.ts";

/** How a session ended. */
export interface ChannelEnd extends LinkEnd {
  /**
   * `closed` by the manager, `left` by the worker with a farewell, `lost` with its connection (which blames no block), or
   * `broken` because the worker broke the channel's rules.
   */
  readonly cause: "closed" | "left" | "lost" | "broken";
}

/** What a remote worker takes. */
export interface RemoteWorkerOptions {
  /** The worker's number. */
  readonly worker: number;
  /** The worker's word about itself. */
  readonly hello: WorkerHello;
  /** How long it may be without a connection, milliseconds. */
  readonly graceMs: number;
  /** Called when the session is over. */
  readonly over: () => void;
}

/** The manager's end of a session. */
export class RemoteWorker implements WorkerLink {
  /** The worker's number. */
  readonly worker: number;
  /** The worker's word about itself. */
  readonly hello: WorkerHello;
  /** Names the session; a secret, since whoever knows it can take it over. */
  readonly token: string = crypto.getRandomValues(new Uint8Array(16)).toHex();
  readonly #graceMs: number;
  readonly #over: () => void;
  readonly #stream = new SessionStream(encodeToWorker);
  readonly #handler: ConnectionHandler;
  readonly #early: FromWorker[] = [];
  #listener: LinkHandler | undefined;
  #end: ChannelEnd | undefined;
  #closing: string | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #computing: { readonly block: number; readonly sinceMs: number } | undefined;
  readonly #gone = Promise.withResolvers<void>();

  /** A session without a connection yet. */
  constructor(options: RemoteWorkerOptions) {
    this.worker = options.worker;
    this.hello = options.hello;
    this.#graceMs = options.graceMs;
    this.#over = options.over;
    const stream = this.#stream;
    this.#handler = {
      get received() {
        return stream.received;
      },
      message: (message) => this.#hear(message),
      acknowledged: (count) => stream.acknowledge(count),
      status: (block, elapsedMs) => this.#note(block, elapsedMs),
      control: (kind, body) => {
        if (kind !== FrameKind.FAREWELL) return;
        this.#finish({ reason: parseReason(body), cause: "left", unexpected: false });
      },
      ended: (end) => this.#disconnected(end),
    };
  }

  /** Settles when the session is over and its connection closed. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Whether there is a connection now; without one its blocks may be worth a copy. */
  get isConnected(): boolean {
    return this.#stream.connection !== undefined;
  }

  /** Whether the session is ending or over, so that it can't be resumed. */
  get isClosing(): boolean {
    return this.#closing !== undefined || this.#end !== undefined;
  }

  /** Messages received, modulo 2^32. */
  get received(): number {
    return this.#stream.received;
  }

  /**
   * Goes on over a connection; an older one is dropped.
   *
   * @param received messages that the worker has received.
   * @throws {ProtocolError} if it can't have.
   */
  attach(connection: Connection, received: number): void {
    this.detach("the worker has connected again");
    clearTimeout(this.#grace);
    // It says anew what it computes, once it is known what it has done meanwhile.
    this.#computing = undefined;
    connection.handler = this.#handler;
    this.#stream.attach(connection, received);
    this.#listener?.connected?.(true);
  }

  /** Drops the connection, if there is one; what it still delivers is not heard. */
  detach(reason: string): void {
    const { connection } = this.#stream;
    this.#stream.detach();
    if (!connection) return;
    connection.handler = DEAF;
    connection.close(reason);
  }

  /** Gives the link its one listener; messages that came before are delivered first. */
  listen(handler: LinkHandler): void {
    this.#listener = handler;
    for (const message of this.#early.splice(0)) handler.message(message);
    if (this.#end) handler.ended(this.#end);
    else if (!this.isConnected) handler.connected?.(false);
  }

  /** Sends, now or when the worker is connected again. */
  send(message: ToWorker): void {
    if (!this.#end && this.#closing === undefined) this.#stream.send(message);
  }

  /** The block that the worker said it computes, if it has done so for a while. */
  computing(): { readonly block: number; readonly sinceMs: number } | undefined {
    return this.#computing;
  }

  /** Ends the session with a farewell; `ended` follows. */
  close(reason: string): void {
    if (this.#end || this.#closing !== undefined) return;
    this.#closing = reason;
    clearTimeout(this.#grace);
    const { connection } = this.#stream;
    if (connection) connection.finish(FrameKind.FAREWELL, reasonBody(reason));
    // `ended` follows, it does not come from within.
    else queueMicrotask(() => this.#finish({ reason, cause: "closed", unexpected: false }));
  }

  #hear(message: WholeMessage): void {
    const decoded = decodeFromWorker(message);
    this.#stream.countReceived();
    if (this.#computing) this.#noteProgress(decoded, this.#computing.block);
    if (this.#listener) this.#listener.message(decoded);
    else this.#early.push(decoded);
  }

  #note(block: number, elapsedMs: number): void {
    // The worker's clock is not ours; only the time that has passed is.
    this.#computing = block < 0 ? undefined : { block, sinceMs: performance.now() - elapsedMs };
  }

  #disconnected({ reason, isBroken }: ConnectionEnd): void {
    this.#stream.detach();
    if (this.#closing !== undefined) {
      return this.#finish({ reason: this.#closing, cause: "closed", unexpected: false });
    }
    if (isBroken) return this.#finish({ reason, cause: "broken", unexpected: true });
    this.#listener?.connected?.(false);
    // Whoever heard of it may know that the worker is gone.
    if (this.isClosing) return;
    const seconds = this.#graceMs / 1000;
    this.#grace = setTimeout(() =>
      this.#finish({
        reason: `its connection was lost (${reason}) and it did not come back within ${seconds} s`,
        cause: "lost",
        unexpected: true,
      }), this.#graceMs);
  }

  /** Results and errors tell that a block is no longer computed sooner than the next status does. */
  #noteProgress(message: FromWorker, block: number): void {
    const isDone = message.type === "results" && message.items.some((item) => item.block === block) ||
      message.type === "blockError" && message.block === block;
    if (isDone) this.#computing = undefined;
  }

  #finish(end: ChannelEnd): void {
    if (this.#end) return;
    // One that leaves by itself had no time to finish what it had begun.
    const isCutShort = end.unexpected || end.cause === "left";
    this.#end = this.#computing && isCutShort ? { ...end, computing: this.#computing.block } : end;
    clearTimeout(this.#grace);
    this.detach(end.reason);
    this.#stream.drop();
    this.#over();
    this.#gone.resolve();
    this.#listener?.ended(this.#end);
  }
}

/** For connections that have been replaced. */
const DEAF: ConnectionHandler = {
  received: 0,
  message() {},
  acknowledged() {},
  status() {},
  control() {},
  ended() {},
};
