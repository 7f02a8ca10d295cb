/**
 * The coordinate system of a grid: GeoKeys, or a text where GeoTIFF has no keys for it.
 *
 * @module
 */
import { crsName, sameCrs } from "./geotiff/geo_keys.ts";
import type { PixelGrid } from "./pixel_grid.ts";

/** What of a grid says its coordinate system. */
export type GridCrs = Pick<PixelGrid, "geoKeys" | "wkt">;

/** The coordinate system for people: `EPSG:31985`, else `user-defined (its name)`, or `none`. */
export function gridCrsName({ geoKeys, wkt }: GridCrs): string {
  if (wkt === undefined) return crsName(geoKeys);
  // The first text of a WKT is the system's name.
  const name = /^[^"]{0,40}"([^"]{1,200})"/.exec(wkt)?.[1] ?? wkt.slice(0, 60);
  // deno-lint-ignore no-control-regex -- control characters are what it is about
  return `user-defined (${name.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim()})`;
}

/** Whether two coordinate systems mean the same; of those that are texts, whether they are the same but for blanks. */
export function sameGridCrs(a: GridCrs, b: GridCrs): boolean {
  if (a.wkt === undefined && b.wkt === undefined) return sameCrs(a.geoKeys, b.geoKeys);
  return a.wkt !== undefined && b.wkt !== undefined && withoutBlanks(a.wkt) === withoutBlanks(b.wkt);
}

function withoutBlanks(text: string): string {
  return text.replace(/\s+/g, "");
}
