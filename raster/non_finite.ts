/**
 * Pixels that are no finite numbers in outputs whose nodata value is one: GDAL and others take them for data.
 *
 * @module
 */
import type { PixelArray } from "./data_type.ts";
import { nodataWord } from "./nodata_pixel.ts";
import type { PlannedFile } from "./plan_outputs.ts";

/** Where a block without its margin lies in an array of pixels. */
export interface BlockInArray {
  /** Bands. */
  readonly bands: number;
  /** Rows. */
  readonly rows: number;
  /** Columns. */
  readonly cols: number;
  /** The first pixel. */
  readonly offset: number;
  /** From row to row. */
  readonly rowStride: number;
  /** From band to band. */
  readonly bandStride: number;
}

/** Whether an output of this nodata value and pixel type is to be looked at: NaN marks nothing there. */
export function mayHideNonFinite(nodata: number | bigint | null, data: PixelArray): boolean {
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  return isFloat && nodata !== null && (typeof nodata === "bigint" || Number.isFinite(nodata));
}

/** Whether a block has a pixel that is NaN or infinite, its margin apart. */
export function hasNonFinite(data: PixelArray, block: BlockInArray): boolean {
  const values = data as Float64Array;
  const { bands, rows, cols, offset, rowStride, bandStride } = block;
  for (let band = 0; band < bands; band++) {
    for (let row = 0; row < rows; row++) {
      const start = offset + band * bandStride + row * rowStride;
      // Zero times a finite number is zero, times any other NaN: no branch a pixel.
      let sum = 0;
      for (let at = start; at < start + cols; at++) sum += values[at]! * 0;
      if (sum !== 0) return true;
    }
  }
  return false;
}

/** Lines for the user at the end of a run, one an output. */
export function nonFiniteNotices(
  files: readonly PlannedFile[],
  blocks: ReadonlyMap<number, number>,
): string[] {
  return [...blocks].sort(([a], [b]) => a - b).map(([index, count]) => {
    const { label, plan } = files[index]!;
    return `Output '${label}' has pixels that are NaN or infinite in ${count} block(s), and its nodata value is ` +
      `${
        nodataWord(plan.layout.nodata!)
      }: to other programs they are data. Write the nodata value in their place, or ` +
      `make it --nodata ${plan.name}:nan (outputNoData)`;
  });
}
