/**
 * PackBits (TIFF 6.0 section 9).
 *
 * @module
 */
import type { ChunkDecoder } from "./chunk_decoder.ts";

/** Two bytes of PackBits stand for at most 128. */
const MAX_RATIO = 64;

/** Compression 32773. */
export const packBitsDecoder: ChunkDecoder = {
  nativeOrder: false,
  decode(encoded, { byteLength }) {
    if (encoded.length * MAX_RATIO < byteLength) {
      throw new Error(`${encoded.length} bytes of PackBits data can't hold ${byteLength}`);
    }
    const out = new Uint8Array(byteLength);
    let from = 0;
    let to = 0;
    while (to < byteLength && from < encoded.length) {
      const n = encoded[from++]!;
      if (n < 128) {
        const count = Math.min(n + 1, byteLength - to, encoded.length - from);
        // Runs are short: a loop is faster than a copy through a subarray.
        for (const end = to + count; to < end;) out[to++] = encoded[from++]!;
      } else if (n > 128) {
        if (from === encoded.length) break;
        const value = encoded[from++]!;
        for (const end = to + Math.min(257 - n, byteLength - to); to < end;) out[to++] = value;
      }
    }
    return out.subarray(0, to);
  },
};
