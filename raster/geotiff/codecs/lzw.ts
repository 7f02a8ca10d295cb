/**
 * LZW (TIFF 6.0 section 13): codes of 9 to 12 bits, most significant bit first, one code earlier than GIF's. The sources of
 * the WebAssembly are in `wasm/lzw`.
 *
 * @module
 */
import type { ChunkDecoder } from "./chunk_decoder.ts";
import { openLzwStream, refuseOldStyle } from "./lzw_stream.ts";
import { LZW_WASM } from "./lzw_wasm.ts";
import { byteDecoder } from "./through_wasm.ts";

const TABLE_SIZE = 4096;

/** The decoder of compression 5. */
export const loadLzwDecoder: () => Promise<ChunkDecoder> = byteDecoder({
  wasm: LZW_WASM,
  name: "LZW",
  // Strings grow by one byte a code, so no stream does better than its longest string for every 12 bits.
  maxRatio: 4096,
  refuse: refuseOldStyle,
  damage(answer) {
    const [code, defined] = [Math.floor((-1 - answer) / TABLE_SIZE), (-1 - answer) % TABLE_SIZE];
    return new Error(`damaged LZW data (code ${code} where ${defined} are defined)`);
  },
  openStream: openLzwStream,
});
