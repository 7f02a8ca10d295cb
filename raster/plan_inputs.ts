/**
 * The inputs of a run: opened once to learn their grids, and combined into the working grid.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import type { ApplierControls, ApplyOptions } from "./apply_options.ts";
import {
  type InputNodata,
  isLayersNodata,
  layerNodata,
  NODATA_WORDS,
  nodataNotices,
} from "./input_nodata.ts";
import { namedFiles } from "./named_files.ts";
import { namedGrid, openAll, type OpenedFile } from "./open_inputs.ts";
import { checkNames, valueFor } from "./per_name.ts";
import { type NamedGrid, type PixelGrid, requireOffset } from "./pixel_grid.ts";
import { placeNotices } from "./place_notices.ts";
import type { InputFile, InputPlan } from "./raster_job.ts";
import type { RasterInfo, SidecarFact } from "./raster_info.ts";
import { LocalSiblings } from "./sidecars/sibling_files.ts";
import { isRemote } from "./source/location.ts";
import { absolutePath } from "./source/real_location.ts";
import { isSizeOnly } from "./source/version.ts";
import { unreadNotices } from "./unread_parts.ts";
import { workingGrid } from "./working_grid.ts";

/** What a run reads. */
export interface PlannedInputs {
  /** The inputs. */
  readonly inputs: readonly InputPlan[];
  /** The working grid. */
  readonly workinggrid: PixelGrid;
  /** Lines for the user. */
  readonly notices: readonly string[];
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
  const opening = {
    siblings: new LocalSiblings(named.length),
    ...options.signal ? { signal: options.signal } : {},
  };
  const files = await openAll(named, opening);
  const workinggrid = await workingGrid(files, { controls, opening });
  const reference = { name: "the working grid", isFile: false, grid: workinggrid };
  const planned: InputFile[] = [];
  for (const file of files) planned.push(await planFile(file, { controls, reference }));
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

async function planFile(
  file: OpenedFile,
  options: { controls: ApplierControls; reference: NamedGrid },
): Promise<InputFile> {
  const { name, location, openAs, server, info } = file;
  const { controls, reference } = options;
  const offset = await requireOffset(namedGrid(file), reference);
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
    beside: {
      path: isRemote(location) ? undefined : absolutePath(location),
      version: info.sidecarsVersion,
      hasPlace: info.geotransform !== null && !isGiven("geotransform"),
    },
    tiles: {
      tiled: info.tiled,
      width: info.tileWidth,
      height: info.tileHeight,
      planar: info.interleave === "BAND",
      bands: info.bands,
      compression: info.compression,
    },
  };
}

function givenNodata({ name, info }: OpenedFile, { inputNoData }: ApplierControls): InputNodata {
  const given = valueFor(inputNoData, name, {
    ...{ optionName: "inputNoData", isOne: isLayersNodata, what: NODATA_WORDS, fallback: undefined },
  });
  return { name, info, given };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}
