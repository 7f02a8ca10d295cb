/**
 * Inputs, opened once to learn what they are and where they lie.
 *
 * @module
 */
import { allOf } from "../core/all_of.ts";
import { RasterError } from "../core/errors.ts";
import { GeoTiffReader } from "./geotiff/geotiff_reader.ts";
import type { NamedFile } from "./named_files.ts";
import { type NamedGrid, NO_GEOTRANSFORM, type PixelGrid } from "./pixel_grid.ts";
import type { InputFile } from "./raster_job.ts";
import type { RasterInfo } from "./raster_info.ts";
import { addSidecars, readFileInfo, type ReadFileInfoOptions } from "./sidecars/read_file_info.ts";
import { type ByteSource, openByteSource } from "./source/byte_source.ts";
import { readableLocation } from "./source/location.ts";
import { realLocation } from "./source/real_location.ts";

/** An input and what it is. */
export interface OpenedFile extends NamedFile, Pick<InputFile, "openAs" | "server"> {
  readonly info: RasterInfo;
  readonly grid: PixelGrid;
}

/**
 * Opens all inputs and closes them again.
 *
 * @throws {RasterError} if one can't be read.
 */
export async function openAll(
  named: readonly NamedFile[],
  opening: ReadFileInfoOptions,
): Promise<OpenedFile[]> {
  const opened: OpenedFile[] = [];
  // A few at a time: a mosaic of thousands would run out of file handles.
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

/**
 * The grid of a file.
 *
 * @throws {RasterError} if its rows and columns run the same way, so that its pixels have no area.
 */
function gridOf({ location, geotransform, geoKeys, wkt, width, height }: RasterInfo): PixelGrid {
  if (geotransform && geotransform[1] * geotransform[5] === geotransform[2] * geotransform[4]) {
    throw new RasterError(
      `'${location}' has the geotransform [${
        geotransform.join(", ")
      }], which places no pixels; give it corners: ` +
        "gdal_translate -a_ullr ULX ULY LRX LRY IN.tif OUT.tif",
    );
  }
  const grid = { geotransform: geotransform ?? NO_GEOTRANSFORM, geoKeys, ncols: width, nrows: height };
  return wkt === null ? grid : { ...grid, wkt };
}

/**
 * The grid of a raster that is no input.
 *
 * @throws {RasterError} if it can't be read.
 */
export async function readGrid(location: string, opening: ReadFileInfoOptions): Promise<NamedGrid> {
  const info = await readFileInfo(location, opening);
  return namedGrid({ info, grid: gridOf(info) });
}

/** A file's grid, by the file's name for people, which holds no credentials. */
export function namedGrid({ info, grid }: Pick<OpenedFile, "info" | "grid">): NamedGrid {
  return { name: info.location, grid };
}
