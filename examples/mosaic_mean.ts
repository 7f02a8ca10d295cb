/**
 * The mean of overlapping scenes, pixel by pixel, from those that have data there. Run it with `--footprint union`
 * and, since pixels that no scene covers are NaN, with `--nodata nan`. Each scene needs a nodata value: one without is
 * 0 wherever it does not reach, and those zeros count. Give such scenes one that none of their pixels is, as
 * `--nodata imgs:255`.
 *
 * @module
 */
import type { BlockInputs, BlockOutputs, RasterBlock, ReaderInfo } from "../mod.ts";

/**
 * Reads the list `inputs.imgs`, writes `outputs.mean`: as many bands as the scenes have, float32.
 *
 * @throws {RangeError} if the scenes differ in their number of bands.
 */
export default function mosaicMean(info: ReaderInfo, inputs: BlockInputs, outputs: BlockOutputs): void {
  const imgs: readonly RasterBlock[] = inputs.imgs;
  const [first] = imgs;
  if (!first) throw new RangeError("imgs is an empty list");
  const sums = new Float64Array(first.data.length);
  const counts = new Uint32Array(first.data.length);
  for (const img of imgs) {
    if (img.bands !== first.bands) {
      throw new RangeError(
        `'${info.getFilenameFor(img)}' has ${img.bands} bands, '${
          info.getFilenameFor(first)
        }' ${first.bands}`,
      );
    }
    const { data, nodata } = img;
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (value === nodata || Number.isNaN(value)) continue;
      sums[i]! += Number(value);
      counts[i]!++;
    }
  }
  // 0 / 0, where no scene has data, is NaN.
  outputs.mean = { data: Float32Array.from(sums, (sum, i) => sum / counts[i]!), bands: first.bands };
}
