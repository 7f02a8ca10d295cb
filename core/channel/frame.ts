/**
 * The frames of the data channel: what they look like and how they are laid out in memory to be sent.
 *
 * A frame is the length of what follows (32 bits, big-endian), one byte that tells its kind, and its body.
 * A message's body is: the acknowledgement (32 bits), the length of its header, the number of its parts, the length of
 * each part, the header (msgpack), and those of its parts that are small. The others follow in pieces, in order; frames
 * of other kinds may stand between pieces, messages may not.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";

/** The kinds of frame. */
export const FrameKind = {
  /** Nothing but a sign of life and an acknowledgement. */
  HEARTBEAT: 1,
  /** A message, or its beginning. */
  MESSAGE: 2,
  /** A piece of a big part of the message that was begun last. */
  PIECE: 3,
  /** The worker's first frame. */
  OPEN: 4,
  /** The manager's answer to it: the session. */
  WELCOME: 5,
  /** The manager's answer to it: a refusal. */
  REFUSAL: 6,
  /** The last frame of a session that ends as it should. */
  FAREWELL: 7,
  /** What the worker is computing, and for how long. */
  STATUS: 8,
} as const;

/** Bytes before a frame's body: its length and its kind. */
export const FRAME_HEAD_BYTES = 5;
/** Parts travel inside their message's frame up to this many bytes together. */
export const INLINE_BYTES = 64 << 10;
/** The longest piece of a slow connection. Between two pieces heartbeats may go. */
export const LEAST_PIECE_BYTES = 256 << 10;
/** The longest piece of a fast one: each costs two writes, and wakes the other side for five bytes. */
export const MOST_PIECE_BYTES = 4 << 20;
/** The longest body of the frames that open and close a session. */
const CONTROL_BYTES = 16 << 10;
/** Before a message's tables: acknowledgement, length of the header, number of parts. */
const MESSAGE_HEAD_BYTES = 12;

/** What a peer may ask us to hold. */
export interface FrameLimits {
  /** The longest header of a message, bytes. */
  readonly headerBytes: number;
  /** The most parts of a message. */
  readonly parts: number;
  /** The longest part, bytes. */
  readonly partBytes: number;
  /** The most bytes of all parts of a message. */
  readonly messageBytes: number;
}

/** The limits unless others are set: enough for blocks of 1 GiB. */
export const DEFAULT_LIMITS: FrameLimits = {
  headerBytes: 64 << 20,
  parts: 1 << 20,
  partBytes: 2 ** 30,
  messageBytes: 2 ** 31,
};

/** A message's body, its big parts still to come. */
export interface MessageBody {
  /** Messages that the sender has received, modulo 2^32. */
  readonly acknowledged: number;
  /** The header: a view on the frame. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** One a part: a view on the frame, or undefined for one that follows in pieces. */
  readonly parts: (Uint8Array<ArrayBuffer> | undefined)[];
  /** The length of each part. */
  readonly lengths: readonly number[];
}

/** Which parts travel inside the frame: both sides work it out from the lengths. */
function isInline(length: number, before: number): boolean {
  return before + length <= INLINE_BYTES;
}

/** Frames that are laid out one behind another, to leave in one write. */
export class FrameBatch {
  #bytes = new Uint8Array(4 << 10);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #spare: Uint8Array<ArrayBuffer> | undefined;

  /** Bytes laid out. */
  get length(): number {
    return this.#length;
  }

  /** Takes what was laid out; the batch is empty afterwards, and what was taken stays as it is. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#use(this.#spare ?? new Uint8Array(4 << 10));
    this.#spare = undefined;
    this.#length = 0;
    return taken;
  }

  /** Gets back what was taken, once it is sent, to be used again. */
  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (buffer.byteLength <= INLINE_BYTES) this.#spare = new Uint8Array(buffer);
  }

  /** A heartbeat. */
  heartbeat(acknowledged: number): void {
    this.#begin(FrameKind.HEARTBEAT, 4);
    this.#uint32(acknowledged);
  }

  /** What the worker computes: a block (-1 for none) and for how many milliseconds. */
  status(block: number, elapsedMs: number): void {
    this.#begin(FrameKind.STATUS, 8);
    this.#uint32(block >>> 0);
    this.#uint32(Math.min(elapsedMs, 0xffffffff));
  }

  /** A frame whose body is msgpack alone. */
  control(kind: number, body: Uint8Array): void {
    if (body.byteLength > CONTROL_BYTES) throw new ProtocolError("A frame that opens or closes is too long");
    this.#begin(kind, body.byteLength);
    this.#copy(body);
  }

  /** The head of a piece of `length` bytes, which follow by themselves. */
  pieceHead(length: number): void {
    this.#begin(FrameKind.PIECE, length, FRAME_HEAD_BYTES);
  }

  /**
   * A message.
   *
   * @returns the parts that did not go into it and must follow in pieces.
   */
  message(acknowledged: number, message: { header: Uint8Array; parts: readonly Uint8Array[] }): Uint8Array[] {
    const { header, parts } = message;
    const follow: Uint8Array[] = [];
    let inline = 0;
    for (const part of parts) {
      if (isInline(part.byteLength, inline)) inline += part.byteLength;
      else follow.push(part);
    }
    this.#begin(FrameKind.MESSAGE, MESSAGE_HEAD_BYTES + 4 * parts.length + header.byteLength + inline);
    this.#uint32(acknowledged);
    this.#uint32(header.byteLength);
    this.#uint32(parts.length);
    for (const part of parts) this.#uint32(part.byteLength);
    this.#copy(header);
    inline = 0;
    for (const part of parts) {
      if (!isInline(part.byteLength, inline)) continue;
      inline += part.byteLength;
      this.#copy(part);
    }
    return follow;
  }

  #begin(kind: number, bodyBytes: number, room = FRAME_HEAD_BYTES + bodyBytes): void {
    const needed = this.#length + room;
    if (needed > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.byteLength));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#use(grown);
    }
    this.#uint32(1 + bodyBytes);
    this.#bytes[this.#length++] = kind;
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #uint32(value: number): void {
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  #copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }
}

/**
 * The longest that a frame of a kind may be, its kind included.
 *
 * @throws {ProtocolError} for an unknown kind.
 */
export function longestFrame(kind: number, limits: FrameLimits): number {
  switch (kind) {
    case FrameKind.HEARTBEAT:
      return 1 + 4;
    case FrameKind.STATUS:
      return 1 + 8;
    case FrameKind.MESSAGE:
      return 1 + MESSAGE_HEAD_BYTES + 4 * limits.parts + limits.headerBytes + INLINE_BYTES;
    case FrameKind.PIECE:
      return 1 + MOST_PIECE_BYTES;
    case FrameKind.OPEN:
    case FrameKind.WELCOME:
    case FrameKind.REFUSAL:
    case FrameKind.FAREWELL:
      return 1 + CONTROL_BYTES;
    default:
      throw new ProtocolError(`The peer sent a frame of unknown kind ${kind}`);
  }
}

/**
 * Takes a message's body apart. Its parts are views on it.
 *
 * @throws {ProtocolError} if its tables contradict its length, or ask for more than the limits.
 */
export function parseMessage(body: Uint8Array<ArrayBuffer>, limits: FrameLimits): MessageBody {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (body.byteLength < MESSAGE_HEAD_BYTES) {
    throw new ProtocolError("The peer sent a message that is cut off");
  }
  const headerBytes = view.getUint32(4);
  const partCount = view.getUint32(8);
  if (headerBytes > limits.headerBytes || partCount > limits.parts) {
    throw new ProtocolError(
      `The peer sent a message with a header of ${headerBytes} bytes and ${partCount} parts; ` +
        `${limits.headerBytes} and ${limits.parts} are the most`,
    );
  }
  const headerAt = MESSAGE_HEAD_BYTES + 4 * partCount;
  // Before anything is allocated by the number of parts.
  if (headerAt + headerBytes > body.byteLength) {
    throw new ProtocolError("The peer sent a message whose header exceeds its frame");
  }
  const parts: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  const lengths: number[] = [];
  let at = headerAt + headerBytes;
  let inline = 0;
  let total = 0;
  for (let index = 0; index < partCount; index++) {
    const length = view.getUint32(MESSAGE_HEAD_BYTES + 4 * index);
    total += length;
    if (length > limits.partBytes || total > limits.messageBytes) {
      throw new ProtocolError(
        `The peer sent a part of ${length} bytes in a message of ${total} or more; ` +
          `${limits.partBytes} and ${limits.messageBytes} are the most`,
      );
    }
    lengths.push(length);
    if (!isInline(length, inline)) {
      parts.push(undefined);
      continue;
    }
    inline += length;
    parts.push(body.subarray(at, at += length));
  }
  if (at !== body.byteLength) {
    throw new ProtocolError("The peer sent a message whose parts contradict its length");
  }
  return {
    acknowledged: view.getUint32(0),
    header: body.subarray(headerAt, headerAt + headerBytes),
    parts,
    lengths,
  };
}
