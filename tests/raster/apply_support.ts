/**
 * What the tests of `apply()` share: synthetic rasters, whole images read back, every way to run a job, and a look at
 * what is left in a folder.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { ConcurrencyStyle } from "../../core/concurrency_style.ts";
import { CW_THREADS } from "../../core/kinds.ts";
import { apply } from "../../raster/apply.ts";
import type { ApplyOptions, ApplyResult } from "../../raster/apply_options.ts";
import { DATA_TYPES, type DataType, newPixelArray, type PixelArray } from "../../raster/data_type.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import type { GeoKeys, GeoTransform, RasterInfo } from "../../raster/raster_info.ts";
import { seededRandom, writeImage } from "./writer_pixels.ts";

/** UTM zone 33 north on WGS 84, as GDAL writes it. */
export const UTM_33N: GeoKeys = {
  directory: [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633],
  doubles: [],
  ascii: "",
};

/** Pixels of 30 m, north up. */
export const GEOTRANSFORM: GeoTransform = [500_000, 30, 0, 5_300_000, 0, -30];

/** The geotransform of a raster that begins `col` columns right and `row` rows down of {@linkcode GEOTRANSFORM}. */
export function shifted(col: number, row: number): GeoTransform {
  return [500_000 + 30 * col, 30, 0, 5_300_000 - 30 * row, 0, -30];
}

/** An image in memory: planar pixels. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly pixels: PixelArray;
  readonly nodata: number | bigint | null;
}

/** What {@linkcode makeRaster} is to write. */
export interface RasterSpec {
  readonly width: number;
  readonly height: number;
  readonly bands?: number;
  readonly dataType?: DataType;
  readonly nodata?: number | bigint | null;
  readonly geotransform?: GeoTransform | null;
  readonly geoKeys?: GeoKeys | null;
  readonly options?: readonly string[];
  /** Default 1. */
  readonly seed?: number;
  /** Part of the pixels that is nodata, if there is a nodata value. Default 0.1. */
  readonly holes?: number;
}

/** Numbers from 0 to about 10000 (100 for 8-bit types), with holes; the same for one seed. */
export function makeImage(spec: RasterSpec): Image {
  const { width, height, bands = 1, dataType = "uint16", nodata = null, seed = 1, holes = 0.1 } = spec;
  const random = seededRandom(seed * 7919);
  const pixels = newPixelArray(dataType, width * height * bands);
  const { bytes, sampleFormat } = DATA_TYPES[dataType];
  const most = bytes === 1 ? 100 : 10_000;
  for (let i = 0; i < pixels.length; i++) {
    const hole = nodata !== null && random() < holes;
    const value = hole ? nodata : sampleFormat === 3 ? random() * most : Math.floor(random() * most);
    pixels[i] = bytes === 8 && sampleFormat !== 3 ? BigInt(value) : value;
  }
  return { width, height, bands, pixels, nodata };
}

/** Writes a synthetic raster and gives back what is in it. */
export function makeRaster(path: string, spec: RasterSpec): Image {
  const image = makeImage(spec);
  const { geotransform = GEOTRANSFORM, geoKeys = UTM_33N, dataType = "uint16" } = spec;
  const options = spec.options ?? ["BLOCKXSIZE=64", "BLOCKYSIZE=32"];
  writeImage(path, { ...image, dataType, options }, { geotransform, geoKeys });
  return image;
}

/** A whole raster, with what its file says of it. */
export async function readRaster(path: string): Promise<Image & { readonly info: RasterInfo }> {
  await using reader = await GeoTiffReader.open(path);
  const { width, height, bands, nodata } = reader.info;
  const pixels = await reader.readWindow({ left: 0, top: 0, ncols: width, nrows: height });
  return { info: reader.info, width, height, bands, nodata, pixels };
}

/** Names in a folder, sorted. */
export function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Every way to run a job on this machine. */
export const STYLES: Readonly<Record<string, ConcurrencyStyle>> = {
  "CW_NONE": {},
  "CW_NONE with a read worker": { numReadWorkers: 1, computeWorkersRead: false },
  "CW_THREADS": { computeWorkerKind: CW_THREADS, numComputeWorkers: 2 },
  "CW_THREADS, one worker": { computeWorkerKind: CW_THREADS, numComputeWorkers: 1 },
  "CW_THREADS with read workers of their own": {
    computeWorkerKind: CW_THREADS,
    numComputeWorkers: 2,
    numReadWorkers: 1,
  },
  "CW_THREADS that don't read": {
    computeWorkerKind: CW_THREADS,
    numComputeWorkers: 2,
    computeWorkersRead: false,
    numReadWorkers: 2,
  },
};

/** Two threads. */
export const THREADS: ConcurrencyStyle = STYLES["CW_THREADS"]!;

/** Two threads, fed by a read worker. */
export const FED_THREADS: ConcurrencyStyle = STYLES["CW_THREADS that don't read"]!;

/** Runs a job and collects what it has to say in place of the console. */
export async function run(options: ApplyOptions): Promise<ApplyResult & { readonly notices: string[] }> {
  const notices: string[] = [];
  const result = await apply({ onNotice: (line) => notices.push(line), ...options });
  return { ...result, notices };
}

/** The absolute path of one of the user functions in `tests/fakes/user_functions`. */
export function userFunction(name: string): URL {
  return new URL(`../fakes/user_functions/${name}`, import.meta.url);
}

/** The absolute path of an example. */
export function example(name: string): URL {
  return new URL(`../../examples/${name}`, import.meta.url);
}

/** Whether two arrays are of one type and have the same bits, NaNs included; says where they differ first. */
export function assertSamePixels(actual: PixelArray, expected: PixelArray, what: string): void {
  assertEquals(actual.constructor.name, expected.constructor.name, what);
  assertEquals(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    assert(Object.is(actual[i], expected[i]), `${what}: pixel ${i} is ${actual[i]}, not ${expected[i]}`);
  }
}

/** The pixel of an image on another's grid, or undefined outside. */
export function pixelAt(image: Image, band: number, row: number, col: number): number | bigint | undefined {
  if (row < 0 || col < 0 || row >= image.height || col >= image.width) return undefined;
  return image.pixels[(band * image.height + row) * image.width + col];
}

/** An error as a test wants it. */
export interface WantedError {
  readonly kind: { readonly name: string; readonly prototype: Error };
  /** Words that the message must hold. */
  readonly says: readonly string[];
  /** Whether blocks may have been done by then: those are kept in part files, each run's with its journal. */
  readonly mayKeepBlocks?: boolean;
}

/**
 * Runs a job that must fail, and checks the error's class, that its message is one line with the wanted words, and that
 * the folder looks as it did before: no part, no lock, and old outputs as they were. Blocks that were kept are removed.
 */
export async function assertFails(
  folder: string,
  options: ApplyOptions,
  wanted: WantedError,
): Promise<Error> {
  const before = snapshot(folder);
  const error = await run(options).then(
    () => new Error("it did not fail at all"),
    (thrown) => thrown instanceof Error ? thrown : new Error(`it threw ${thrown}`),
  );
  assert(
    Object.prototype.isPrototypeOf.call(wanted.kind.prototype, error),
    `${error.name} is no ${wanted.kind.name}: ${error.message}`,
  );
  for (const words of wanted.says) assertStringIncludes(error.message, words);
  assert(!error.message.includes("\n"), `more than one line: ${error.message}`);
  if (wanted.mayKeepBlocks) removeKeptBlocks(folder);
  assertEquals(snapshot(folder), before, "what is in the folder has changed");
  return error;
}

/** Removes the part files and the journal of a run that failed; there must be both or neither. */
export function removeKeptBlocks(folder: string): void {
  const kept = filesIn(folder).filter((name) => /\.(part|journal)$/.test(name));
  const journals = kept.filter((name) => name.endsWith(".journal"));
  assertEquals(kept.length > 0, journals.length > 0, `part files without a journal, or one without: ${kept}`);
  for (const name of kept) Deno.removeSync(join(folder, name));
}

/** Every file's size and time of change, by its path from the folder. */
function snapshot(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const { size, mtime } = Deno.lstatSync(join(folder, name));
    found[name] = isDirectory ? "folder" : `${size} bytes, changed ${mtime?.getTime()}`;
  }
  return found;
}
