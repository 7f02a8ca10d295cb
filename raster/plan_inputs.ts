/**
 * The inputs of a run: opened once to learn their grids, and combined into the working grid.
 *
 * @module
 */
import { fromFileUrl } from "@std/path/from-file-url";
import { allOf } from "../core/all_of.ts";
import { ConfigError } from "../core/errors.ts";
import type { ApplierControls, ApplyOptions } from "./apply_options.ts";
import { GeoTiffReader } from "./geotiff/geotiff_reader.ts";
import { type InputNodata, layerNodata, type LayersNodata, nodataNotices } from "./input_nodata.ts";
import { checkNames, valueFor } from "./per_name.ts";
import {
  combineGrids,
  type NamedGrid,
  NO_GEOTRANSFORM,
  type PixelGrid,
  requireOffset,
} from "./pixel_grid.ts";
import type { InputFile, InputPlan } from "./raster_job.ts";
import type { RasterInfo, SidecarFact } from "./raster_info.ts";
import { placeNotices } from "./place_notices.ts";
import { addSidecars, readFileInfo, type ReadFileInfoOptions } from "./sidecars/read_file_info.ts";
import { LocalSiblings } from "./sidecars/sibling_files.ts";
import { type ByteSource, openByteSource } from "./source/byte_source.ts";
import { isRemote, readableLocation } from "./source/location.ts";
import { absolutePath, realLocation } from "./source/real_location.ts";
import { isSizeOnly } from "./source/version.ts";
import { unreadNotices } from "./unread_parts.ts";

/** What a run reads. */
export interface PlannedInputs {
  /** The inputs. */
  readonly inputs: readonly InputPlan[];
  /** The working grid. */
  readonly workinggrid: PixelGrid;
  /** Lines for the user. */
  readonly notices: readonly string[];
}

/** One file as the user named it. */
export interface NamedFile {
  /** The name. */
  readonly name: string;
  /** Its place in a list; undefined if the name stands for one file. */
  readonly index: number | undefined;
  /** Path or URL. */
  readonly location: string;
}

interface OpenedFile extends NamedFile, Pick<InputFile, "openAs" | "server"> {
  readonly info: RasterInfo;
  readonly grid: PixelGrid;
}

/**
 * The files of an association of names, in order.
 *
 * @throws {ConfigError} if a name has no file.
 */
export function namedFiles(files: ApplyOptions["infiles"], what: string): NamedFile[] {
  return Object.entries(files ?? {}).flatMap(([name, given]): NamedFile[] => {
    if (!Array.isArray(given)) {
      return [{ name, index: undefined, location: location(given, `${what} ${name}`) }];
    }
    if (given.length === 0) throw new ConfigError(`${what} '${name}' is an empty list of files`);
    return given.map((file, index) => ({ name, index, location: location(file, `${what} ${name}`) }));
  });
}

/**
 * Opens all inputs, checks that they share one pixel lattice and makes the working grid.
 *
 * @throws {ConfigError} for options that can't work together.
 * @throws {RasterError} if an input can't be read or lies on another grid.
 * @throws {AbortedError} if the run's signal is aborted while a server is waited for.
 */
export async function planInputs(options: ApplyOptions): Promise<PlannedInputs> {
  const controls = options.controls ?? {};
  const named = namedFiles(options.infiles, "input");
  const names = Object.keys(options.infiles ?? {});
  checkNames(controls.layers, "layers", names);
  checkNames(controls.inputNoData, "inputNoData", names);
  const forExtent: unknown = controls.filesForExtent ?? [];
  if (!Array.isArray(forExtent)) {
    throw new ConfigError(
      `filesForExtent must be a list of the inputs' names, not ${Deno.inspect(forExtent)}`,
    );
  }
  for (const name of forExtent) {
    if (!names.includes(name)) throw new ConfigError(`filesForExtent names '${name}', which is no input`);
  }
  const opening = {
    siblings: new LocalSiblings(named.length),
    ...options.signal ? { signal: options.signal } : {},
  };
  const files = await openAll(named, opening);
  const workinggrid = await workingGrid(files, { controls, opening });
  const reference = { name: "the working grid", isFile: false, grid: workinggrid };
  const planned = files.map((file) => planFile(file, { controls, reference }));
  const inputs = names.map((name): InputPlan => ({
    name,
    isList: Array.isArray(options.infiles![name]),
    files: planned.filter((_, index) => files[index]!.name === name),
  }));
  const nodata = files.map((file, index) => ({ ...givenNodata(file, controls), plan: planned[index]! }));
  const notices = [
    ...unreadNotices(files.map(({ info }) => info)),
    ...unversionedNotices(files.map(({ info }) => info)),
    ...placeNotices(files.map(({ info }) => info), workinggrid),
    ...nodataNotices(nodata, { workinggrid, overlap: controls.overlap ?? 0 }),
  ];
  return { inputs, workinggrid, notices };
}

/** What is said of servers that would not let a change in mid-run be noticed. */
function unversionedNotices(infos: readonly RasterInfo[]): string[] {
  const [first, ...more] = infos.filter(({ version }) => isSizeOnly(version));
  if (first === undefined) return [];
  const others = more.length === 0 ? "" : ` and ${more.length} more`;
  return [
    `The server of '${first.location}'${others} says neither ETag nor Last-Modified: if the file changes there while the ` +
    `run reads it, only another size is noticed`,
  ];
}

// A few at a time: a mosaic of thousands would run out of file handles.
async function openAll(named: readonly NamedFile[], opening: ReadFileInfoOptions): Promise<OpenedFile[]> {
  const opened: OpenedFile[] = [];
  for (let at = 0; at < named.length; at += 16) {
    opened.push(
      ...await allOf(
        named.slice(at, at + 16).map(async (file) => {
          const { info, openAs, server } = await readInput(file.location, opening);
          return { ...file, openAs, server, info, grid: gridOf(info) };
        }),
      ),
    );
  }
  return opened;
}

/** What an input and the files beside it say, and where it is whatever the user function does to the working folder. */
async function readInput(
  location: string,
  options: ReadFileInfoOptions,
): Promise<Pick<OpenedFile, "info" | "openAs" | "server">> {
  const { siblings: _siblings, ...opening } = options;
  const openAs = realLocation(location);
  const source = await openByteSource(openAs, { ...opening, name: readableLocation(location) });
  const { server } = source;
  const own = await readOwn(source);
  return { info: await addSidecars(own, location, options), openAs, server };
}

async function readOwn(source: ByteSource): Promise<RasterInfo> {
  await using reader = await GeoTiffReader.openSource(source);
  return reader.info;
}

function gridOf({ geotransform, geoKeys, wkt, width, height }: RasterInfo): PixelGrid {
  const grid = { geotransform: geotransform ?? NO_GEOTRANSFORM, geoKeys, ncols: width, nrows: height };
  return wkt === null ? grid : { ...grid, wkt };
}

async function workingGrid(
  files: readonly OpenedFile[],
  { controls, opening }: { controls: ApplierControls; opening: ReadFileInfoOptions },
): Promise<PixelGrid> {
  const { footprint = "intersection", reference: referenceFile, referencePixgrid, filesForExtent } = controls;
  if (!["intersection", "union", "bounds_from_reference"].includes(footprint)) {
    throw new ConfigError(
      `There is no footprint '${footprint}': it is "intersection", "union" or "bounds_from_reference"`,
    );
  }
  if (referenceFile !== undefined && referencePixgrid !== undefined) {
    throw new ConfigError("Give reference or referencePixgrid, not both");
  }
  const given = await referenceGrid(controls, opening);
  if (footprint === "bounds_from_reference" || files.length === 0) {
    if (given) {
      for (const file of files) requireOffset(given, namedGrid(file));
      return given.grid;
    }
    throw new ConfigError(
      files.length === 0
        ? "There are no inputs: name at least one, or give a reference grid"
        : `The footprint "bounds_from_reference" needs a reference: give reference or referencePixgrid`,
    );
  }
  const forExtent = filesForExtent ? files.filter(({ name }) => filesForExtent.includes(name)) : files;
  if (forExtent.length === 0) throw new ConfigError("filesForExtent names no input: name at least one");
  const grids = forExtent.map(namedGrid);
  const reference = given ?? grids[0]!;
  // Files that don't make the extent must lie on the lattice all the same; said with the file's own names.
  for (const file of files) requireOffset(reference, namedGrid(file));
  return combineGrids(reference, grids, { footprint });
}

async function referenceGrid(
  { reference, referencePixgrid }: ApplierControls,
  opening: ReadFileInfoOptions,
): Promise<NamedGrid | undefined> {
  if (referencePixgrid) {
    return { name: "referencePixgrid", isFile: false, grid: checkedGrid(referencePixgrid) };
  }
  if (reference === undefined) return undefined;
  const info = await readFileInfo(location(reference, "reference"), opening);
  return namedGrid({ info, grid: gridOf(info) });
}

/** A file's grid, by the file's name for people, which holds no credentials. */
function namedGrid({ info, grid }: Pick<OpenedFile, "info" | "grid">): NamedGrid {
  return { name: info.location, grid };
}

function checkedGrid(grid: PixelGrid): PixelGrid {
  const { ncols, nrows, geotransform: t } = grid;
  for (const side of [ncols, nrows]) {
    if (!Number.isSafeInteger(side) || side < 1) {
      throw new ConfigError(
        `referencePixgrid of ${ncols} x ${nrows} pixels: both must be whole numbers of at least 1`,
      );
    }
  }
  if (!Array.isArray(t) || t.length !== 6 || !t.every(Number.isFinite) || t[1] * t[5] - t[2] * t[4] === 0) {
    throw new ConfigError(`referencePixgrid has the geotransform [${t}], which places no pixels`);
  }
  return grid;
}

function planFile(
  file: OpenedFile,
  options: { controls: ApplierControls; reference: NamedGrid },
): InputFile {
  const { name, location, openAs, server, info } = file;
  const { controls, reference } = options;
  const offset = requireOffset(namedGrid(file), reference);
  const all = Array.from({ length: info.bands }, (_, index) => index + 1);
  const layers = valueFor(controls.layers, name, {
    ...{ optionName: "layers", isOne: isNumbers, what: "a list of band numbers", fallback: all },
  });
  for (const layer of layers) {
    if (!all.includes(layer)) {
      throw new ConfigError(
        `There is no layer ${layer} in '${info.location}', which has ${
          info.bands === 1 ? "1 band" : `${info.bands} bands`
        }: they count from 1`,
      );
    }
  }
  if (layers.length === 0) {
    throw new ConfigError(`layers of '${name}' is an empty list: leave it out for all`);
  }
  const isGiven = (fact: SidecarFact) => info.sidecars.some(({ gives }) => gives.includes(fact));
  return {
    location,
    openAs,
    server,
    width: info.width,
    height: info.height,
    dataType: info.dataType,
    offset,
    layers,
    nodata: layerNodata({ ...givenNodata(file, controls), layers }),
    bandNodata: isGiven("nodata") ? info.bandNodata : undefined,
    version: info.version,
    beside: isRemote(location) ? undefined : {
      path: absolutePath(location),
      version: info.sidecarsVersion,
      hasPlace: info.geotransform !== null && !isGiven("geotransform"),
    },
  };
}

function givenNodata({ name, info }: OpenedFile, { inputNoData }: ApplierControls): InputNodata {
  const given = valueFor(inputNoData, name, {
    ...{ optionName: "inputNoData", isOne: isLayersNodata, what: NODATA_WORDS, fallback: undefined },
  });
  return { name, info, given };
}

/** Whether something can be a nodata value; null is none. */
export function isNodata(value: unknown): value is number | bigint | null {
  return value === null || typeof value === "number" || typeof value === "bigint";
}

/** What {@linkcode isLayersNodata} takes, for people. */
const NODATA_WORDS = "a number, null, or a list of one a layer";

function isLayersNodata(value: unknown): value is LayersNodata {
  return isNodata(value) || Array.isArray(value) && value.every(isNodata);
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}

function location(file: unknown, what: string): string {
  if (file instanceof URL) return file.protocol === "file:" ? fromFileUrl(file) : file.href;
  if (typeof file === "string" && file !== "") return file;
  throw new ConfigError(`${what} must be a path or URL, not ${file === "" ? "an empty text" : typeof file}`);
}
