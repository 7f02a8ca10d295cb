/**
 * PackBits (TIFF 6.0 section 9). The sources of the WebAssembly are in `wasm/pack_bits`.
 *
 * @module
 */
import type { ChunkDecoder, ChunkStream } from "./chunk_decoder.ts";
import { PACK_BITS_WASM } from "./pack_bits_wasm.ts";
import { byteDecoder } from "./through_wasm.ts";

/** Shorter runs are copied faster by a loop. */
const LONG_RUN = 48;

/** The decoder of compression 32773. */
export const loadPackBitsDecoder: () => Promise<ChunkDecoder> = byteDecoder({
  wasm: PACK_BITS_WASM,
  name: "PackBits",
  // Two bytes of PackBits stand for at most 128.
  maxRatio: 64,
  openStream: () => new PackBitsStream(),
});

class PackBitsStream implements ChunkStream {
  /** Bytes of the run that has been begun: copies of the next byte where it is a repetition, else as they come. */
  #left = 0;
  #repeats = false;

  decode(
    encoded: Uint8Array<ArrayBuffer>,
    out: Uint8Array<ArrayBuffer>,
  ): { taken: number; written: number } {
    let from = 0;
    let to = 0;
    let left = this.#left;
    let repeats = this.#repeats;
    while (to < out.length && from < encoded.length) {
      if (left === 0) {
        const n = encoded[from++]!;
        if (n === 128) continue;
        repeats = n > 128;
        left = repeats ? 257 - n : n + 1;
        continue;
      }
      const count = Math.min(left, out.length - to);
      if (repeats) {
        const value = encoded[from]!;
        if (count >= LONG_RUN) out.fill(value, to, to + count);
        else for (let at = to; at < to + count; at++) out[at] = value;
        to += count;
        left -= count;
        if (left === 0) from++;
      } else {
        const bytes = Math.min(count, encoded.length - from);
        if (bytes >= LONG_RUN) out.set(encoded.subarray(from, from + bytes), to);
        else for (let at = 0; at < bytes; at++) out[to + at] = encoded[from + at]!;
        to += bytes;
        from += bytes;
        left -= bytes;
      }
    }
    this.#left = left;
    this.#repeats = repeats;
    return { taken: from, written: to };
  }
}
