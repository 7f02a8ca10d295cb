/**
 * Some rows of one plane of an image, for all columns or for some, in one buffer.
 *
 * @module
 */
import { DATA_TYPES, type DataType, viewPixels } from "../data_type.ts";
import type { PixelWindow } from "../raster_info.ts";

/** The pixels of the rows `top` to `bottom` and of `cols` columns from `left` on, row after row. */
export class PixelBand {
  /** First row. */
  top = 0;
  /** The row behind the last one. */
  bottom = 0;
  /** First column. */
  left = 0;
  /** Columns. */
  cols = 0;
  /** The buffer; at least as long as the rows. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  readonly #pixelBytes: number;

  /** @param pixelBytes bytes of all samples of a pixel. */
  constructor(pixelBytes: number) {
    this.#pixelBytes = pixelBytes;
  }

  /** Whether all of a window is here. */
  has(window: PixelWindow): boolean {
    return this.#hasColumns(window) && window.top >= this.top && window.top + window.nrows <= this.bottom;
  }

  /** Whether a window is here but for rows that follow those that are. */
  continues(window: PixelWindow): boolean {
    return this.bottom > this.top && this.#hasColumns(window) && window.top >= this.top &&
      window.top <= this.bottom;
  }

  /** Begins anew, without rows. */
  restart({ top, left, cols }: { readonly top: number; readonly left: number; readonly cols: number }): void {
    this.top = this.bottom = top;
    this.left = left;
    this.cols = cols;
  }

  /**
   * Makes room for rows up to `bottom`. Earlier ones stay as long as all of it takes no more than `capacityBytes`; the
   * rows from `keepFrom` on stay in any case.
   */
  makeRoom(bottom: number, options: { readonly keepFrom: number; readonly capacityBytes: number }): void {
    const rowBytes = this.cols * this.#pixelBytes;
    const { keepFrom, capacityBytes } = options;
    if ((bottom - this.top) * rowBytes > capacityBytes && keepFrom > this.top) {
      this.bytes.copyWithin(0, (keepFrom - this.top) * rowBytes, (this.bottom - this.top) * rowBytes);
      this.top = keepFrom;
    }
    const needed = (bottom - this.top) * rowBytes;
    if (this.bytes.length >= needed) return;
    const used = this.bytes.subarray(0, (this.bottom - this.top) * rowBytes);
    // Twice as much at a time, so that rows are not moved for each row of windows.
    this.bytes = new Uint8Array(Math.max(needed, Math.min(2 * this.bytes.length, capacityBytes)));
    this.bytes.set(used);
  }

  /** Where rows go that are in the image at `top`. */
  place(top: number, rows: number): Uint8Array<ArrayBuffer> {
    const rowBytes = this.cols * this.#pixelBytes;
    const start = (top - this.top) * rowBytes;
    return this.bytes.subarray(start, start + rows * rowBytes);
  }

  /** Copies the columns of the band out of rows of the image's `width`; they are in the image at `top`. */
  put(
    from: { readonly pixels: Uint8Array<ArrayBuffer>; readonly width: number; readonly row: number },
    top: number,
    rows: number,
  ): void {
    const rowBytes = this.cols * this.#pixelBytes;
    const fromRowBytes = from.width * this.#pixelBytes;
    let to = (top - this.top) * rowBytes;
    let at = from.row * fromRowBytes + this.left * this.#pixelBytes;
    if (rowBytes === fromRowBytes) {
      this.bytes.set(from.pixels.subarray(at, at + rows * rowBytes), to);
      return;
    }
    for (let row = 0; row < rows; row++, at += fromRowBytes, to += rowBytes) {
      this.bytes.set(from.pixels.subarray(at, at + rowBytes), to);
    }
  }

  /** Sets all pixels of rows that are in the image at `top` to `pixel`, one value a sample. */
  fill(top: number, rows: number, dataType: DataType, pixel: readonly (number | bigint)[]): void {
    const { buffer, byteOffset, length } = this.place(top, rows);
    // The values are of the array's kind: a bigint exactly for 64-bit integers.
    const samples = viewPixels(dataType, buffer, byteOffset, length / DATA_TYPES[dataType].bytes) as {
      readonly length: number;
      fill(value: number | bigint): unknown;
      [index: number]: number | bigint;
    };
    samples.fill(pixel[0]!);
    for (let sample = 1; sample < pixel.length; sample++) {
      if (Object.is(pixel[sample], pixel[0])) continue;
      for (let at = sample; at < samples.length; at += pixel.length) samples[at] = pixel[sample]!;
    }
  }

  #hasColumns({ left, ncols }: PixelWindow): boolean {
    return left >= this.left && left + ncols <= this.left + this.cols;
  }
}
