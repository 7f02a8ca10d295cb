/**
 * Headers as msgpack. Typed arrays in them become parts, bigints and `undefined` survive; all else is plain data.
 *
 * @module
 */
import { Decoder, Encoder, ExtData } from "@msgpack/msgpack";
import { ProtocolError } from "../errors.ts";
import type { WholeMessage } from "./frame_reader.ts";
import { checkHeader, MAX_HEADER_DEPTH } from "./header_check.ts";

/** Their places are the numbers on the wire: only ever add at the end. */
const ARRAY_TYPES = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
] as const;

const EXT_ARRAY = 1;
const EXT_BIGINT = 2;
const EXT_UNDEFINED = 3;

/** Stands in a header for `undefined`, which msgpack has no word for. */
const UNDEFINED = Object.freeze({});
const UNDEFINED_DATA = new ExtData(EXT_UNDEFINED, new Uint8Array(0));

/** A value to stand in a header: `undefined` in a property is left out by msgpack, but in a list it would become null. */
export function orUndefined(value: unknown): unknown {
  return value === undefined ? UNDEFINED : value;
}

/** The parts of the message in hand: coding is synchronous, so one at a time. */
let parts: Uint8Array<ArrayBuffer>[] = [];

const extensions = {
  tryToEncode(value: unknown): ExtData | null {
    if (typeof value === "bigint") return new ExtData(EXT_BIGINT, new TextEncoder().encode(value.toString()));
    if (value === UNDEFINED) return UNDEFINED_DATA;
    if (!ArrayBuffer.isView(value)) return null;
    const type = ARRAY_TYPES.findIndex((known) => value instanceof known);
    if (type < 0) throw new TypeError(`a ${Object.prototype.toString.call(value)} can't be sent`);
    const index = parts.length;
    parts.push(new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength));
    return new ExtData(EXT_ARRAY, new Uint8Array([type, index >>> 24, index >>> 16, index >>> 8, index]));
  },
  decode(data: Uint8Array, extension: number): unknown {
    if (extension === EXT_UNDEFINED) return undefined;
    if (extension === EXT_BIGINT) return decodeBigInt(data);
    if (extension === EXT_ARRAY && data.byteLength === 5) return decodeArray(data);
    throw new ProtocolError(`The peer sent a value of unknown type ${extension}`);
  },
};

function decodeBigInt(data: Uint8Array): bigint {
  const text = new TextDecoder().decode(data);
  // The conversion of long texts takes time that grows with the square of their length.
  if (!/^-?[0-9]{1,10000}$/.test(text)) throw new ProtocolError("The peer sent a number that is none");
  return BigInt(text);
}

function decodeArray(data: Uint8Array): ArrayBufferView {
  const type = ARRAY_TYPES[data[0]!];
  const index = new DataView(data.buffer, data.byteOffset).getUint32(1);
  const part = parts[index];
  if (!type || !part || part.byteLength % type.BYTES_PER_ELEMENT !== 0) {
    throw new ProtocolError("The peer sent an array that is none");
  }
  // A part is copied once at most, however many arrays a peer makes of it.
  const aligned = part.byteOffset % type.BYTES_PER_ELEMENT === 0 ? part : parts[index] = part.slice();
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / type.BYTES_PER_ELEMENT);
}

const encoder = new Encoder({
  extensionCodec: extensions,
  ignoreUndefined: true,
  maxDepth: MAX_HEADER_DEPTH,
});

/** The header's lengths and counts are checked before it decodes. */
const decoder = new Decoder({ extensionCodec: extensions });

/** What leaves: a header as bytes, valid until the next call, and all parts. */
export interface EncodedHeader {
  /** The msgpack. */
  readonly header: Uint8Array;
  /** The given parts, then those that were typed arrays in the header. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}

/** Encodes a header. Typed arrays in it are added to `given`, which is the caller's to give away. */
export function encodeHeader(header: unknown, given: Uint8Array<ArrayBuffer>[] = []): EncodedHeader {
  parts = given;
  return { header: encoder.encodeSharedRef(header), parts };
}

/**
 * Decodes a header; typed arrays in it are views on the parts where their alignment allows.
 *
 * @throws {ProtocolError} if it is none.
 */
export function decodeHeader(message: WholeMessage): unknown {
  parts = message.parts as Uint8Array<ArrayBuffer>[];
  try {
    checkHeader(message.header);
    return decoder.decode(message.header);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new ProtocolError("The peer sent a header that can't be read", { cause: error });
  } finally {
    parts = [];
  }
}
