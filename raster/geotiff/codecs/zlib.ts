/**
 * DEFLATE (zlib streams, RFC 1950) and Zstandard (RFC 8878), by node:zlib. Loaded only for files that need it.
 *
 * @module
 */
import { inflateSync, zstdDecompressSync } from "node:zlib";
import type { ChunkDecoder } from "./chunk_decoder.ts";
import { openInflateHandle, openZlibStream, openZstdHandle, type ZlibInto } from "./zlib_handle.ts";

/** DEFLATE can't say more than this many bytes with one (zlib's technical notes): claims beyond it are damage. */
const DEFLATE_MAX_RATIO = 1032;
/** Few tiles are compressed further than this; one that is takes more than one round. */
const USUAL_ZSTD_RATIO = 256;
/** Room behind the last byte: with none, zlib needs one more round only to learn that it is at the end. */
const SPARE_BYTES = 64;
/** What a tile may decode to beyond its size; libtiff pays no heed to such bytes. */
const SURPLUS_BYTES = 65536;

/** How much is expected to come out, and how much may. */
export interface OutputLimits {
  /** The size of the first output buffer; the data's own size if it is known. */
  readonly expectedBytes: number;
  /** More than this is an error. */
  readonly maxBytes: number;
}

const inflateInto = openInflateHandle();
const unzstdInto = openZstdHandle();

/** Compression 8 and 32946. */
export const deflateDecoder: ChunkDecoder = decoderOf({
  into: inflateInto,
  slowly: inflate,
  check: checkDeflateRatio,
  stream: "inflate",
});

/** Compression 50000. */
export const zstdDecoder: ChunkDecoder = decoderOf({
  into: unzstdInto,
  slowly: decompressZstd,
  check: () => {},
  stream: "zstd",
});

/**
 * The content of a zlib stream. One output chunk of the right size is eight times as fast as zlib's own of 16 KiB.
 *
 * @throws {Error} if the data is damaged, cut off, or longer than the limit.
 */
export function inflate(data: Uint8Array<ArrayBuffer>, limits: OutputLimits): Uint8Array<ArrayBuffer> {
  const chunkSize = limits.expectedBytes + SPARE_BYTES;
  return plainBytes(inflateSync(data, { chunkSize, maxOutputLength: limits.maxBytes }));
}

/**
 * The content of Zstandard frames. A few bytes can stand for any number of them, so that memory is taken by what
 * really comes out.
 *
 * @throws {Error} if the data is damaged, cut off, or longer than the limit.
 */
export function decompressZstd(data: Uint8Array<ArrayBuffer>, limits: OutputLimits): Uint8Array<ArrayBuffer> {
  const chunkSize = Math.min(limits.expectedBytes, data.length * USUAL_ZSTD_RATIO) + SPARE_BYTES;
  return plainBytes(zstdDecompressSync(data, { chunkSize, maxOutputLength: limits.maxBytes }));
}

interface DecoderParts {
  readonly into: ZlibInto | undefined;
  readonly slowly: (data: Uint8Array<ArrayBuffer>, limits: OutputLimits) => Uint8Array<ArrayBuffer>;
  readonly check: (encodedBytes: number, byteLength: number) => void;
  readonly stream: "inflate" | "zstd";
}

function decoderOf({ into, slowly, check, stream }: DecoderParts): ChunkDecoder {
  if (into === undefined) {
    return {
      nativeOrder: false,
      decode(encoded, { byteLength, rows, maxRows }) {
        check(encoded.length, byteLength);
        const maxBytes = byteLength / rows * maxRows + SURPLUS_BYTES;
        return slowly(encoded, { expectedBytes: byteLength, maxBytes });
      },
    };
  }
  const decodeInto = (encoded: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>): number => {
    check(encoded.length, out.length);
    return into(encoded, out);
  };
  return {
    nativeOrder: false,
    decode(encoded, { byteLength }) {
      check(encoded.length, byteLength);
      const out = new Uint8Array(byteLength);
      return out.subarray(0, into(encoded, out));
    },
    decodeInto,
    openStream(encodedBytes, byteLength) {
      check(encodedBytes, byteLength);
      return openZlibStream(stream);
    },
  };
}

function checkDeflateRatio(encodedBytes: number, byteLength: number): void {
  if (encodedBytes * DEFLATE_MAX_RATIO >= byteLength) return;
  throw new Error(`${encodedBytes} bytes of DEFLATE data can't hold ${byteLength}`);
}

function plainBytes(bytes: Uint8Array<ArrayBufferLike>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}
