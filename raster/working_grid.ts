/**
 * The working grid: the inputs' grids, or a reference, combined as the user says.
 *
 * @module
 */
import { didYouMean } from "../core/closest_name.ts";
import { ConfigError, RasterError } from "../core/errors.ts";
import { shownValue } from "../core/shown_value.ts";
import type { ApplierControls } from "./apply_options.ts";
import { locationOf } from "./named_files.ts";
import { namedGrid, type OpenedFile, readGrid } from "./open_inputs.ts";
import { combineGrids, type NamedGrid, type PixelGrid, requireOffset } from "./pixel_grid.ts";
import type { ReadFileInfoOptions } from "./sidecars/read_file_info.ts";

/**
 * The grid that is worked on.
 *
 * @param files the inputs.
 * @throws {ConfigError} for options that can't work together.
 * @throws {RasterError} if an input lies on another grid, or a reference can't be read.
 */
export async function workingGrid(
  files: readonly OpenedFile[],
  { controls, opening }: { controls: ApplierControls; opening: ReadFileInfoOptions },
): Promise<PixelGrid> {
  const { footprint = "intersection", reference: referenceFile, referencePixgrid } = controls;
  if (!["intersection", "union", "bounds_from_reference"].includes(footprint)) {
    throw new ConfigError(
      `There is no footprint '${footprint}': it is "intersection", "union" or "bounds_from_reference"`,
    );
  }
  if (referenceFile !== undefined && referencePixgrid !== undefined) {
    throw new ConfigError("Give reference or referencePixgrid, not both");
  }
  const given = await referenceGrid(files, { controls, opening });
  if (footprint === "bounds_from_reference" || files.length === 0) {
    if (given) {
      for (const file of files) await requireOffset(given, namedGrid(file));
      return given.grid;
    }
    throw new ConfigError(
      files.length === 0
        ? "There are no inputs: name at least one, or give a reference grid"
        : `The footprint "bounds_from_reference" needs a reference: give reference or referencePixgrid`,
    );
  }
  const grids = await extentGrids(files, { controls, opening });
  const reference = given ?? grids[0]!;
  // Files that don't make the extent must lie on the lattice all the same; said with the file's own names.
  for (const file of files) await requireOffset(reference, namedGrid(file));
  return await combineGrids(reference, grids, { footprint });
}

/** The grids whose extents count: all inputs', or those that the user named, as inputs or as files. */
async function extentGrids(
  files: readonly OpenedFile[],
  { controls, opening }: { controls: ApplierControls; opening: ReadFileInfoOptions },
): Promise<NamedGrid[]> {
  const given: unknown = controls.filesForExtent;
  if (given === undefined || given === null) return files.map(namedGrid);
  if (!Array.isArray(given)) {
    throw new ConfigError(
      `filesForExtent must be a list of inputs' names or of files, not ${shownValue(given)}`,
    );
  }
  if (given.length === 0) {
    throw new ConfigError("filesForExtent names no input and no file: name at least one");
  }
  const grids: NamedGrid[] = [];
  for (const one of given) grids.push(...await gridsOf(one, "filesForExtent", { files, opening }));
  return grids;
}

/**
 * The grids that a name of an input, or a file, stands for. An input's name goes before a file that is called so, which
 * `./NAME` means.
 */
async function gridsOf(
  given: unknown,
  what: string,
  { files, opening }: { files: readonly OpenedFile[]; opening: ReadFileInfoOptions },
): Promise<NamedGrid[]> {
  const wanted = locationOf(given, what);
  const inputs = files.filter(({ name }) => name === wanted);
  if (inputs.length > 0) return inputs.map(namedGrid);
  const same = files.find(({ location }) => location === wanted);
  if (same) return [namedGrid(same)];
  try {
    return [await readGrid(wanted, opening)];
  } catch (error) {
    const isMissing = error instanceof RasterError && error.cause instanceof Deno.errors.NotFound;
    // What is written as a path was not meant as a name.
    if (!isMissing || /[./\\]/.test(wanted)) throw error;
    const names = [...new Set(files.map(({ name }) => name))];
    const known = names.length > 0 ? `; the inputs are ${names.join(", ")}` : "";
    throw new ConfigError(
      `${what} names '${wanted}', which is no input and no file${didYouMean(wanted, names)}${known}`,
      { cause: error },
    );
  }
}

async function referenceGrid(
  files: readonly OpenedFile[],
  { controls, opening }: { controls: ApplierControls; opening: ReadFileInfoOptions },
): Promise<NamedGrid | undefined> {
  const { reference, referencePixgrid } = controls;
  if (referencePixgrid) {
    return { name: "referencePixgrid", isFile: false, grid: checkedGrid(referencePixgrid) };
  }
  if (reference === undefined) return undefined;
  const [grid, ...others] = await gridsOf(reference, "reference", { files, opening });
  if (others.length === 0) return grid;
  throw new ConfigError(
    `reference names '${reference}', which is a list of ${
      others.length + 1
    } files: give the path of one of them`,
  );
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
