/**
 * Coordinate systems that stand as well-known text beside a raster, as the GeoKeys that say the same.
 *
 * @module
 */
import { GEO_KEY, PE_PREFIX } from "../geotiff/geo_keys.ts";
import type { GeoKeys } from "../raster_info.ts";
import { geoKeysOfDefinition } from "./definition_geo_keys.ts";
import { GeoKeyList } from "./geo_key_list.ts";
import { definitionOfWkt } from "./wkt_definition.ts";

/** GDAL reads no longer ones (2,400 with the closing NUL). */
const MAX_PE_BYTES = 2399;
const USER_DEFINED = 32767;
const PIXEL_IS_AREA = 1;

/**
 * GeoKeys that mean what a well-known text says (WKT 1, WKT 2 or Esri's): EPSG's code where the text names itself by one, else
 * its parts. A projection that GeoTIFF has no keys for is kept as the text itself, as Esri and GDAL do it.
 *
 * @returns undefined if the text is not understood, or GeoTIFF can't hold it.
 */
export function geoKeysOfWkt(wkt: string): GeoKeys | undefined {
  const definition = definitionOfWkt(wkt);
  if (definition === undefined) return undefined;
  return geoKeysOfDefinition(definition) ?? textKeys(wkt, definition.name);
}

function textKeys(wkt: string, name: string): GeoKeys | undefined {
  const text = PE_PREFIX + wkt.split("\n").map((line) => line.trim()).join("");
  if (new TextEncoder().encode(text).length > MAX_PE_BYTES) return undefined;
  const keys = new GeoKeyList();
  keys.set(GEO_KEY.GTModelType, USER_DEFINED);
  keys.set(GEO_KEY.GTRasterType, PIXEL_IS_AREA);
  keys.set(GEO_KEY.GTCitation, name || "unnamed");
  keys.set(GEO_KEY.ProjectedCitation, text);
  return keys.geoKeys(0);
}
