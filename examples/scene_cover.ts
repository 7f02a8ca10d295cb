/**
 * What covers the ground of the made scene, and what it reflects.
 *
 * @module
 */
import { fractalAt, hash, mix, sampleField, type SceneWindow, smoothStep, uniform } from "./scene_noise.ts";

/** Reflectances, 0 to 1: blue, green, red, near infrared. */
type Spectrum = readonly [number, number, number, number];

const WATER: Spectrum = [0.040, 0.048, 0.030, 0.014];
const RIVER: Spectrum = [0.058, 0.074, 0.062, 0.028];
const FOREST: Spectrum = [0.022, 0.044, 0.024, 0.310];
const GRASS: Spectrum = [0.046, 0.080, 0.068, 0.290];
const SOIL: Spectrum = [0.088, 0.122, 0.165, 0.245];
const CANOPY: Spectrum = [0.026, 0.068, 0.032, 0.490];
const ROCK: Spectrum = [0.135, 0.158, 0.182, 0.225];
const SNOW: Spectrum = [0.840, 0.860, 0.870, 0.790];
const STREET: Spectrum = [0.095, 0.100, 0.104, 0.120];

const DISTRICT_PIXELS = 640;
const TOWN_CELL_PIXELS = 1100;
const TOWN_BLOCK_PIXELS = 7;

/** The smooth fields that decide what stands where, a value for each pixel of a window. */
export interface Terrain {
  /** 0 to about 1. */
  readonly elevation: Float32Array;
  /** Light from the north-west on the slope: 1 on level ground. */
  readonly shade: Float32Array;
  /** 0 to 1. */
  readonly moisture: Float32Array;
  /** Distance from the nearest river, in units of its width there. */
  readonly river: Float32Array;
}

/** The terrain of a window. */
export function terrainOf(window: SceneWindow, seed: number): Terrain {
  const elevationAt = (x: number, y: number) => {
    const hills = fractalAt({ wavelength: 2400, octaves: 7, seed }, x, y);
    const range = smoothStep(0.5, 0.72, fractalAt({ wavelength: 3600, octaves: 2, seed: seed + 20 }, x, y));
    const ridge = 1 - Math.abs(2 * fractalAt({ wavelength: 1100, octaves: 7, seed: seed + 30 }, x, y) - 1);
    return 0.6 * hills + range * ridge * ridge * 0.75;
  };
  return {
    elevation: sampleField(window, elevationAt),
    shade: sampleField(window, (x, y) => {
      const east = elevationAt(x + 4, y) - elevationAt(x - 4, y);
      const south = elevationAt(x, y + 4) - elevationAt(x, y - 4);
      return Math.min(1.5, Math.max(0.35, 1 + 30 * (east + south)));
    }),
    moisture: sampleField(
      window,
      (x, y) => fractalAt({ wavelength: 1300, octaves: 7, seed: seed + 40 }, x, y),
    ),
    river: sampleField(window, (x, y) => {
      const course = fractalAt({ wavelength: 1900, octaves: 5, seed: seed + 50 }, x, y);
      return Math.abs(course - 0.5) /
        mix(0.0015, 0.006, fractalAt({ wavelength: 3000, octaves: 1, seed: seed + 60 }, x, y));
    }),
  };
}

/** Writes the reflectances of the ground at one pixel into `out`: `index` is its place in the terrain's fields. */
export function groundAt(
  terrain: Terrain,
  index: number,
  place: { readonly x: number; readonly y: number; readonly seed: number; readonly out: Float64Array },
): void {
  const { x, y, seed, out } = place;
  const elevation = terrain.elevation[index]!;
  const moisture = terrain.moisture[index]!;
  if (elevation < 0.17) return put(out, WATER, 1);
  if (terrain.river[index]! < 1 && elevation < 0.5) return put(out, RIVER, 1);

  // A ragged line between one cover and the next, as trees and scree make it.
  const ragged = elevation + 0.03 * (uniform(x, y, seed + 1) - 0.5);
  const light = terrain.shade[index]!;
  if (ragged > 0.92) return put(out, SNOW, light);
  if (ragged > 0.64) return put(out, ROCK, light * (0.8 + 0.4 * uniform(x, y, seed + 2)));
  if (townAt(x, y, seed) > uniform(x >> 1, y >> 1, seed + 3)) return putTown(out, x, y, seed);
  if (ragged > 0.43 || moisture > 0.62) {
    return put(out, FOREST, light * (0.7 + 0.6 * uniform(x, y, seed + 4)));
  }
  if (moisture < 0.36) return put(out, GRASS, light * (0.9 + 0.2 * uniform(x, y, seed + 5)));
  putField(out, x, y, seed);
}

function put(out: Float64Array, spectrum: Spectrum, light: number): void {
  for (let band = 0; band < 4; band++) out[band] = spectrum[band]! * light;
}

/** How much of the ground is built upon: towns lie one in each cell of a grid, big and small. */
function townAt(x: number, y: number, seed: number): number {
  const col = Math.floor(x / TOWN_CELL_PIXELS);
  const row = Math.floor(y / TOWN_CELL_PIXELS);
  const centreX = (col + 0.25 + 0.5 * uniform(col, row, seed + 6)) * TOWN_CELL_PIXELS;
  const centreY = (row + 0.25 + 0.5 * uniform(col, row, seed + 7)) * TOWN_CELL_PIXELS;
  const radius = (0.03 + 0.13 * uniform(col, row, seed + 8)) * TOWN_CELL_PIXELS;
  const distance2 = ((x - centreX) ** 2 + (y - centreY) ** 2) / radius ** 2;
  return distance2 > 4 ? 0 : Math.exp(-1.5 * distance2) * 1.1;
}

function putTown(out: Float64Array, x: number, y: number, seed: number): void {
  const col = Math.floor(x / TOWN_BLOCK_PIXELS);
  const row = Math.floor(y / TOWN_BLOCK_PIXELS);
  if (x % TOWN_BLOCK_PIXELS === 0 || y % TOWN_BLOCK_PIXELS === 0) return put(out, STREET, 1);
  const kind = uniform(col, row, seed + 9);
  if (kind < 0.12) return put(out, GRASS, 1);
  const roof = 0.07 + 0.16 * uniform(x >> 1, y >> 1, seed + 10);
  // Tiles are red, flat roofs are grey.
  const red = kind > 0.7 ? 1.35 : 1.05;
  out[0] = roof;
  out[1] = roof * 1.02;
  out[2] = roof * red;
  out[3] = roof * (red + 0.1);
}

/** Fields are strips of one direction within a district, each cut in pieces; each piece has one crop. */
function putField(out: Float64Array, x: number, y: number, seed: number): void {
  const district = hash(Math.floor(x / DISTRICT_PIXELS), Math.floor(y / DISTRICT_PIXELS), seed + 11);
  const slant = ((district & 255) / 255 - 0.5) * 1.2;
  const along = x + slant * y;
  const athwart = y - slant * x;
  const depth = 22 + (district >>> 8 & 31);
  const strip = Math.floor(athwart / depth);
  const length = 30 + (hash(strip, 0, district) & 63);
  const piece = Math.floor(along / length);
  const crop = hash(piece, strip, district);
  const isTrack = athwart - strip * depth < 1.3 || along - piece * length < 1.3;
  const vigour = isTrack ? 0.05 : (crop & 1023) / 1023;
  const patchy = 0.12 * (uniform(x >> 3, y >> 3, crop) + uniform(x >> 1, y >> 1, crop) - 1);
  const cover = Math.min(1, Math.max(0, vigour + (isTrack ? 0 : patchy)));
  const brightness = 0.85 + 0.3 * (crop >>> 10 & 255) / 255;
  for (let band = 0; band < 4; band++) out[band] = mix(SOIL[band]! * brightness, CANOPY[band]!, cover);
}
