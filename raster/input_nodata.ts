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

/** One file of an input and the nodata value that the user gave it. */
export interface InputNodata {
  /** The input's name. */
  readonly name: string;
  /** What the file says. */
  readonly info: Pick<RasterInfo, "location" | "dataType" | "nodata">;
  /** What the user says: null for none; undefined for what the file says. */
  readonly given: number | bigint | null | undefined;
}

/**
 * The nodata value that pixels are compared with and padded with; null for none. A file's own value that none of its
 * pixels can have is none, as GDAL too reads such files.
 *
 * @throws {ConfigError} if the user's value is one that the file's pixel type can't hold.
 */
export function inputNodata({ name, info, given }: InputNodata): number | bigint | null {
  const { location, dataType } = info;
  if (given === undefined) return info.nodata === null ? null : nodataOfType(info.nodata, dataType) ?? null;
  if (given === null) return null;
  const held = nodataOfType(given, dataType);
  if (held !== undefined) return held;
  throw new ConfigError(
    `--nodata ${name}:${
      nodataWord(given)
    } (inputNoData): ${dataType}, the type of '${location}', can't hold it: ` +
      `give ${nodataChoice(dataType)}`,
  );
}

/** What {@linkcode nodataNotices} looks at. */
export interface PlannedNodata extends InputNodata {
  /** The file's place and the nodata value that holds. */
  readonly plan: Pick<InputFile, "width" | "height" | "offset" | "nodata">;
}

/**
 * What the user should know, a line a name at most of each kind: of values in files that no pixel can have, and of
 * files without a nodata value that are read beyond their edges. A user who said that there is none knows it.
 */
export function nodataNotices(
  files: readonly PlannedNodata[],
  read: { readonly workinggrid: PixelGrid; readonly overlap: number },
): string[] {
  const unsaid = files.filter(({ given, plan }) => given === undefined && plan.nodata === null);
  return [...new Set(unsaid.map(({ name }) => name))].flatMap((name) => {
    const own = unsaid.filter((file) => file.name === name);
    const give = `Give one with --nodata ${name}:VALUE (inputNoData), or say ${name}:none`;
    const useless = own.filter(({ info }) => info.nodata !== null);
    const without = own.filter(({ info, plan }) => info.nodata === null && !isWithin(plan, read));
    const notices: string[] = [];
    const [first] = useless;
    if (first) {
      const { nodata, dataType } = first.info;
      notices.push(
        `${shown(useless)} has the nodata value ${
          nodataWord(nodata!)
        }, which no pixel of ${dataType} can be: ` +
          `it counts as none, and pixels outside of the file as 0. ${give}`,
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
