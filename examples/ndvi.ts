/**
 * NDVI, the usual measure of green: (nir - red) / (nir + red) of an image whose bands 3 and 4 are red and near
 * infrared. Pixels without data are NaN, so write the output with `--nodata nan`.
 *
 * @module
 */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../mod.ts";

/** Reads `inputs.img`, writes `outputs.ndvi`: one band of float32. */
export default function ndvi(_info: ReaderInfo, { img }: BlockInputs, outputs: BlockOutputs): void {
  const red = img.band(2);
  const nir = img.band(3);
  const result = new Float32Array(red.length).fill(NaN);
  for (let i = 0; i < result.length; i++) {
    const sum = nir[i] + red[i];
    if (sum !== 0 && red[i] !== img.nodata && nir[i] !== img.nodata) result[i] = (nir[i] - red[i]) / sum;
  }
  outputs.ndvi = result;
}
