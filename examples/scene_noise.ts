/**
 * Noise that depends on nothing but a position and a seed, so that a scene comes out the same however it is cut into
 * blocks.
 *
 * @module
 */

/** Pixels between the points at which smooth fields are computed; between them they are interpolated. */
const LATTICE_PIXELS = 4;

/** A window of a scene, in pixels from the scene's upper left corner. */
export interface SceneWindow {
  /** First column. */
  readonly left: number;
  /** First row. */
  readonly top: number;
  /** Columns. */
  readonly cols: number;
  /** Rows. */
  readonly rows: number;
}

/** A whole number of 32 bits for a position; the finalizer is that of MurmurHash3 (Appleby, public domain). */
export function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca77) ^ Math.imul(seed, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A number from 0 to 1 for a position. */
export function uniform(x: number, y: number, seed: number): number {
  return hash(x, y, seed) / 0x100000000;
}

/** Fractal noise from 0 to 1, mean a half: each octave has half the wavelength and half the weight of the last. */
export interface FractalNoise {
  /** The longest wavelength, pixels. */
  readonly wavelength: number;
  /** How many octaves. */
  readonly octaves: number;
  /** Noise of different seeds is unrelated. */
  readonly seed: number;
}

/** The noise's value at a position in pixels. */
export function fractalAt(noise: FractalNoise, x: number, y: number): number {
  let sum = 0;
  let weights = 0;
  let weight = 1;
  let wavelength = noise.wavelength;
  for (let octave = 0; octave < noise.octaves; octave++) {
    sum += weight * smoothNoise(x / wavelength, y / wavelength, noise.seed + octave);
    weights += weight;
    weight /= 2;
    wavelength /= 2;
  }
  return sum / weights;
}

function smoothNoise(x: number, y: number, seed: number): number {
  const col = Math.floor(x);
  const row = Math.floor(y);
  const across = smoothStep(0, 1, x - col);
  const down = smoothStep(0, 1, y - row);
  const upper = mix(uniform(col, row, seed), uniform(col + 1, row, seed), across);
  const lower = mix(uniform(col, row + 1, seed), uniform(col + 1, row + 1, seed), across);
  return mix(upper, lower, down);
}

/** From `a` to `b` as `share` goes from 0 to 1. */
export function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** 0 up to `from`, 1 beyond `to`, smooth between. */
export function smoothStep(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

/**
 * The values of a smooth function at each pixel of a window, row by row: computed at the points of a lattice that is
 * fixed in the scene, and interpolated.
 */
export function sampleField(window: SceneWindow, valueAt: (x: number, y: number) => number): Float32Array {
  const { left, top, cols, rows } = window;
  const firstCol = Math.floor(left / LATTICE_PIXELS);
  const firstRow = Math.floor(top / LATTICE_PIXELS);
  const across = Math.floor((left + cols - 1) / LATTICE_PIXELS) - firstCol + 2;
  const down = Math.floor((top + rows - 1) / LATTICE_PIXELS) - firstRow + 2;
  const lattice = new Float64Array(across * down);
  for (let j = 0, at = 0; j < down; j++) {
    for (let i = 0; i < across; i++) {
      lattice[at++] = valueAt((firstCol + i) * LATTICE_PIXELS, (firstRow + j) * LATTICE_PIXELS);
    }
  }
  const field = new Float32Array(cols * rows);
  for (let row = 0, at = 0; row < rows; row++) {
    const y = (top + row) / LATTICE_PIXELS - firstRow;
    const j = Math.floor(y);
    for (let col = 0; col < cols; col++) {
      const x = (left + col) / LATTICE_PIXELS - firstCol;
      const i = Math.floor(x);
      const corner = j * across + i;
      const upper = mix(lattice[corner]!, lattice[corner + 1]!, x - i);
      const lower = mix(lattice[corner + across]!, lattice[corner + across + 1]!, x - i);
      field[at++] = mix(upper, lower, y - j);
    }
  }
  return field;
}
