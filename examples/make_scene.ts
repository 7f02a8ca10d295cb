/**
 * Makes a satellite scene of a place that does not exist: hills and mountains with their shades, lakes and rivers,
 * forests, fields, towns, clouds with their shadows, a sensor's noise, and the slanted edges of an orbit. It reads no
 * input; run it on a grid given by `referencePixgrid`, as `blockfleet demo` does.
 *
 * @module
 */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../mod.ts";
import { groundAt, terrainOf } from "./scene_cover.ts";
import { fractalAt, hash, mix, sampleField, type SceneWindow, smoothStep } from "./scene_noise.ts";

/** What `otherArgs` may hold. */
export interface MakeSceneArgs {
  /** Another seed makes another place. Default 1. */
  readonly seed?: number;
}

const BANDS = 4;
/** Pixel values are reflectance times this. */
const SCALE = 10_000;
const CLOUD = [0.560, 0.570, 0.575, 0.600];
/** What the air adds, most in the blue. */
const HAZE = [0.032, 0.019, 0.010, 0.004];
const SHADOW_OFFSET_PIXELS = 44;
/** Standard deviation of the noise, in reflectance. */
const NOISE = 0.0018;
/** How far the orbit is from due south: columns for each row. */
const ORBIT_SLANT = 0.18;

/** Writes `outputs.scene`: blue, green, red and near infrared, uint16, reflectance x 10,000; 0 beyond the orbit's edge. */
export default function makeScene(
  info: ReaderInfo,
  _inputs: BlockInputs,
  outputs: BlockOutputs,
  otherArgs?: MakeSceneArgs,
): void {
  const seed = 1000 * (otherArgs?.seed ?? 1);
  const [cols, rows] = info.getBlockSize();
  const { left, top } = info.getBlockDefn();
  const window: SceneWindow = { left, top, cols, rows };
  const terrain = terrainOf(window, seed);
  const clouds = sampleField(window, (x, y) => cloudAt(x, y, seed));
  const shadows = sampleField(
    window,
    (x, y) => cloudAt(x - SHADOW_OFFSET_PIXELS, y - SHADOW_OFFSET_PIXELS, seed),
  );
  const pixels = cols * rows;
  const data = new Uint16Array(BANDS * pixels);
  const out = new Float64Array(BANDS);
  for (let row = 0, index = 0; row < rows; row++) {
    const [first, last] = orbitColumns(info, top + row);
    for (let col = 0; col < cols; col++, index++) {
      const x = left + col;
      const y = top + row;
      if (x < first || x >= last) continue;
      groundAt(terrain, index, { x, y, seed, out });
      const cloud = clouds[index]!;
      const sunlight = 1 - 0.6 * shadows[index]!;
      for (let band = 0; band < BANDS; band++) {
        const ground = out[band]! * sunlight + HAZE[band]!;
        const value = mix(ground, CLOUD[band]!, cloud) + noiseAt(x, y, seed + band);
        // 0 means no data, so the darkest pixel is 1.
        data[band * pixels + index] = Math.max(1, Math.round(value * SCALE));
      }
    }
  }
  outputs.scene = { data, bands: BANDS };
}

/** A cloud's opacity, 0 to 0.95. */
function cloudAt(x: number, y: number, seed: number): number {
  const weather = fractalAt({ wavelength: 2800, octaves: 2, seed: seed + 70 }, x, y);
  const puffs = fractalAt({ wavelength: 420, octaves: 6, seed: seed + 80 }, x, y);
  return 0.95 * smoothStep(0.66, 0.78, 0.5 * weather + 0.6 * puffs);
}

/** Near enough to a normal distribution: the sum of four even ones, from the bytes of one hash. */
function noiseAt(x: number, y: number, seed: number): number {
  const bits = hash(x, y, seed + 90);
  const sum = (bits & 255) + (bits >>> 8 & 255) + (bits >>> 16 & 255) + (bits >>> 24);
  return NOISE * (sum - 510) / 147.8;
}

/** The first column that the orbit covers in a row, and the one after the last. */
function orbitColumns(info: ReaderInfo, row: number): [number, number] {
  const [width, height] = info.getTotalSize();
  const slack = ORBIT_SLANT * height / 2;
  const first = Math.max(0, Math.round(slack - ORBIT_SLANT * row));
  return [first, Math.min(width, Math.round(width + slack - ORBIT_SLANT * row))];
}
