/**
 * How a raster gets onto the grid of another.
 *
 * @module
 */
import { crsName } from "./geotiff/geo_keys.ts";
import type { NamedGrid, PixelGrid } from "./pixel_grid.ts";

/**
 * GDAL's command that puts a raster onto a grid, extent and all, ready for a POSIX shell; undefined where gdalwarp could not be
 * told: a grid with a rotation, or coordinate systems that no EPSG code says.
 */
export function warpCommand(onto: PixelGrid, { name, grid }: NamedGrid): string | undefined {
  const [left, width, rotation, top, skew, height] = onto.geotransform;
  if (rotation !== 0 || skew !== 0) return undefined;
  const [from, to] = [crsName(grid.geoKeys), crsName(onto.geoKeys)];
  if (from !== to && (from === "none" || !to.startsWith("EPSG:"))) return undefined;
  const xs = [left, left + onto.ncols * width].sort((a, b) => a - b);
  const ys = [top, top + onto.nrows * height].sort((a, b) => a - b);
  return [
    ...["gdalwarp", ...from === to ? [] : ["-t_srs", to]],
    ...["-te", xs[0], ys[0], xs[1], ys[1], "-ts", onto.ncols, onto.nrows],
    `'${name.replaceAll("'", `'\\''`)}'`,
    "warped.tif",
  ].join(" ");
}
