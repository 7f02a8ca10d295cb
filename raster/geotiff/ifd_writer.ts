/**
 * TIFF's header and image file directory, as bytes.
 *
 * @module
 */

import { FIELD_BYTES, FIELD_TYPE } from "./tags.ts";

/** A number type of TIFF 6.0, section 2, or of BigTIFF (LONG8). */
export type IfdNumberType = "SHORT" | "LONG" | "LONG8" | "DOUBLE";

/** One tag. Text gets its closing NUL when it is written; a string is UTF-8, bytes stay as they are. */
export type IfdEntry =
  | { readonly tag: number; readonly type: IfdNumberType; readonly values: ArrayLike<number> }
  | { readonly tag: number; readonly type: "ASCII"; readonly values: string | Uint8Array };

/** What a header or directory needs to know of the file. */
export interface IfdPlace {
  /** BigTIFF (version 43, offsets of 8 bytes) or classic TIFF (version 42, offsets of 4). */
  readonly bigTiff: boolean;
  /** Where the directory stands in the file, bytes; even. */
  readonly offset: number;
}

/** A BigTIFF's header; a classic one's takes the first 8 of its bytes. */
export const HEADER_BYTES = 16;

/** The 16 bytes at the start of a file whose first directory stands at `place.offset`. Little-endian. */
export function encodeHeader(place: IfdPlace): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49]);
  if (place.bigTiff) {
    view.setUint16(2, 43, true);
    view.setUint16(4, 8, true);
    view.setBigUint64(8, BigInt(place.offset), true);
  } else {
    view.setUint16(2, 42, true);
    view.setUint32(4, place.offset, true);
  }
  return bytes;
}

/**
 * A directory that no other follows, its tags in ascending order as TIFF 6.0 wants, followed by the values that don't
 * fit into it.
 */
export function encodeIfd(entries: readonly IfdEntry[], place: IfdPlace): Uint8Array<ArrayBuffer> {
  const sorted = entries.map(encodeValues).sort((a, b) => a.tag - b.tag);
  const { bigTiff } = place;
  const inline = bigTiff ? 8 : 4;
  const entryBytes = bigTiff ? 20 : 12;
  const headBytes = bigTiff ? 8 : 2;
  const directoryBytes = headBytes + sorted.length * entryBytes + inline;
  let outside = align(directoryBytes);
  const total = sorted.reduce(
    (sum, { bytes }) => sum + (bytes.byteLength > inline ? align(bytes.byteLength) : 0),
    outside,
  );
  const encoded = new Uint8Array(total);
  const view = new DataView(encoded.buffer);
  if (bigTiff) view.setBigUint64(0, BigInt(sorted.length), true);
  else view.setUint16(0, sorted.length, true);
  let at = headBytes;
  for (const { tag, code, count, bytes } of sorted) {
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, code, true);
    if (bigTiff) view.setBigUint64(at + 4, BigInt(count), true);
    else view.setUint32(at + 4, count, true);
    const valueAt = at + entryBytes - inline;
    if (bytes.byteLength <= inline) encoded.set(bytes, valueAt);
    else {
      if (bigTiff) view.setBigUint64(valueAt, BigInt(place.offset + outside), true);
      else view.setUint32(valueAt, place.offset + outside, true);
      encoded.set(bytes, outside);
      outside += align(bytes.byteLength);
    }
    at += entryBytes;
  }
  return encoded;
}

/** Values begin on 8 bytes, which is more than the word that TIFF asks for and lets readers map arrays. */
function align(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function encodeValues(entry: IfdEntry): { tag: number; code: number; count: number; bytes: Uint8Array } {
  const { tag, type } = entry;
  const code = FIELD_TYPE[type];
  const size = FIELD_BYTES[code]!;
  if (entry.type === "ASCII") {
    const text = typeof entry.values === "string" ? new TextEncoder().encode(entry.values) : entry.values;
    const bytes = new Uint8Array(text.byteLength + 1);
    bytes.set(text);
    return { tag, code, count: bytes.byteLength, bytes };
  }
  const { values } = entry;
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (type === "SHORT") view.setUint16(i * 2, value, true);
    else if (type === "LONG") view.setUint32(i * 4, value, true);
    else if (type === "LONG8") view.setBigUint64(i * 8, BigInt(value), true);
    else view.setFloat64(i * 8, value, true);
  }
  return { tag, code, count: values.length, bytes };
}
