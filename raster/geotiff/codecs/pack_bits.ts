/**
 * PackBits (TIFF 6.0 section 9). The sources of the WebAssembly are in `wasm/pack_bits`.
 *
 * @module
 */
import { loadedOnce } from "../../loaded_once.ts";
import type { ChunkDecoder, ChunkStream } from "./chunk_decoder.ts";
import { PACK_BITS_WASM } from "./pack_bits_wasm.ts";
import { type ByteDecoderExports, decodeThroughWasm, fitsWasm } from "./through_wasm.ts";

/** Two bytes of PackBits stand for at most 128. */
const MAX_RATIO = 64;
/** Shorter runs are copied faster by a loop. */
const LONG_RUN = 48;

/** One for each thread. */
const instance = loadedOnce(async (): Promise<ByteDecoderExports> => {
  const { instance } = await WebAssembly.instantiate(Uint8Array.fromBase64(PACK_BITS_WASM));
  return instance.exports as unknown as ByteDecoderExports;
});

/** The decoder of compression 32773. */
export async function loadPackBitsDecoder(): Promise<ChunkDecoder> {
  const wasm = await instance();
  const decodeInto = (encoded: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>): number => {
    checkRatio(encoded.length, out.length);
    if (fitsWasm(encoded, out)) return decodeThroughWasm(wasm, encoded, out);
    return new PackBitsStream().decode(encoded, out).written;
  };
  return {
    nativeOrder: false,
    decode(encoded, { byteLength }) {
      const out = new Uint8Array(byteLength);
      return out.subarray(0, decodeInto(encoded, out));
    },
    decodeInto,
    openStream(encodedBytes, byteLength) {
      checkRatio(encodedBytes, byteLength);
      return new PackBitsStream();
    },
  };
}

function checkRatio(encodedBytes: number, byteLength: number): void {
  if (encodedBytes * MAX_RATIO >= byteLength) return;
  throw new Error(`${encodedBytes} bytes of PackBits data can't hold ${byteLength}`);
}

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
