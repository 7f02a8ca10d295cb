/**
 * Whether two rasters lie in one coordinate system, whatever words their writers have for it.
 *
 * @module
 */
import { geoKeyValues, isWithoutSystem, sameKeys } from "../geotiff/geo_keys.ts";
import type { GeoKeys } from "../raster_info.ts";

/**
 * Whether two coordinate systems mean the same in the plane: an EPSG code and the same system from its parts, Esri's text and
 * GDAL's keys are one; a code beside keys that contradict it is another. What is not understood is the same only if its keys
 * are. Heights, names and the raster type do not count.
 */
export async function sameCrs(a: GeoKeys | null, b: GeoKeys | null): Promise<boolean> {
  if (sameKeys(a, b)) return true;
  if (isWithoutSystem(a) || isWithoutSystem(b)) return false;
  // Only what differs in its keys is looked up.
  const [{ loadEpsgTable }, { definitionOfKeys }, { sameDefinition }] = await Promise.all([
    import("./epsg_table.ts"),
    import("./geo_keys_definition.ts"),
    import("./same_definition.ts"),
  ]);
  const table = await loadEpsgTable();
  const [left, right] = [a!, b!].map((keys) => definitionOfKeys(geoKeyValues(keys), table));
  return left !== undefined && right !== undefined && sameDefinition(left, right, table);
}
