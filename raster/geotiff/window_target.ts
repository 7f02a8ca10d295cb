/**
 * The array that a window's pixels go into.
 *
 * @module
 */
import { DATA_TYPES, type PixelArray } from "../data_type.ts";
import type { PixelWindow } from "../raster_info.ts";
import type { ImageLayout } from "./image_layout.ts";
import { copyPixels } from "./pixel_copy.ts";
import { splitPixels } from "./pixel_split.ts";
import { tileSize } from "./tile_index.ts";
import type { WindowTile } from "./window_tiles.ts";

/** Where some columns of some samples go in a window. */
export type TargetPart = Pick<WindowTile, "toRow" | "toColumn" | "cols" | "slots">;

/** Where a window lies in an array; offsets and strides count pixels. */
export interface WindowTargetOptions {
  /** The window. */
  readonly window: PixelWindow;
  /** The image that it is of. */
  readonly layout: ImageLayout;
  /** Number of bands that are read. */
  readonly bandCount: number;
  /** The first pixel's place. Default 0. */
  readonly intoOffset?: number;
  /** From row to row. Default the window's columns. */
  readonly intoRowStride?: number;
  /** From band to band. Default the row stride times the window's rows. */
  readonly intoBandStride?: number;
}

/** Puts parts of tiles where they belong. */
export class WindowTarget {
  readonly #pixels: PixelArray;
  readonly #layout: ImageLayout;
  readonly #sampleBytes: number;
  readonly #offset: number;
  readonly #rowStride: number;
  readonly #bandStride: number;

  /**
   * A window within `pixels`.
   *
   * @throws {RangeError} if it does not fit, or bands or rows would overlap.
   */
  constructor(pixels: PixelArray, options: WindowTargetOptions) {
    const { window: { ncols, nrows }, layout, bandCount } = options;
    this.#pixels = pixels;
    this.#layout = layout;
    this.#sampleBytes = DATA_TYPES[layout.dataType].bytes;
    this.#offset = options.intoOffset ?? 0;
    this.#rowStride = options.intoRowStride ?? ncols;
    this.#bandStride = options.intoBandStride ?? this.#rowStride * nrows;
    const numbers = {
      intoOffset: this.#offset,
      intoRowStride: this.#rowStride,
      intoBandStride: this.#bandStride,
    };
    for (const [name, value] of Object.entries(numbers)) {
      if (!Number.isInteger(value) || value < 0) {
        throw new RangeError(`${name} is ${value}, not a whole number`);
      }
    }
    if (this.#rowStride < ncols) {
      throw new RangeError(`intoRowStride ${this.#rowStride} is less than ${ncols} columns`);
    }
    const bandLength = (nrows - 1) * this.#rowStride + ncols;
    if (bandCount > 1 && this.#bandStride < bandLength) {
      throw new RangeError(
        `intoBandStride ${this.#bandStride} is less than the ${bandLength} pixels of a band`,
      );
    }
    const needed = this.#offset + (bandCount - 1) * this.#bandStride + bandLength;
    if (pixels.length < needed) {
      throw new RangeError(`into has ${pixels.length} pixels, ${needed} are needed`);
    }
  }

  /**
   * The bytes that a tile takes here, if it lies in the window as it lies in the file: all its rows and columns, one
   * band, row after row. Else undefined.
   */
  placeOfWholeTile(tile: WindowTile): Uint8Array<ArrayBuffer> | undefined {
    const { tileWidth, samples } = this.#layout;
    const { rows } = tileSize(this.#layout, tile.tileRow);
    const slot = tile.slots[0];
    const same = samples === 1 && tile.slots.length === 1 && tile.rows === rows && tile.cols === tileWidth;
    if (slot === undefined || !same || this.#rowStride !== tileWidth) return undefined;
    const { buffer, byteOffset } = this.#pixels;
    const start = byteOffset + this.#start(tile, slot.slot) * this.#sampleBytes;
    return new Uint8Array(buffer, start, rows * tileWidth * this.#sampleBytes);
  }

  /** Copies the wanted part of a whole decoded tile. */
  put(tilePixels: Uint8Array<ArrayBuffer>, tile: WindowTile): void {
    const { tileWidth } = this.#layout;
    this.putRows(tilePixels, tile, {
      row: 0,
      rows: tile.rows,
      firstPixel: tile.fromRow * tileWidth + tile.fromColumn,
      rowPixels: tileWidth,
    });
  }

  /**
   * Copies some rows of the wanted part of a tile from any array that holds them: `row` counts from the part's first
   * row, `firstPixel` is where its first pixel is in `pixels`, and `rowPixels` how far rows are apart there.
   */
  putRows(
    pixels: Uint8Array<ArrayBuffer>,
    tile: TargetPart,
    part: { row: number; rows: number; firstPixel: number; rowPixels: number },
  ): void {
    const { samples } = this.#layout;
    if (samples > 1 && tile.slots.length * 2 > samples) {
      const { buffer, byteOffset, byteLength } = this.#pixels;
      splitPixels(pixels, new Uint8Array(buffer, byteOffset, byteLength), {
        ...{ rows: part.rows, cols: tile.cols, samples, sampleBytes: this.#sampleBytes, slots: tile.slots },
        ...{ fromPixel: part.firstPixel, fromRowPixels: part.rowPixels, toRowStride: this.#rowStride },
        start: (slot) => this.#start(tile, slot) + part.row * this.#rowStride,
      });
      return;
    }
    for (const { sample, slot } of tile.slots) {
      copyPixels(pixels, this.#pixels, {
        rows: part.rows,
        cols: tile.cols,
        fromOffset: part.firstPixel * samples + sample,
        fromStep: samples,
        fromRowStride: part.rowPixels * samples,
        toOffset: this.#start(tile, slot) + part.row * this.#rowStride,
        toRowStride: this.#rowStride,
        sampleBytes: this.#sampleBytes,
      });
    }
  }

  /** Sets the part of a tile that the file leaves out, each band to its own of `values`. */
  fill(tile: WindowTile, values: readonly (number | bigint)[]): void {
    for (const { band, slot } of tile.slots) {
      const value = values[band]!;
      const start = this.#start(tile, slot);
      for (let row = 0; row < tile.rows; row++) {
        const at = start + row * this.#rowStride;
        // The value is of the array's kind: a bigint exactly for 64-bit integers.
        (this.#pixels as { fill(value: number | bigint, start: number, end: number): unknown })
          .fill(value, at, at + tile.cols);
      }
    }
  }

  #start(tile: TargetPart, slot: number): number {
    return this.#offset + slot * this.#bandStride + tile.toRow * this.#rowStride + tile.toColumn;
  }
}
