/**
 * The outputs of a run: their layouts, and the window that suits them all.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import { shownValue } from "../core/shown_value.ts";
import type { ApplyOptions } from "./apply_options.ts";
import { type BlockGrid, totalBlocks } from "./block_list.ts";
import { DATA_TYPES, type DataType, isDataType } from "./data_type.ts";
import { parseCreationOptions } from "./geotiff/creation_options.ts";
import type { GeoTiffSpec } from "./geotiff/geotiff_writer.ts";
import { makeOutputLayout, type OutputLayout } from "./geotiff/output_layout.ts";
import { windowForLayouts } from "./geotiff/window_fit.ts";
import { requireOutputNodata } from "./output_nodata.ts";
import { checkNames, valueFor } from "./per_name.ts";
import { NO_GEOTRANSFORM, type PixelGrid } from "./pixel_grid.ts";
import { namedFiles } from "./named_files.ts";
import { isLayersNodata, isNodataList, type LayersNodata, NODATA_WORDS } from "./input_nodata.ts";
import { outputLabel, type OutputPlan } from "./raster_job.ts";

/** One output and what its file begins as. */
export interface PlannedFile {
  /** The plan that workers get. */
  readonly plan: OutputPlan;
  /** Its name for people, unique among the outputs. */
  readonly label: string;
  /** Its path. */
  readonly path: string;
  /** What its writer is told. */
  readonly spec: GeoTiffSpec;
}

/** What a run writes. */
export interface PlannedOutputs {
  /** The outputs, in order. */
  readonly files: readonly PlannedFile[];
  /** The blocks. */
  readonly blocks: BlockGrid;
  /** One line for the user, if the window is not the one asked for. */
  readonly notice: string | undefined;
}

/** RIOS's default window, pixels on each side. */
const DEFAULT_WINDOW = 256;

/** More blocks than this take too much memory to keep account of. */
const MAX_BLOCKS = 2 ** 27;

const TYPE_NAMES = `one of ${Object.keys(DATA_TYPES).join(", ")}`;

/**
 * Lays out all outputs.
 *
 * @throws {ConfigError} for a creation option, window, name or nodata value that can't be.
 */
export function planOutputs(options: ApplyOptions, workinggrid: PixelGrid): PlannedOutputs {
  const controls = options.controls ?? {};
  const names = Object.keys(options.outfiles ?? {});
  const perOutput = ["creationOptions", "outputNoData", "outputType", "layerNames"] as const;
  for (const option of perOutput) checkNames(controls[option], option, names);
  const requested = {
    windowxsize: side("windowxsize", controls.windowxsize),
    windowysize: side("windowysize", controls.windowysize),
  };
  const files = namedFiles(options.outfiles, "output");
  const { ncols, nrows, geotransform, geoKeys } = workinggrid;
  const layouts = files.map(({ name }): OutputLayout => {
    const creation = valueFor(controls.creationOptions, name, {
      ...{ optionName: "creationOptions", isOne: isStrings, what: "a list of KEY=VALUE", fallback: [] },
    });
    const nodata = valueFor(controls.outputNoData, name, {
      ...{ optionName: "outputNoData", isOne: isLayersNodata, what: NODATA_WORDS, fallback: 0 },
    });
    const layout = { width: ncols, height: nrows, nodata: oneNodata(nodata, name) };
    return makeOutputLayout(parseCreationOptions(creation), layout);
  });
  const window = windowForLayouts(layouts, requested, { exact: controls.windowExact ?? false });
  const blocks = { ncols, nrows, windowxsize: window.windowxsize, windowysize: window.windowysize };
  const { x, y } = totalBlocks(blocks);
  if (x * y > MAX_BLOCKS) {
    throw new ConfigError(
      `A working grid of ${ncols} x ${nrows} pixels in windows of ${blocks.windowxsize} x ${blocks.windowysize} has ` +
        `${
          x * y
        } blocks, over the limit of ${MAX_BLOCKS}: take larger windows, or look whether the inputs lie far apart`,
    );
  }
  const placed = geotransform.some((value, index) => value !== NO_GEOTRANSFORM[index]);
  return {
    files: files.map(({ name, index, location }, at): PlannedFile => {
      const layout = window.layouts[at]!;
      const dataType = valueFor(controls.outputType, name, {
        ...{ optionName: "outputType", isOne: isTypeName, what: TYPE_NAMES, fallback: undefined },
      });
      const bandNames = valueFor(controls.layerNames, name, {
        ...{ optionName: "layerNames", isOne: isStrings, what: "a list of texts", fallback: [] },
      });
      const plan = { name, index, layout, dataType };
      if (dataType !== undefined) requireOutputNodata(plan, dataType);
      const spec = { layout, geotransform: placed ? geotransform : null, geoKeys, bandNames };
      return { plan, label: outputLabel(plan), path: location, spec };
    }),
    blocks,
    notice: window.notice,
  };
}

/** GDAL_NODATA is one for all bands of a file. */
function oneNodata(nodata: LayersNodata, name: string): number | bigint | null {
  const [first = null, ...others] = isNodataList(nodata) ? nodata : [nodata];
  if (others.every((value) => Object.is(value, first))) return first;
  throw new ConfigError(
    `outputNoData of '${name}' has different values, and a GeoTIFF has one for all its bands: give one, or write the ` +
      "bands to outputs of their own",
  );
}

function side(name: string, value: number | undefined): number {
  if (value === undefined) return DEFAULT_WINDOW;
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new ConfigError(`${name} must be a whole number of at least 1, not ${shownValue(value)}`);
  }
  return value;
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isTypeName(value: unknown): value is DataType {
  return typeof value === "string" && isDataType(value);
}
