/**
 * Compression of one tile, on the zlib and zstd that Deno carries.
 *
 * @module
 */
import type { OutputLayout } from "./output_layout.ts";

/** Compresses the bytes of one tile. What it gives may be what it got, and may be a view of a larger buffer. */
export type TileCompressor = (raw: Uint8Array<ArrayBuffer>) => Uint8Array;

/**
 * The compressor for a layout: TIFF compression 1, 8 (Adobe DEFLATE: a zlib stream, RFC 1950) or 50000 (a
 * Zstandard frame, RFC 8878). It is synchronous: zlib's asynchronous calls don't run side by side in one isolate.
 */
export function tileCompressor(layout: Pick<OutputLayout, "compression" | "level">): TileCompressor {
  const { compression, level } = layout;
  if (compression === "NONE") return (raw) => raw;
  const zlib: typeof import("node:zlib") = process.getBuiltinModule("node:zlib");
  if (compression === "ZSTD") {
    const params = { [zlib.constants.ZSTD_c_compressionLevel]: level };
    return (raw) => zlib.zstdCompressSync(raw, { params, chunkSize: chunkBytes(raw) });
  }
  // memLevel 9 is 2% quicker than 8 and costs 128 KiB while a tile is compressed.
  return (raw) => zlib.deflateSync(raw, { level, memLevel: 9, chunkSize: chunkBytes(raw) });
}

/** Enough for the worst case in one chunk, so that no chunks are put together; pages that stay unused cost nothing. */
function chunkBytes(raw: Uint8Array): number {
  return raw.byteLength + (raw.byteLength >>> 8) + 1024;
}
