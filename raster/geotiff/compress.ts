/**
 * Compression of one tile, on the zlib and zstd that Deno carries.
 *
 * @module
 */
import { constants, deflateSync, zstdCompressSync } from "node:zlib";
import { openWordDeflate, suitsWordDeflate } from "./codecs/word_deflate.ts";
import { openDeflateHandle, type ZlibInto } from "./codecs/zlib_handle.ts";
import type { OutputLayout } from "./output_layout.ts";

/**
 * Compresses the bytes of one tile. What it gives may be what it got, or a view of a buffer that the next call writes to:
 * use it before that.
 */
export type TileCompressor = (raw: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/** memLevel 9 is 2% quicker than 8 and costs 128 KiB a worker. */
const MEM_LEVEL = 9;

/**
 * The compressor for a layout: TIFF compression 1, 8 (Adobe DEFLATE: a zlib stream, RFC 1950) or 50000 (a
 * Zstandard frame, RFC 8878). It is synchronous: zlib's asynchronous calls don't run side by side in one isolate.
 */
export function tileCompressor(
  layout: Pick<OutputLayout, "compression" | "level" | "predictor">,
  bytesPerSample: number,
): TileCompressor {
  const { compression, level, predictor } = layout;
  if (compression === "NONE") return (raw) => raw;
  if (compression === "ZSTD") {
    const params = { [constants.ZSTD_c_compressionLevel]: level };
    return (raw) => {
      // Without the size its tables are made for a frame without end: at level 22 that is seconds and a gigabyte a tile.
      const options = { params, pledgedSrcSize: raw.byteLength, chunkSize: mostBytes(raw) };
      return plain(zstdCompressSync(raw, options));
    };
  }
  const zlib = zlibCompressor(level);
  // A predictor leaves bytes that repeat each by itself.
  if (predictor !== 1 || !suitsWordDeflate(level, bytesPerSample)) return zlib;
  const byWords = intoBuffer(openWordDeflate(level));
  return (raw) => {
    const encoded = byWords(raw);
    return encoded.length > 0 ? encoded : zlib(raw);
  };
}

function zlibCompressor(level: number): TileCompressor {
  const deflateInto = openDeflateHandle({ level, memLevel: MEM_LEVEL });
  if (deflateInto) return intoBuffer(deflateInto);
  return (raw) => plain(deflateSync(raw, { level, memLevel: MEM_LEVEL, chunkSize: mostBytes(raw) }));
}

/** Compresses into one buffer again and again. */
function intoBuffer(deflateInto: ZlibInto): TileCompressor {
  let out = new Uint8Array(0);
  return (raw) => {
    if (out.length < mostBytes(raw)) out = new Uint8Array(mostBytes(raw));
    return out.subarray(0, deflateInto(raw, out));
  };
}

/** Enough for the worst case (zlib's deflateBound), so that no chunks are put together; pages that stay unused cost nothing. */
function mostBytes(raw: Uint8Array): number {
  return raw.byteLength + (raw.byteLength >>> 8) + 1024;
}

// A Buffer's slice() is a view; only a plain array's is the copy that the encoder wants.
function plain({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
