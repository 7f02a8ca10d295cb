/**
 * From the pixels of a block to the bytes of its tiles: runs in the compute workers.
 *
 * @module
 */
import type { ApplierBlockDefn } from "../block_defn.ts";
import { DATA_TYPES, type DataType, dataTypeOf, newPixelArray, type PixelArray } from "../data_type.ts";
import { fillValue } from "../nodata_pixel.ts";
import { type TileCompressor, tileCompressor } from "./compress.ts";
import { checkFormat, type OutputLayout, planeCount, tileSpan } from "./output_layout.ts";
import { differenceFloats, differenceHorizontally } from "./predictor_encode.ts";
import {
  gatherPlanar,
  interleave16,
  interleave32,
  interleave64,
  interleave8,
  type TileGather,
} from "./tile_gather.ts";

/** Where a block's pixels lie in an array that may hold more, such as a margin. All in pixels. */
export interface EncodeOptions {
  /** The block's first pixel. Default 0. */
  readonly offset?: number;
  /** From one row to the next. Default the block's columns. */
  readonly rowStride?: number;
  /** From one band to the next. Default `rowStride` x the block's rows. */
  readonly bandStride?: number;
}

/** The tiles of one block, as they go into the file: plane by plane, in a plane row by row, in a row left to right. */
export interface EncodedTiles {
  /** All tiles, one after another, in a buffer of their own that may be transferred. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The bytes of each tile; 0 is a tile that is left out (SPARSE_OK). */
  readonly lengths: Uint32Array<ArrayBuffer>;
}

/** Encodes the blocks of one output. Blocks may come in any order; the output's format is fixed. */
export class TileEncoder {
  readonly #layout: OutputLayout;
  readonly #dataType: DataType;
  readonly #bands: number;
  readonly #compress: TileCompressor;
  /** What pads partial tiles, and what a tile left out stands for. */
  readonly #fill: number | bigint;
  readonly #scratch: PixelArray;
  readonly #scratchBytes: Uint8Array<ArrayBuffer>;

  /**
   * An encoder for an output of this layout, type and number of bands.
   *
   * @throws {ConfigError} if the layout does not suit them.
   */
  constructor(layout: OutputLayout, dataType: DataType, bands: number) {
    checkFormat(layout, dataType, bands);
    this.#layout = layout;
    this.#dataType = dataType;
    this.#bands = bands;
    this.#compress = tileCompressor(layout, DATA_TYPES[dataType].bytes);
    this.#fill = fillValue(layout.nodata, dataType);
    const samples = layout.interleave === "PIXEL" ? bands : 1;
    this.#scratch = newPixelArray(dataType, layout.tileWidth * layout.tileHeight * samples);
    this.#scratchBytes = new Uint8Array(this.#scratch.buffer);
  }

  /** The pixel type of the output. */
  get dataType(): DataType {
    return this.#dataType;
  }

  /** The number of bands of the output. */
  get bands(): number {
    return this.#bands;
  }

  /**
   * The tiles of `block`, from its planar pixels (bands, rows, columns), which are left as they are.
   *
   * @throws {TypeError} if `pixels` is not of the output's type.
   * @throws {RangeError} if the array is too short, or the block is not made of whole tiles.
   */
  encode(pixels: PixelArray, block: ApplierBlockDefn, options: EncodeOptions = {}): EncodedTiles {
    const given = dataTypeOf(pixels);
    if (given !== this.#dataType) {
      throw new TypeError(
        `The block's pixels are ${given ?? "no typed array"}, the output's ${this.#dataType}`,
      );
    }
    const { tileWidth, tileHeight } = this.#layout;
    const span = tileSpan(this.#layout, block);
    const { offset = 0, rowStride = block.ncols } = options;
    const bandStride = options.bandStride ?? rowStride * block.nrows;
    const end = offset + (this.#bands - 1) * bandStride + (block.nrows - 1) * rowStride + block.ncols;
    if (offset < 0 || end > pixels.length) {
      throw new RangeError(`The block needs ${end} pixels, the array has ${pixels.length}`);
    }
    const planes = planeCount(this.#layout, this.#bands);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const lengths = new Uint32Array(planes * span.down * span.across);
    let index = 0;
    for (let plane = 0; plane < planes; plane++) {
      for (let top = 0; top < block.nrows; top += tileHeight) {
        for (let left = 0; left < block.ncols; left += tileWidth) {
          const part = this.#encodeTile(pixels, {
            offset: offset + plane * bandStride + top * rowStride + left,
            rowStride,
            bandStride,
            columns: Math.min(tileWidth, block.ncols - left),
            rows: Math.min(tileHeight, block.nrows - top),
            tileWidth,
            bands: this.#bands / planes,
          });
          parts.push(part);
          lengths[index++] = part.byteLength;
        }
      }
    }
    return { bytes: concatenate(parts), lengths };
  }

  #encodeTile(pixels: PixelArray, gather: TileGather): Uint8Array<ArrayBuffer> {
    const { sparse, predictor } = this.#layout;
    const raw = this.#rawTile(pixels, gather);
    // A new one each time: it may be a block's only tile, whose buffer is given away.
    if (sparse && this.#isFill(raw)) return new Uint8Array(0);
    if (predictor !== 1) {
      const tile = {
        bytes: raw,
        columns: gather.tileWidth,
        samplesPerPixel: gather.bands,
        bytesPerSample: DATA_TYPES[this.#dataType].bytes,
      };
      predictor === 2 ? differenceHorizontally(tile) : differenceFloats(tile);
    }
    // A copy: these bytes lie in a buffer that is used again for the next tile, or are the block's own.
    return this.#compress(raw).slice();
  }

  /** The tile's bytes before predictor and compression: a view of the block where that will do, else the scratch. */
  #rawTile(pixels: PixelArray, gather: TileGather): Uint8Array<ArrayBuffer> {
    const { tileHeight, tiled, predictor } = this.#layout;
    const { offset, rowStride, columns, rows, tileWidth, bands } = gather;
    const size = DATA_TYPES[this.#dataType].bytes;
    // TIFF 6.0: the last strip is as short as it is, while a tile is always whole.
    const fileRows = tiled ? tileHeight : rows;
    const whole = columns === tileWidth && rows === fileRows;
    if (whole && bands === 1 && predictor === 1 && rowStride === columns) {
      return new Uint8Array(pixels.buffer, pixels.byteOffset + offset * size, rows * columns * size);
    }
    if (!whole) this.#pad();
    if (bands === 1) {
      const from = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
      gatherPlanar(from, this.#scratchBytes, { ...gather, bytesPerSample: size });
    } else this.#interleave(pixels, gather);
    return this.#scratchBytes.subarray(0, fileRows * tileWidth * bands * size);
  }

  #interleave(pixels: PixelArray, gather: TileGather): void {
    const { buffer, byteOffset, length } = pixels;
    const to = this.#scratch.buffer;
    switch (DATA_TYPES[this.#dataType].bytes) {
      case 1:
        return interleave8(new Uint8Array(buffer, byteOffset, length), new Uint8Array(to), gather);
      case 2:
        return interleave16(new Uint16Array(buffer, byteOffset, length), new Uint16Array(to), gather);
      case 4:
        return interleave32(new Uint32Array(buffer, byteOffset, length), new Uint32Array(to), gather);
      default:
        return interleave64(new BigUint64Array(buffer, byteOffset, length), new BigUint64Array(to), gather);
    }
  }

  #pad(): void {
    // One of the two is a bigint array exactly when the fill is a bigint.
    (this.#scratch as { fill(value: number | bigint): unknown }).fill(this.#fill);
  }

  /** Whether the tile is the fill to the last bit, so that nothing is lost (a -0 or another NaN) if it is left out. */
  #isFill(raw: Uint8Array<ArrayBuffer>): boolean {
    const size = DATA_TYPES[this.#dataType].bytes;
    const fill = newPixelArray(this.#dataType, 1);
    (fill as { fill(value: number | bigint): unknown }).fill(this.#fill);
    const pattern = new Uint8Array(fill.buffer);
    for (let i = 0; i < size; i++) if (raw[i] !== pattern[i]) return false;
    for (let i = size; i < raw.length; i++) if (raw[i] !== raw[i - size]) return false;
    return true;
  }
}

/** One buffer of exactly the parts. */
function concatenate(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0]!;
  let length = 0;
  for (const part of parts) length += part.byteLength;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
