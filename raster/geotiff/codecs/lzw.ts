/**
 * LZW (TIFF 6.0 section 13): codes of 9 to 12 bits, most significant bit first, one code earlier than GIF's.
 *
 * @module
 */
import type { ChunkDecoder } from "./chunk_decoder.ts";

const CLEAR = 256;
const END = 257;
const FIRST_FREE = 258;
const TABLE_SIZE = 4096;
/** Strings grow by one byte a code, so no stream does better than its longest string for every 12 bits. */
const MAX_RATIO = 4096;

/** Where in the output each code's string was last written, and how long it is: the output is the table. */
const starts = new Int32Array(TABLE_SIZE);
const lengths = new Int32Array(TABLE_SIZE);

/** Compression 5. */
export const lzwDecoder: ChunkDecoder = {
  nativeOrder: false,
  decode(encoded, { byteLength }) {
    // libtiff's mark of files from before 1988, whose bits are in the other order: they begin with CLEAR.
    if (encoded.length >= 2 && encoded[0] === 0 && (encoded[1]! & 1) === 1) {
      throw new Error("old-style LZW (least significant bit first) is not supported");
    }
    if (encoded.length * MAX_RATIO < byteLength) {
      throw new Error(`${encoded.length} bytes of LZW data can't hold ${byteLength}`);
    }
    const out = new Uint8Array(byteLength);
    return out.subarray(0, decodeLzw(encoded, out));
  },
};

/** Decodes until `out` is full or the data ends; gives the number of bytes written. */
function decodeLzw(encoded: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>): number {
  const end = encoded.length;
  const capacity = out.length;
  let from = 0;
  let to = 0;
  let bits = 0;
  let bitCount = 0;
  let width = 9;
  let nextFree = FIRST_FREE;
  // Codes at or above this one are read with one more bit.
  let widenAt = 511;
  let previousStart = -1;
  let previousLength = 0;
  while (to < capacity) {
    if (bitCount < width) {
      if (from + 1 < end) {
        bits = (bits << 16) | (encoded[from]! << 8) | encoded[from + 1]!;
        from += 2;
        bitCount += 16;
      } else if (from < end && bitCount + 8 >= width) {
        bits = (bits << 8) | encoded[from++]!;
        bitCount += 8;
      } else {
        return to;
      }
    }
    bitCount -= width;
    const code = (bits >>> bitCount) & ((1 << width) - 1);
    if (code === CLEAR) {
      width = 9;
      widenAt = 511;
      nextFree = FIRST_FREE;
      previousStart = -1;
      continue;
    }
    if (code === END) return to;
    const start = to;
    let length = 1;
    if (code < CLEAR) {
      out[to++] = code;
    } else {
      let source: number;
      if (code < nextFree) {
        source = starts[code]!;
        length = lengths[code]!;
      } else if (code === nextFree && previousStart >= 0) {
        // The string being defined: the previous one and its own first byte, which the copy below has just written.
        source = previousStart;
        length = previousLength + 1;
      } else {
        throw new Error(`damaged LZW data (code ${code} where ${nextFree} are defined)`);
      }
      const last = Math.min(to + length, capacity);
      while (to < last) out[to++] = out[source++]!;
    }
    if (previousStart >= 0 && nextFree < TABLE_SIZE) {
      // The previous string and the first byte of this one stand side by side in the output.
      starts[nextFree] = previousStart;
      lengths[nextFree] = previousLength + 1;
      nextFree++;
      if (nextFree === widenAt && width < 12) {
        width++;
        widenAt = (1 << width) - 1;
      }
    }
    previousStart = start;
    previousLength = length;
  }
  return to;
}
