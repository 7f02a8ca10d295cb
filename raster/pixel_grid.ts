/**
 * Pixel grids: where the pixels of a raster lie, and how the grids of several are combined into the working grid.
 *
 * @module
 */
import { RasterError } from "../core/errors.ts";
import { differenceOfCrs } from "./crs/same_crs.ts";
import { gridCrsName, sameGridCrs } from "./grid_crs.ts";
import type { GeoKeys, GeoTransform } from "./raster_info.ts";
import { warpAdvice } from "./warp_command.ts";

/** A grid of pixels in the world. RIOS's PixelGridDefn. */
export interface PixelGrid {
  /** GDAL's six numbers; `[0, 1, 0, 0, 0, 1]` for a raster without a place. */
  readonly geotransform: GeoTransform;
  /** Columns. */
  readonly ncols: number;
  /** Rows. */
  readonly nrows: number;
  /** The coordinate system; null for none. */
  readonly geoKeys: GeoKeys | null;
  /** The coordinate system as text, mostly WKT, where GeoTIFF has no keys for it; `geoKeys` is null then. */
  readonly wkt?: string;
}

/** Where a grid's first pixel lies in another grid, in whole pixels; may be negative. */
export interface PixelOffset {
  /** Columns to the right. */
  readonly col: number;
  /** Rows down. */
  readonly row: number;
}

/** The geotransform of a raster that has none, as GDAL gives it. */
export const NO_GEOTRANSFORM: GeoTransform = [0, 1, 0, 0, 0, 1];

/** Part of a pixel by which aligned grids may differ: georeferences are often rounded in the last digits. */
export const ALIGNMENT_TOLERANCE_PIXELS = 0.01;

/** World coordinates of a position in pixels (0, 0 is the outer corner of the first pixel). */
export function pixelToWorld(t: GeoTransform, col: number, row: number): { x: number; y: number } {
  return { x: t[0] + col * t[1] + row * t[2], y: t[3] + col * t[4] + row * t[5] };
}

/** Position in pixels of world coordinates; the whole part is the pixel. */
export function worldToPixel(t: GeoTransform, x: number, y: number): { col: number; row: number } {
  const determinant = t[1] * t[5] - t[2] * t[4];
  const dx = x - t[0];
  const dy = y - t[3];
  return { col: (dx * t[5] - dy * t[2]) / determinant, row: (dy * t[1] - dx * t[4]) / determinant };
}

/** The part of `grid` that begins at a pixel offset, which may lie outside it, with another size. */
export function subGrid(grid: PixelGrid, offset: PixelOffset, ncols: number, nrows: number): PixelGrid {
  const t = grid.geotransform;
  // A zero offset keeps the numbers to the last bit.
  const { x, y } = pixelToWorld(t, offset.col, offset.row);
  return { ...grid, geotransform: [x, t[1], t[2], y, t[4], t[5]], ncols, nrows };
}

/** A grid in one line for people. */
export function describeGrid(grid: PixelGrid): string {
  const t = grid.geotransform;
  const rotation = t[2] !== 0 || t[4] !== 0 ? `, rotation (${t[2]}, ${t[4]})` : "";
  return `${grid.ncols} x ${grid.nrows} pixels of (${t[1]}, ${t[5]})${rotation} from (${t[0]}, ${t[3]}) in ` +
    gridCrsName(grid);
}

/**
 * Where `grid` lies in `reference`, if both share one lattice: same coordinate system, pixel size, rotation and
 * alignment. Systems are compared by their words: {@linkcode requireOffset} looks
 * into what they mean.
 *
 * @returns the offset, or what differs.
 */
export function offsetOnLattice(reference: PixelGrid, grid: PixelGrid): PixelOffset | { differs: string } {
  if (!sameGridCrs(reference, grid)) return { differs: "coordinate systems" };
  const a = reference.geotransform;
  const b = grid.geotransform;
  const pixelSize = Math.max(Math.abs(a[1]) + Math.abs(a[2]), Math.abs(a[4]) + Math.abs(a[5]));
  const extent = Math.max(grid.ncols, grid.nrows, reference.ncols, reference.nrows);
  for (const term of [1, 2, 4, 5] as const) {
    // A difference in pixel size grows with every pixel, so the whole extent must stay within the tolerance.
    if (Math.abs(a[term] - b[term]) * extent > ALIGNMENT_TOLERANCE_PIXELS * pixelSize) {
      return { differs: "pixel sizes" };
    }
  }
  const { col, row } = worldToPixel(a, b[0], b[3]);
  const offset = { col: Math.round(col), row: Math.round(row) };
  if (
    Math.abs(col - offset.col) > ALIGNMENT_TOLERANCE_PIXELS ||
    Math.abs(row - offset.row) > ALIGNMENT_TOLERANCE_PIXELS
  ) return { differs: "pixel alignments" };
  return { col: offset.col + 0, row: offset.row + 0 };
}

/** A grid with the name that errors call it by. */
export interface NamedGrid {
  /** For people: the file it is from. */
  readonly name: string;
  /** False for a grid that no file has, so that there is nothing to warp. */
  readonly isFile?: boolean;
  /** The grid. */
  readonly grid: PixelGrid;
}

/**
 * Where `named` lies in `reference`.
 *
 * @throws {RasterError} if they share no lattice; both grids are shown.
 */
export async function requireOffset(reference: NamedGrid, named: NamedGrid): Promise<PixelOffset> {
  const difference = await differenceOfCrs(reference.grid, named.grid);
  // Systems that mean the same are told in the reference's words from here on.
  const { geotransform, ncols, nrows } = named.grid;
  const grid = difference === undefined ? { ...reference.grid, geotransform, ncols, nrows } : named.grid;
  const offset = offsetOnLattice(reference.grid, grid);
  if ("differs" in offset) {
    const why = difference ? ` (their ${difference})` : "";
    throw new RasterError(
      `'${named.name}' is not on the pixel grid of '${reference.name}': their ${offset.differs} differ${why}. ` +
        `'${reference.name}' has ${describeGrid(reference.grid)}; '${named.name}' has ${
          describeGrid(grid)
        }. ` +
        warpAdvice(reference, { ...named, grid }),
    );
  }
  return offset;
}

/**
 * The working grid: the intersection or union of `grids` on the lattice of `reference`.
 *
 * @throws {RasterError} if one is not on the lattice, or nothing is common to all.
 */
export async function combineGrids(
  reference: NamedGrid,
  grids: readonly NamedGrid[],
  options: { footprint: "intersection" | "union" },
): Promise<PixelGrid> {
  const union = options.footprint === "union";
  let left = union ? Infinity : -Infinity;
  let top = left;
  let right = -left;
  let bottom = -left;
  const lower = union ? Math.min : Math.max;
  const upper = union ? Math.max : Math.min;
  for (const named of grids) {
    const { col, row } = await requireOffset(reference, named);
    left = lower(left, col);
    top = lower(top, row);
    right = upper(right, col + named.grid.ncols);
    bottom = upper(bottom, row + named.grid.nrows);
  }
  if (!(right > left && bottom > top)) {
    const shown = grids.map(({ name, grid }) => `'${name}' has ${describeGrid(grid)}`).join("; ");
    throw new RasterError(
      `The inputs have no pixel in common: ${shown}. Use the footprint "union" or other inputs`,
    );
  }
  return subGrid(reference.grid, { col: left, row: top }, right - left, bottom - top);
}
