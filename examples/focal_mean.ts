/**
 * The mean of the 5 x 5 pixels around each pixel, without those that have no data. Run it with `--overlap 2` and, for
 * the output, with the input's nodata value, as `--nodata -9999`. At the raster's edges the mean is that of the pixels
 * there are, if the input has a nodata value; without one, the pixels beyond an edge are 0 and count.
 *
 * @module
 */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../mod.ts";

const RADIUS_PIXELS = 2;

/**
 * Reads `inputs.img`, writes `outputs.mean`: as many bands, float32. A pixel without any valid neighbour is the
 * input's nodata value.
 *
 * @throws {RangeError} if the overlap is smaller than the window needs.
 */
export default function focalMean(info: ReaderInfo, { img }: BlockInputs, outputs: BlockOutputs): void {
  if (info.getOverlapSize() < RADIUS_PIXELS) {
    throw new RangeError(`run this with an overlap of ${RADIUS_PIXELS}`);
  }
  const { bands, rows, cols, nodata } = img;
  const means = new Float32Array(bands * rows * cols).fill(Number(nodata ?? 0));
  for (let band = 0; band < bands; band++) {
    const pixels = img.band(band);
    // The margin is cut off the output, so what stands in its outer pixels does not matter.
    for (let row = RADIUS_PIXELS; row < rows - RADIUS_PIXELS; row++) {
      for (let col = RADIUS_PIXELS; col < cols - RADIUS_PIXELS; col++) {
        let sum = 0;
        let count = 0;
        for (let down = -RADIUS_PIXELS; down <= RADIUS_PIXELS; down++) {
          const from = (row + down) * cols + col - RADIUS_PIXELS;
          for (let at = from; at <= from + 2 * RADIUS_PIXELS; at++) {
            const value = pixels[at];
            if (value === nodata || Number.isNaN(value)) continue;
            sum += Number(value);
            count++;
          }
        }
        if (count > 0) means[(band * rows + row) * cols + col] = sum / count;
      }
    }
  }
  outputs.mean = { data: means, bands };
}
