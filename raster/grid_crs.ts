/**
 * The coordinate system of a grid: GeoKeys, or a text where GeoTIFF has no keys for it.
 *
 * @module
 */
import { crsName, isWithoutSystem, oneLine, sameKeys } from "./geotiff/geo_keys.ts";
import type { PixelGrid } from "./pixel_grid.ts";

/** What of a grid says its coordinate system. */
export type GridCrs = Pick<PixelGrid, "geoKeys" | "wkt">;

/** The coordinate system for people: `EPSG:31985`, else `user-defined (its name)`, or `none`. */
export function gridCrsName({ geoKeys, wkt }: GridCrs): string {
  if (wkt === undefined) return crsName(geoKeys);
  // The first text of a WKT is the system's name.
  const name = /^[^"]{0,40}"([^"]{1,200})"/.exec(wkt)?.[1] ?? wkt.slice(0, 60);
  return `user-defined (${oneLine(name)})`;
}

/** Whether a grid says nothing of a coordinate system. */
export function isWithoutCrs({ geoKeys, wkt }: GridCrs): boolean {
  return wkt === undefined && isWithoutSystem(geoKeys);
}

/**
 * Whether two grids say their system in the same words: by the same keys, or by a text that is the same but for blanks. Others
 * may mean the same, too: `sameCrs` in `raster/crs/same_crs.ts` knows.
 */
export function sameGridCrs(a: GridCrs, b: GridCrs): boolean {
  if (a.wkt === undefined && b.wkt === undefined) return sameKeys(a.geoKeys, b.geoKeys);
  return a.wkt !== undefined && b.wkt !== undefined && withoutBlanks(a.wkt) === withoutBlanks(b.wkt);
}

function withoutBlanks(text: string): string {
  return text.replace(/\s+/g, "");
}
