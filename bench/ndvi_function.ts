/**
 * The user function of the benchmarks: NDVI of a red and a near infrared band of bytes. It rounds to float32 where
 * numpy does in `rios_ndvi.py`, so that both sides give the same pixels to the last bit.
 *
 * @module
 */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../mod.ts";

/** Keeps the divisor from 0. */
const EPSILON = Math.fround(1e-6);

/** Reads `inputs.img`, writes `outputs.ndvi`: one band of float32. */
export default function ndvi(_info: ReaderInfo, { img }: BlockInputs, outputs: BlockOutputs): void {
  outputs.ndvi = ndviOf(img.band(0), img.band(1));
}

/** The NDVI of two bands. */
export function ndviOf(red: Uint8Array, nir: Uint8Array): Float32Array<ArrayBuffer> {
  const result = new Float32Array(red.length);
  for (let i = 0; i < result.length; i++) {
    const r = red[i]!;
    const n = nir[i]!;
    result[i] = (n - r) / Math.fround(n + r + EPSILON);
  }
  return result;
}
