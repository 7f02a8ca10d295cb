/**
 * Puts frames together from the bytes of a stream. It does no I/O: it says where the next bytes belong, and hands out
 * what has become whole.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import type { BufferPool } from "./buffer_pool.ts";
import {
  FRAME_HEAD_BYTES,
  FrameKind,
  type FrameLimits,
  longestFrame,
  type MessageBody,
  parseMessage,
} from "./frame.ts";

/** A message that is all there. */
export interface WholeMessage {
  /** The header, msgpack; to be decoded before the handler returns. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** Its parts, the receiver's own; big ones are lent by the pool. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}

/** Hears of whole frames. */
export interface FrameHandler {
  /** The peer has received this many messages, modulo 2^32. */
  acknowledged(count: number): void;
  /** A message. */
  message(message: WholeMessage): void;
  /** The worker computes a block (-1 for none), for that long. */
  status(block: number, elapsedMs: number): void;
  /** A frame that opens or closes a session; its body is msgpack, to be decoded before the handler returns. */
  control(kind: number, body: Uint8Array<ArrayBuffer>): void;
}

/** A connection starts with little, since there may be a thousand. */
const LEAST_BUFFER_BYTES = 8 << 10;
const MOST_BUFFER_BYTES = 64 << 10;

/** A body that is too long for the small buffer, or goes straight where it belongs. */
interface LongBody {
  readonly kind: number;
  readonly target: Uint8Array<ArrayBuffer>;
  filled: number;
}

/** A message whose big parts are on their way. */
interface OpenMessage {
  readonly message: MessageBody;
  /** The part that comes now. */
  index: number;
  part: Uint8Array<ArrayBuffer>;
  filled: number;
}

/** Reads frames. After an error it must not be used again. */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #limits: FrameLimits;
  readonly #pool: BufferPool;
  #buffer = new Uint8Array(LEAST_BUFFER_BYTES);
  #view = new DataView(this.#buffer.buffer);
  #start = 0;
  #end = 0;
  #long: LongBody | undefined;
  #open: OpenMessage | undefined;

  /**
   * A reader at the beginning of a stream.
   *
   * @param options the limits that the peer has to keep, and where big parts go.
   */
  constructor(handler: FrameHandler, options: { readonly limits: FrameLimits; readonly pool: BufferPool }) {
    this.#handler = handler;
    this.#limits = options.limits;
    this.#pool = options.pool;
  }

  /** Whether a frame or a message has begun and is not whole yet. */
  get isAmidst(): boolean {
    return this.#long !== undefined || this.#open !== undefined || this.#start !== this.#end;
  }

  /** Where the next bytes of the stream belong; never empty. */
  space(): Uint8Array<ArrayBuffer> {
    if (this.#long) return this.#long.target.subarray(this.#long.filled);
    if (!this.#open) return this.#buffer.subarray(this.#end);
    // No byte more than the head of the next piece, since its body goes straight into the part.
    const have = this.#end - this.#start;
    const wanted = have < FRAME_HEAD_BYTES
      ? FRAME_HEAD_BYTES - have
      : 4 + this.#view.getUint32(this.#start) - have;
    return this.#buffer.subarray(this.#end, this.#end + wanted);
  }

  /**
   * The first `count` bytes of {@linkcode space} have come.
   *
   * @throws {ProtocolError} if they break the rules; whatever a handler throws.
   */
  filled(count: number): void {
    const long = this.#long;
    if (long) {
      long.filled += count;
      if (long.filled < long.target.byteLength) return;
      this.#long = undefined;
      this.#frame(long.kind, long.target);
      return;
    }
    this.#end += count;
    const wasFull = this.#end === this.#buffer.byteLength;
    while (this.#end - this.#start >= FRAME_HEAD_BYTES && this.#next());
    this.#makeRoom(wasFull);
  }

  /** Takes the next frame from the small buffer; whether there may be another behind it. */
  #next(): boolean {
    const length = this.#view.getUint32(this.#start);
    const kind = this.#buffer[this.#start + 4]!;
    const longest = longestFrame(kind, this.#limits);
    if (length < 1 || length > longest) {
      throw new ProtocolError(
        `The peer sent a frame of kind ${kind} with ${length} bytes; ${longest} are the most`,
      );
    }
    const bodyAt = this.#start + FRAME_HEAD_BYTES;
    const bodyEnd = this.#start + 4 + length;
    if (kind === FrameKind.PIECE) return this.#piece(bodyAt, length - 1);
    if (bodyEnd <= this.#end) {
      this.#start = bodyEnd;
      this.#frame(kind, this.#buffer.subarray(bodyAt, bodyEnd));
      return true;
    }
    if (4 + length > MOST_BUFFER_BYTES) this.#beginLong(kind, new Uint8Array(length - 1), bodyAt);
    return false;
  }

  #piece(bodyAt: number, length: number): boolean {
    const open = this.#open;
    if (!open || length === 0 || length > open.part.byteLength - open.filled) {
      throw new ProtocolError(`The peer sent a piece of ${length} bytes that belongs to no part`);
    }
    const target = open.part.subarray(open.filled, open.filled + length);
    this.#beginLong(FrameKind.PIECE, target, bodyAt);
    const long = this.#long!;
    if (long.filled < length) return false;
    this.#long = undefined;
    this.#frame(FrameKind.PIECE, target);
    return true;
  }

  /** Moves what is there of a body to its target, where the rest will come. */
  #beginLong(kind: number, target: Uint8Array<ArrayBuffer>, bodyAt: number): void {
    const there = this.#buffer.subarray(bodyAt, Math.min(this.#end, bodyAt + target.byteLength));
    target.set(there);
    this.#start = bodyAt + there.byteLength;
    this.#long = { kind, target, filled: there.byteLength };
  }

  #makeRoom(wasFull: boolean): void {
    const kept = this.#end - this.#start;
    const size = this.#buffer.byteLength;
    const needed = kept < FRAME_HEAD_BYTES || this.#long ? 0 : 4 + this.#view.getUint32(this.#start);
    if (wasFull && size < MOST_BUFFER_BYTES || needed > size) {
      const grown = new Uint8Array(Math.min(MOST_BUFFER_BYTES, Math.max(2 * size, needed)));
      grown.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = grown;
      this.#view = new DataView(grown.buffer);
    } else if (kept > 0 && this.#start > 0) this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#start = 0;
    this.#end = kept;
  }

  #frame(kind: number, body: Uint8Array<ArrayBuffer>): void {
    switch (kind) {
      case FrameKind.HEARTBEAT:
        return this.#handler.acknowledged(fixed(body, 4).getUint32(0));
      case FrameKind.STATUS: {
        const view = fixed(body, 8);
        return this.#handler.status(view.getInt32(0), view.getUint32(4));
      }
      case FrameKind.MESSAGE:
        return this.#message(body);
      case FrameKind.PIECE:
        return this.#pieceIsWhole(body.byteLength);
      default:
        return this.#handler.control(kind, body);
    }
  }

  #message(body: Uint8Array<ArrayBuffer>): void {
    if (this.#open) throw new ProtocolError("The peer began a message inside another");
    const inBuffer = body.buffer === this.#buffer.buffer;
    const message = parseMessage(body, this.#limits);
    this.#handler.acknowledged(message.acknowledged);
    // The small buffer is written over by what comes next.
    if (inBuffer) message.parts.forEach((part, index) => message.parts[index] = part?.slice());
    const index = message.parts.indexOf(undefined);
    if (index < 0) return this.#deliver(message);
    const header = inBuffer ? message.header.slice() : message.header;
    this.#open = { message: { ...message, header }, index, ...this.#part(message.lengths[index]!) };
  }

  #part(length: number): { part: Uint8Array<ArrayBuffer>; filled: number } {
    return { part: this.#pool.lend(length), filled: 0 };
  }

  #pieceIsWhole(length: number): void {
    const open = this.#open!;
    open.filled += length;
    if (open.filled < open.part.byteLength) return;
    const { message } = open;
    message.parts[open.index] = open.part;
    open.index = message.parts.indexOf(undefined, open.index + 1);
    if (open.index >= 0) {
      Object.assign(open, this.#part(message.lengths[open.index]!));
      return;
    }
    this.#open = undefined;
    this.#deliver(message);
  }

  #deliver({ header, parts }: MessageBody): void {
    this.#handler.message({ header, parts: parts as Uint8Array<ArrayBuffer>[] });
  }
}

function fixed(body: Uint8Array<ArrayBuffer>, byteLength: number): DataView {
  if (body.byteLength !== byteLength) throw new ProtocolError("The peer sent a frame of the wrong length");
  return new DataView(body.buffer, body.byteOffset, byteLength);
}
