/**
 * The nodata values of inputs: the user's or the files' own, and what is said where there is none.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import type { PixelGrid } from "./pixel_grid.ts";
import { nodataChoice, nodataOfType, nodataWord } from "./nodata_pixel.ts";
import type { InputFile } from "./raster_job.ts";
import type { RasterInfo } from "./raster_info.ts";

/** One nodata value for all layers, or a list of one a layer; null is none. */
export type LayersNodata = number | bigint | null | readonly (number | bigint | null)[];

function isNodata(value: unknown): value is number | bigint | null {
  return value === null || typeof value === "number" || typeof value === "bigint";
}

/** What {@linkcode isLayersNodata} takes, for people. */
export const NODATA_WORDS = "a number, null, or a list of one a layer";

/** Whether something can be the nodata values of the layers that are read. */
export function isLayersNodata(value: unknown): value is LayersNodata {
  return isNodata(value) || Array.isArray(value) && value.every(isNodata);
}

/** One file of an input and the nodata value that the user gave it. */
export interface InputNodata {
  /** The input's name. */
  readonly name: string;
  /** What the file says. */
  readonly info: Pick<RasterInfo, "location" | "dataType" | "bandNodata">;
  /** What the user says: null for none; undefined for what the file says. */
  readonly given: LayersNodata | undefined;
}

/**
 * The nodata values of the layers that are read, which pixels are compared with and padded with; null for none. A file's
 * own value that none of its pixels can have is none, as GDAL too reads such files.
 *
 * @param options.layers the bands that are read, from 1.
 * @throws {ConfigError} if the user's value is one that the file's pixel type can't hold, or the list has another length.
 */
export function layerNodata(
  { name, info, given, layers }: InputNodata & { readonly layers: readonly number[] },
): (number | bigint | null)[] {
  if (given === undefined) return layers.map((band) => ownNodata(info, band));
  if (!isNodataList(given)) return layers.map(() => heldNodata(given, { name, info }));
  if (given.length !== layers.length) {
    throw new ConfigError(
      `inputNoData of '${name}' has ${given.length} value(s), and ${layers.length} layer(s) of '${info.location}' ` +
        `are read: give one a layer, or one for all`,
    );
  }
  return given.map((value) => heldNodata(value, { name, info }));
}

function ownNodata({ bandNodata, dataType }: InputNodata["info"], band: number): number | bigint | null {
  const nodata = bandNodata[band - 1] ?? null;
  return nodata === null ? null : nodataOfType(nodata, dataType) ?? null;
}

function heldNodata(
  value: number | bigint | null,
  { name, info: { location, dataType } }: Pick<InputNodata, "name" | "info">,
): number | bigint | null {
  if (value === null) return null;
  const held = nodataOfType(value, dataType);
  if (held !== undefined) return held;
  throw new ConfigError(
    `--nodata ${name}:${
      nodataWord(value)
    } (inputNoData): ${dataType}, the type of '${location}', can't hold it: ` +
      `give ${nodataChoice(dataType)}`,
  );
}

/** Whether it is one value a layer. */
export function isNodataList(given: LayersNodata): given is readonly (number | bigint | null)[] {
  return Array.isArray(given);
}

/** What {@linkcode nodataNotices} looks at. */
export interface PlannedNodata extends InputNodata {
  /** The file's place and the nodata values that hold. */
  readonly plan: Pick<InputFile, "width" | "height" | "offset" | "layers" | "nodata">;
}

/**
 * What the user should know, a line a name at most of each kind: of values in files that no pixel can have, and of
 * files without a nodata value that are read beyond their edges. A user who said that there is none knows it.
 */
export function nodataNotices(
  files: readonly PlannedNodata[],
  read: { readonly workinggrid: PixelGrid; readonly overlap: number },
): string[] {
  const unsaid = files.filter(({ given, plan }) => given === undefined && plan.nodata.includes(null));
  return [...new Set(unsaid.map(({ name }) => name))].flatMap((name) => {
    const own = unsaid.filter((file) => file.name === name);
    const give = `Give one with --nodata ${name}:VALUE (inputNoData), or say ${name}:none`;
    const useless = own.filter((file) => uselessNodata(file) !== undefined);
    const without = own.filter((file) => uselessNodata(file) === undefined && !isWithin(file.plan, read));
    const notices: string[] = [];
    const [first] = useless;
    if (first) {
      notices.push(
        `${shown(useless)} has the nodata value ${nodataWord(uselessNodata(first)!)}, which no pixel of ` +
          `${first.info.dataType} can be: it counts as none, and pixels outside of the file as 0. ${give}`,
      );
    }
    if (without.length > 0) {
      notices.push(
        `${shown(without)} has no nodata value: pixels outside of it are 0 to the function. ${give}`,
      );
    }
    return notices;
  });
}

/** A value that the file says of a layer and that counts as none. */
function uselessNodata({ info, plan }: PlannedNodata): number | bigint | undefined {
  const layer = plan.layers.find((band, index) =>
    plan.nodata[index] === null && (info.bandNodata[band - 1] ?? null) !== null
  );
  return layer === undefined ? undefined : info.bandNodata[layer - 1]!;
}

/** Whether all pixels that are read, margins included, are the file's. */
function isWithin(
  { width, height, offset }: PlannedNodata["plan"],
  { workinggrid, overlap }: { readonly workinggrid: PixelGrid; readonly overlap: number },
): boolean {
  return offset.col >= overlap && offset.row >= overlap &&
    offset.col + workinggrid.ncols + overlap <= width && offset.row + workinggrid.nrows + overlap <= height;
}

function shown([first, ...others]: readonly PlannedNodata[]): string {
  const { name, info: { location } } = first!;
  return `'${location}'${others.length > 0 ? ` (and ${others.length} more of ${name})` : ""}`;
}
