/**
 * Decoders of one tile or strip, by compression. Libraries load when a file first needs them.
 *
 * @module
 */
import type { DataType } from "../../data_type.ts";
import { COMPRESSION } from "../tags.ts";
import type { PackedFormat } from "./packed_samples.ts";

/** What is fixed about the tiles of an image, for decoders that need it. */
export interface CodecContext {
  /** Compression code (tag 259). */
  readonly compression: number;
  /** Pixel type. */
  readonly dataType: DataType;
  /** PhotometricInterpretation (tag 262). */
  readonly photometric: number;
  /** JPEGTables (tag 347), if the file has it. */
  readonly jpegTables: Uint8Array<ArrayBuffer> | undefined;
  /** LercParameters (tag 50674), if the file has it: version and additional compression. */
  readonly lercParameters: readonly number[] | undefined;
  /** How samples are stored that take fewer bits in the file than the pixel type has. */
  readonly packed: PackedFormat | undefined;
}

/** What one tile or strip must decode to. */
export interface ChunkShape {
  /** Columns. */
  readonly width: number;
  /** Rows that are needed. */
  readonly rows: number;
  /** Rows that a whole tile has: a short last strip may still be encoded as a whole one. */
  readonly maxRows: number;
  /** Samples a pixel. */
  readonly samples: number;
  /** Bytes that are needed: `width * rows * samples`, times the bytes of a sample. */
  readonly byteLength: number;
}

/** A decoder of one compression. */
export interface ChunkDecoder {
  /** Whether samples come out in this machine's byte order, whatever the file's is. */
  readonly nativeOrder: boolean;
  /**
   * The decoded bytes, at least `shape.byteLength` unless the data is short; the array is the caller's.
   *
   * @throws {Error} with a reason that fits after "can't be decoded:", if the data is damaged.
   */
  decode(encoded: Uint8Array<ArrayBuffer>, shape: ChunkShape): Uint8Array<ArrayBuffer>;
  /**
   * As {@linkcode decode}, but into memory that the next call uses again. Only decoders that have such memory have it.
   *
   * @throws {Error} as {@linkcode decode}.
   */
  decodeShared?(encoded: Uint8Array<ArrayBuffer>, shape: ChunkShape): Uint8Array<ArrayBuffer>;
  /**
   * Decodes into `out`, which has room for just what is needed, and gives the number of bytes written. Only
   * decoders that can do so without a copy have it.
   *
   * @throws {Error} as {@linkcode decode}.
   */
  decodeInto?(encoded: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>): number;
  /**
   * Begins to decode a tile or strip of `encodedBytes`, of which `byteLength` are wanted, piece by piece. Only decoders
   * that need not see all of it at once have it.
   *
   * @throws {Error} as {@linkcode decode}, if so few can't become so many.
   */
  openStream?(encodedBytes: number, byteLength: number): ChunkStream;
}

/** One tile or strip that is being decoded from its beginning on. */
export interface ChunkStream {
  /**
   * Decodes on: takes from `input`, which is what comes next of the tile, and fills `out` as far as it goes. What it has
   * not taken must come again.
   *
   * @throws {Error} as {@linkcode ChunkDecoder.decode}.
   */
  decode(
    input: Uint8Array<ArrayBuffer>,
    out: Uint8Array<ArrayBuffer>,
  ): { readonly taken: number; readonly written: number };
}

/**
 * The decoder for `context.compression`, which must be one that is read.
 *
 * @throws {Error} with a reason, if the image can't be decoded by it.
 */
export async function loadChunkDecoder(context: CodecContext): Promise<ChunkDecoder> {
  const decoder = await loadCodec(context);
  if (context.packed === undefined) return decoder;
  return (await import("./packed_samples.ts")).packedSamples(decoder, context.packed);
}

async function loadCodec(context: CodecContext): Promise<ChunkDecoder> {
  switch (context.compression) {
    case COMPRESSION.LZW:
      return await (await import("./lzw.ts")).loadLzwDecoder();
    case COMPRESSION.PACKBITS:
      return await (await import("./pack_bits.ts")).loadPackBitsDecoder();
    case COMPRESSION.DEFLATE:
    case COMPRESSION.OLD_DEFLATE:
      return (await import("./zlib.ts")).deflateDecoder;
    case COMPRESSION.ZSTD:
      return (await import("./zlib.ts")).zstdDecoder;
    case COMPRESSION.JPEG:
      return await (await import("./jpeg.ts")).loadJpegDecoder(context);
    case COMPRESSION.LERC:
      return await (await import("./lerc.ts")).loadLercDecoder(context);
    case COMPRESSION.NONE:
      return (await import("./packed_samples.ts")).storedDecoder;
    default:
      throw new Error(`compression ${context.compression} has no decoder`);
  }
}
