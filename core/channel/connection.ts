/**
 * One connection between two peers that have proved themselves: frames in, frames out, heartbeats in both directions.
 *
 * Reading never waits for writing: each has a loop of its own. What is said in one turn of the event loop leaves in one
 * write, and every write waits until the system has taken the one before.
 *
 * @module
 */
import { messageOf, ProtocolError } from "../errors.ts";
import type { BufferPool } from "./buffer_pool.ts";
import { FrameBatch, FrameKind, type FrameLimits, LEAST_PIECE_BYTES, MOST_PIECE_BYTES } from "./frame.ts";
import { type FrameHandler, FrameReader } from "./frame_reader.ts";
import { type EncodedHeader, encodeHeader } from "./header_codec.ts";
import { Nudge } from "./nudge.ts";
import { SilenceWatch } from "./silence_watch.ts";

/** A stream of bytes in both directions; a `Deno.Conn` is one. */
export interface ByteStream {
  /** Reads up to the length of `into`; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes a beginning of `bytes`; how many were taken. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends both directions; reads and writes under way fail. */
  close(): void;
}

/** Hears what comes over a connection. */
export interface ConnectionHandler extends FrameHandler {
  /** Messages that have been received in this session, modulo 2^32; each frame tells the peer. */
  readonly received: number;
  /** The connection is over. Called once, and nothing comes after it. */
  ended(end: ConnectionEnd): void;
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** What is known, for people. */
  readonly reason: string;
  /** Whether the peer broke the rules, so that it would again on another connection. */
  readonly isBroken: boolean;
}

/** How a connection is watched. */
export interface HeartbeatOptions {
  /** Something is sent at least this often, milliseconds. */
  readonly heartbeatMs: number;
  /** A peer that is silent for so long is lost, milliseconds. */
  readonly lostAfterMs: number;
}

/** Unless the manager says otherwise. */
export const DEFAULT_HEARTBEAT: HeartbeatOptions = { heartbeatMs: 5000, lostAfterMs: 30_000 };

/** What a connection takes. */
export interface ConnectionOptions extends HeartbeatOptions {
  /** What the peer may ask us to hold. */
  readonly limits: FrameLimits;
  /** Where big parts are read into. */
  readonly pool: BufferPool;
  /** Whether the peer's writes wait for our acknowledgements (Nagle): then each burst is answered at once. */
  readonly nudge: boolean;
}

/** Received bytes that are acknowledged by a frame of their own, unless one goes anyway. */
const ACKNOWLEDGE_BYTES = 1 << 20;
/** A piece should take no longer than this, milliseconds. */
const MOST_PIECE_MS = 100;
/** A farewell waits for the peer to close no longer than this. */
const FAREWELL_MS = 2000;

/** A big part that waits for its turn. */
interface FollowingPart {
  readonly part: Uint8Array;
  /** Bytes of its beginning whose head has left with the message. */
  readonly headed: number;
}

/** A connection. Call `start` once its handler is in place, and `tick` at least once a heartbeat. */
export class Connection {
  /** Who hears what comes; may be replaced between two frames. */
  handler: ConnectionHandler;
  readonly #stream: ByteStream;
  readonly #reader: FrameReader;
  #silence: SilenceWatch;
  #heartbeatMs: number;
  readonly #nudge: Nudge | undefined;
  readonly #batch = new FrameBatch();
  readonly #pieceHeads = new FrameBatch();
  /** What leaves before the batch: batches that were closed by a message with big parts, and those parts. */
  #queue: (Uint8Array<ArrayBuffer> | FollowingPart)[] = [];
  #pieceBytes = LEAST_PIECE_BYTES;
  #isWriting = false;
  #isHeartbeatDue = false;
  #lastWriteMs = performance.now();
  #acknowledged = 0;
  #bytesSinceAcknowledged = 0;
  #farewell: (() => void) | undefined;
  #isOver = false;

  /** A connection over a stream whose peer has proved itself. */
  constructor(stream: ByteStream, handler: ConnectionHandler, options: ConnectionOptions) {
    this.#stream = stream;
    this.handler = handler;
    this.#heartbeatMs = options.heartbeatMs;
    this.#silence = new SilenceWatch(options, performance.now());
    this.#nudge = options.nudge ? new Nudge(() => this.#heartbeat()) : undefined;
    this.#reader = new FrameReader({
      acknowledged: (count) => this.#isDeaf || this.handler.acknowledged(count),
      message: (message) => this.#isDeaf || this.handler.message(message),
      status: (block, elapsedMs) => this.#isDeaf || this.handler.status(block, elapsedMs),
      control: (kind, body) => {
        if (!this.#isDeaf) this.handler.control(kind, body);
        // Both have said farewell, and neither hears the other any more.
        else if (kind === FrameKind.FAREWELL) this.#farewell?.();
      },
    }, options);
  }

  /** Whether it is over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Begins to read. */
  start(): void {
    this.#readAll();
  }

  /** Goes by other times: those of the manager, which both sides must know. */
  adopt(options: HeartbeatOptions): void {
    this.#heartbeatMs = options.heartbeatMs;
    this.#silence = new SilenceWatch(options, performance.now());
  }

  /** Sends a message; its parts are given away until the peer has acknowledged it. */
  send(message: EncodedHeader): void {
    if (this.#isOver) return;
    this.#noteAcknowledged();
    const follow = this.#batch.message(this.#acknowledged, message);
    follow.forEach((part, index) => {
      if (index > 0) return this.#queue.push({ part, headed: 0 });
      // The first piece's head leaves in the same write as the message: another would wake the peer once more.
      const headed = Math.min(part.byteLength, this.#pieceBytes);
      this.#batch.pieceHead(headed);
      this.#queue.push(this.#batch.take(), { part, headed });
    });
    this.#flushSoon();
  }

  /** Sends a frame that opens or closes a session. */
  sendControl(kind: number, body: unknown): void {
    if (this.#isOver) return;
    this.#batch.control(kind, encodeHeader(body).header);
    this.#flushSoon();
  }

  /** Tells the manager what this worker computes; false if this is no moment for it. */
  sendStatus(block: number, elapsedMs: number): boolean {
    if (this.#isOver || this.#isWriting) return false;
    this.#batch.status(block, elapsedMs);
    this.#flushSoon();
    return true;
  }

  /** Looks at the clock: sends a heartbeat if nothing was sent lately, and ends the connection if the peer is silent. */
  tick(nowMs: number): void {
    if (this.#isOver) return;
    const silentMs = this.#silence.tick(nowMs);
    if (silentMs !== undefined) return this.close(`nothing was heard for ${(silentMs / 1000).toFixed(0)} s`);
    const unacknowledged = this.#acknowledged !== this.handler.received;
    if (unacknowledged || nowMs - this.#lastWriteMs >= this.#heartbeatMs) this.#heartbeat();
  }

  /** Ends the connection now. */
  close(reason: string, isBroken = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#nudge?.stop();
    this.#queue = [];
    closeStream(this.#stream);
    this.#farewell?.();
    this.handler.ended({ reason, isBroken });
  }

  /**
   * Sends what waits and a last frame, and gives the peer a little time to take them. Nothing is heard any more.
   * A close right away would take what the peer has not read yet away from it.
   */
  async finish(kind: number, body: unknown): Promise<void> {
    if (this.#isOver || this.#isDeaf) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.sendControl(kind, body);
    this.#farewell = resolve;
    const patience = setTimeout(resolve, FAREWELL_MS);
    await promise;
    clearTimeout(patience);
    this.close("it was closed");
  }

  get #isDeaf(): boolean {
    return this.#farewell !== undefined || this.#isOver;
  }

  async #readAll(): Promise<void> {
    try {
      this.close(await this.#read());
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    // A close without close_notify (RFC 8446, 6.1) is a disconnect, no more.
    if (error instanceof Deno.errors.UnexpectedEof) return this.close("the other side closed it");
    this.close(messageOf(error), error instanceof ProtocolError);
  }

  async #read(): Promise<string> {
    const reader = this.#reader;
    while (!this.#isOver) {
      const count = await this.#stream.read(reader.space());
      if (count === null) {
        return reader.isAmidst ? "it was cut off in the middle of a frame" : "the other side closed it";
      }
      this.#silence.heard();
      reader.filled(count);
      // A handler has closed it: nobody waits for an answer any more.
      if (this.#isOver) break;
      this.#bytesSinceAcknowledged += count;
      const unacknowledged = this.#acknowledged !== this.handler.received;
      if (unacknowledged && this.#bytesSinceAcknowledged >= ACKNOWLEDGE_BYTES) this.#heartbeat();
      this.#nudge?.heard({ isAmidst: reader.isAmidst, isAnswerDue: unacknowledged });
    }
    return "it was closed";
  }

  #noteAcknowledged(): void {
    this.#acknowledged = this.handler.received;
    this.#bytesSinceAcknowledged = 0;
    this.#isHeartbeatDue = false;
  }

  #heartbeat(): void {
    if (this.#isOver) return;
    if (this.#isWriting) {
      // What is being written is a sign of life in itself; at the next piece or at its end this one follows.
      this.#isHeartbeatDue = true;
      return;
    }
    this.#noteAcknowledged();
    this.#batch.heartbeat(this.#acknowledged);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    // What else is said in this turn leaves together with it.
    queueMicrotask(() => this.#writeAll().catch((error) => this.#fail(error)));
  }

  async #writeAll(): Promise<void> {
    while (!this.#isOver) {
      const next = this.#queue.shift() ?? (this.#batch.length > 0 ? this.#batch.take() : undefined);
      if (next instanceof Uint8Array) {
        await this.#write(next);
        this.#batch.giveBack(next);
      } else if (next) await this.#writePieces(next);
      else if (this.#isHeartbeatDue) this.#layHeartbeat(this.#batch);
      else break;
    }
    this.#isWriting = false;
  }

  async #writePieces({ part, headed }: FollowingPart): Promise<void> {
    for (let at = 0; at < part.byteLength;) {
      const isHeaded = at < headed;
      const piece = part.subarray(at, at + (isHeaded ? headed : this.#pieceBytes));
      at += piece.byteLength;
      if (!isHeaded) await this.#writePieceHead(piece.byteLength);
      const startMs = performance.now();
      await this.#write(piece);
      this.#adaptPieces(piece.byteLength, performance.now() - startMs);
    }
  }

  async #writePieceHead(byteLength: number): Promise<void> {
    if (this.#isHeartbeatDue) this.#layHeartbeat(this.#pieceHeads);
    this.#pieceHeads.pieceHead(byteLength);
    const heads = this.#pieceHeads.take();
    await this.#write(heads);
    this.#pieceHeads.giveBack(heads);
  }

  /** Pieces are as long as one takes little time, so that what has to go between them need not wait. */
  #adaptPieces(byteLength: number, tookMs: number): void {
    if (byteLength < this.#pieceBytes) return;
    if (tookMs > MOST_PIECE_MS) this.#pieceBytes = Math.max(LEAST_PIECE_BYTES, this.#pieceBytes / 2);
    else if (tookMs < MOST_PIECE_MS / 4) this.#pieceBytes = Math.min(MOST_PIECE_BYTES, this.#pieceBytes * 2);
  }

  #layHeartbeat(batch: FrameBatch): void {
    this.#noteAcknowledged();
    batch.heartbeat(this.#acknowledged);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) at += await this.#stream.write(bytes.subarray(at));
    this.#lastWriteMs = performance.now();
    this.#nudge?.answered();
  }
}

/** Closes a stream that may be closed already. */
export function closeStream(stream: ByteStream): void {
  try {
    stream.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
