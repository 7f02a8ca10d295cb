/**
 * Whether two rasters lie in one coordinate system, whatever words their writers have for it.
 *
 * @module
 */
import { geoKeyValues } from "../geotiff/geo_keys.ts";
import { type GridCrs, isWithoutCrs, sameGridCrs } from "../grid_crs.ts";

/**
 * Whether two coordinate systems mean the same in the plane: an EPSG code and the same system from its parts, Esri's text and
 * GDAL's keys are one; a code beside keys that contradict it is another. What is not understood is the same only in the same
 * words. Heights, names and the raster type do not count.
 */
export async function sameCrs(a: GridCrs, b: GridCrs): Promise<boolean> {
  return await differenceOfCrs(a, b) === undefined;
}

/**
 * Why two coordinate systems are not the same, as {@linkcode sameCrs} has it: words that follow "their", or "" where there is
 * nothing to say; undefined if they are the same.
 */
export async function differenceOfCrs(a: GridCrs, b: GridCrs): Promise<string | undefined> {
  if (sameGridCrs(a, b)) return undefined;
  if (isWithoutCrs(a) || isWithoutCrs(b)) return "";
  // Only what differs in its words is looked up.
  const [{ loadEpsgTable }, { definitionOfKeys }, { definitionOfWkt }, { crsDifference }] = await Promise.all(
    [
      import("./epsg_table.ts"),
      import("./geo_keys_definition.ts"),
      import("./wkt_definition.ts"),
      import("./same_definition.ts"),
    ],
  );
  const table = await loadEpsgTable();
  const [left, right] = [a, b].map(({ geoKeys, wkt }) =>
    wkt === undefined ? definitionOfKeys(geoKeyValues(geoKeys!), table) : definitionOfWkt(wkt)
  );
  return left === undefined || right === undefined ? "" : crsDifference(left, right, table);
}
