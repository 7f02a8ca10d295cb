/**
 * The pixels of one block, as the user function sees them.
 *
 * @module
 */
import type { PixelArray } from "./data_type.ts";

/** Pixels of a block: shape (bands, rows, cols), margin included, in the file's own pixel type. */
export class RasterBlock {
  static {
    // Behind the class, where only what a block does not have is looked for: else `block[0]`, which is a band in RIOS,
    // would be undefined, and the error far away.
    Object.setPrototypeOf(
      this.prototype,
      new Proxy(Object.prototype, {
        get(target, name, block) {
          if (typeof name === "string" && /^[0-9]+$/.test(name)) throw noElement(name);
          return Reflect.get(target, name, block);
        },
      }),
    );
  }

  /** All pixels: band by band, row by row. Length `bands * rows * cols`. */
  readonly data: PixelArray;
  /** Bands that were read. */
  readonly bands: number;
  /** Rows, both margins included. */
  readonly rows: number;
  /** Columns, both margins included. */
  readonly cols: number;
  /**
   * The value that means "no data", that of the first band if each has its own; null if there is none. A bigint for 64-bit
   * integers.
   */
  readonly nodata: number | bigint | null;
  readonly #bandNodata: readonly (number | bigint | null)[];

  /**
   * A block over pixels that it does not copy.
   *
   * @param nodata one value for all bands, or a list of one a band.
   */
  constructor(
    data: PixelArray,
    shape: { readonly bands: number; readonly rows: number; readonly cols: number },
    nodata: number | bigint | null | readonly (number | bigint | null)[],
  ) {
    this.data = data;
    this.bands = shape.bands;
    this.rows = shape.rows;
    this.cols = shape.cols;
    this.#bandNodata = isList(nodata) ? nodata : new Array(shape.bands).fill(nodata);
    this.nodata = this.#bandNodata[0] ?? null;
  }

  /** The nodata value of each band, for inputs whose bands have different ones. */
  get bandNodata(): readonly (number | bigint | null)[] {
    return this.#bandNodata;
  }

  /**
   * The pixels of one band, row by row: a view, so that writing to it changes the block.
   *
   * @param index from 0, as in RIOS's `inputs.img[0]`.
   * @throws {RangeError} if there is no such band.
   */
  band(index: number): PixelArray {
    if (!Number.isInteger(index) || index < 0 || index >= this.bands) {
      throw new RangeError(`band(${index}) of a block with ${this.bands} band(s): they count from 0`);
    }
    const pixels = this.rows * this.cols;
    return this.data.subarray(index * pixels, (index + 1) * pixels) as PixelArray;
  }
}

// Array.isArray() does not tell a readonly list from the rest.
function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function noElement(index: string): TypeError {
  return new TypeError(
    `a block has no [${index}]: the pixels of a band, from 0, are band(${index}), all pixels are data. An input is a list ` +
      "of blocks if a list of files is given (--in NAME=FILE, with a comma at the end is a list of one)",
  );
}
