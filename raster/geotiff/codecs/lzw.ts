/**
 * LZW (TIFF 6.0 section 13): codes of 9 to 12 bits, most significant bit first, one code earlier than GIF's. The sources of
 * the WebAssembly are in `wasm/lzw`.
 *
 * @module
 */
import { loadedOnce } from "../../loaded_once.ts";
import type { ChunkDecoder } from "./chunk_decoder.ts";
import { openLzwStream, refuseOldStyle } from "./lzw_stream.ts";
import { LZW_WASM } from "./lzw_wasm.ts";
import { type ByteDecoderExports, decodeThroughWasm, fitsWasm } from "./through_wasm.ts";

/** Strings grow by one byte a code, so no stream does better than its longest string for every 12 bits. */
const MAX_RATIO = 4096;
const TABLE_SIZE = 4096;

/** One for each thread. */
const instance = loadedOnce(async (): Promise<ByteDecoderExports> => {
  const { instance } = await WebAssembly.instantiate(Uint8Array.fromBase64(LZW_WASM));
  return instance.exports as unknown as ByteDecoderExports;
});

/** The decoder of compression 5. */
export async function loadLzwDecoder(): Promise<ChunkDecoder> {
  const wasm = await instance();
  const decodeInto = (encoded: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>): number => {
    refuseOldStyle(encoded);
    checkRatio(encoded.length, out.length);
    if (fitsWasm(encoded, out)) return decodeInWasm(wasm, encoded, out);
    return openLzwStream().decode(encoded, out).written;
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
      return openLzwStream();
    },
  };
}

function checkRatio(encodedBytes: number, byteLength: number): void {
  if (encodedBytes * MAX_RATIO >= byteLength) return;
  throw new Error(`${encodedBytes} bytes of LZW data can't hold ${byteLength}`);
}

function decodeInWasm(
  wasm: ByteDecoderExports,
  encoded: Uint8Array<ArrayBuffer>,
  out: Uint8Array<ArrayBuffer>,
): number {
  const written = decodeThroughWasm(wasm, encoded, out);
  if (written >= 0) return written;
  const [code, defined] = [Math.floor((-1 - written) / TABLE_SIZE), (-1 - written) % TABLE_SIZE];
  throw new Error(`damaged LZW data (code ${code} where ${defined} are defined)`);
}
