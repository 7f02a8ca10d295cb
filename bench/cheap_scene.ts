/**
 * A scene that costs next to nothing a pixel, for sizes at which a realistic one would take minutes.
 *
 * @module
 */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../mod.ts";

const BANDS = 2;

/** Writes `outputs.scene`: two bands of uint8, soft waves with two bits of noise. */
export default function cheapScene(info: ReaderInfo, _inputs: BlockInputs, outputs: BlockOutputs): void {
  const [cols, rows] = info.getBlockSize();
  const { left, top } = info.getBlockDefn();
  const data = new Uint8Array(BANDS * cols * rows);
  const waves = new Uint8Array(cols);
  for (let band = 0, at = 0; band < BANDS; band++) {
    for (let col = 0; col < cols; col++) waves[col] = 60 + 40 * band + 30 * Math.sin((left + col) / 700);
    for (let row = 0; row < rows; row++) {
      const y = top + row;
      const wave = Math.round(30 * Math.cos(y / 900));
      for (let col = 0; col < cols; col++) {
        const bits = Math.imul(left + col + 40503 * y + band, 0x9E3779B1);
        data[at++] = waves[col]! + wave + (bits >>> 30);
      }
    }
  }
  outputs.scene = { data, bands: BANDS };
}
