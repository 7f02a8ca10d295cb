/**
 * What the user should know of where inputs lie.
 *
 * @module
 */
import { gridCrsName } from "./grid_crs.ts";
import type { PixelGrid } from "./pixel_grid.ts";
import type { RasterInfo } from "./raster_info.ts";

/**
 * Lines for the user of a run: several files none of which says where it lies are laid over each other by their first
 * pixels, and a coordinate system that GeoTIFF can't hold is in no output.
 */
export function placeNotices(
  files: readonly Pick<RasterInfo, "location" | "geotransform">[],
  workinggrid: PixelGrid,
): string[] {
  const notices: string[] = [];
  const [first, ...others] = new Set(files.map(({ location }) => location));
  if (first !== undefined && others.length > 0 && files.every(({ geotransform }) => geotransform === null)) {
    notices.push(
      `None of the inputs says where it lies ('${first}' and ${others.length} more): their first pixels are laid over ` +
        `each other. World files or gdal_edit.py -a_ullr ULX ULY LRX LRY give them places`,
    );
  }
  if (workinggrid.wkt !== undefined) {
    notices.push(
      `GeoTIFF has no keys for the coordinate system '${
        gridCrsName(workinggrid)
      }', which the inputs have from a file ` +
        `beside them: outputs say nothing of it. gdal_edit.py -a_srs gives it to them`,
    );
  }
  return notices;
}
