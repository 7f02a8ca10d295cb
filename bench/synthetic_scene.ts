/**
 * The demo's scene with its red and near infrared bands as bytes, for machines without the real one.
 *
 * @module
 */
import makeScene from "../examples/make_scene.ts";
import type { BlockInputs, BlockOutputs, RasterBlock, ReaderInfo } from "../mod.ts";

/** From reflectance x 10,000 to bytes, so that bright ground stays below 255. */
const DIVISOR = 40;
const FIRST_BAND = 2;
const BANDS = 2;

/** Writes `outputs.scene`: red and near infrared, uint8. */
export default function syntheticScene(info: ReaderInfo, inputs: BlockInputs, outputs: BlockOutputs): void {
  makeScene(info, inputs, outputs);
  const { data: wide } = outputs.scene as Pick<RasterBlock, "data">;
  const pixels = wide.length / 4;
  const data = new Uint8Array(BANDS * pixels);
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.min(255, Number(wide[FIRST_BAND * pixels + i]) / DIVISOR);
  }
  outputs.scene = { data, bands: BANDS };
}
