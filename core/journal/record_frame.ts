/**
 * How a record stands in its file: a fixed head, then the body.
 *
 * Head, 24 bytes, little-endian: magic "BLFJ" (u32), body's length (u32), the file's bytes that were known to be on the
 * disk before this record was written (f64), CRC-32C of the body (u32), CRC-32C of the bytes before and of the record's
 * own place in the file (u32).
 *
 * @module
 */
import { crc32c } from "./crc32c.ts";

/** Bytes of a head. */
export const HEAD_BYTES = 24;

/** A body is no longer than this. */
export const MAX_BODY_BYTES: number = 2 ** 30;

/** The first bytes of every head, and the same as a number. */
export const MAGIC_BYTES: Uint8Array<ArrayBuffer> = new TextEncoder().encode("BLFJ");
const MAGIC = 0x4a464c42;

/** What a head says. */
export interface RecordHead {
  /** The body's length, bytes. */
  readonly bodyBytes: number;
  /** CRC-32C of the body. */
  readonly bodyCrc: number;
  /** How much of the file was on the disk when the record was written. What lies before that can't be a torn write. */
  readonly syncedBytes: number;
}

/** A head to stand at `offset` of its file. */
export function encodeHead({ bodyBytes, bodyCrc, syncedBytes }: RecordHead, offset: number): Uint8Array<
  ArrayBuffer
> {
  const bytes = new Uint8Array(HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, bodyBytes, true);
  view.setFloat64(8, syncedBytes, true);
  view.setUint32(16, bodyCrc, true);
  view.setUint32(20, headCrc(bytes, offset), true);
  return bytes;
}

/** What the head in the first 24 of `bytes`, found at `offset` of the file, says; undefined if it is none or damaged. */
export function decodeHead(bytes: Uint8Array<ArrayBuffer>, offset: number): RecordHead | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(20, true) !== headCrc(bytes, offset)) {
    return undefined;
  }
  return {
    bodyBytes: view.getUint32(4, true),
    syncedBytes: view.getFloat64(8, true),
    bodyCrc: view.getUint32(16, true),
  };
}

function headCrc(head: Uint8Array<ArrayBuffer>, offset: number): number {
  return crc32c(new Uint8Array(new Float64Array([offset]).buffer), crc32c(head.subarray(0, 20)));
}
