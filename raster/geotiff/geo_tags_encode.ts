/**
 * Where an output lies: the GeoTIFF tags of its geotransform and coordinate system.
 *
 * @module
 */
import type { GeoKeys, GeoTransform } from "../raster_info.ts";
import { GEO_KEY } from "./geo_keys.ts";
import { bytesOf } from "./geo_text.ts";
import type { IfdEntry } from "./ifd_writer.ts";
import { TAG } from "./tags.ts";

const PIXEL_IS_AREA = 1;

/**
 * The tags (OGC 19-008r4, section 7) of a geotransform, which is the outer corner's, and of a coordinate system. The
 * keys are kept as they are, except that the raster type says PixelIsArea, as the corner demands.
 */
export function geoTags(geotransform: GeoTransform | null, geoKeys: GeoKeys | null): IfdEntry[] {
  const tags = geotransform ? transformTags(geotransform) : [];
  if (!geoKeys) return tags;
  tags.push({ tag: TAG.GeoKeyDirectory, type: "SHORT", values: asPixelIsArea(geoKeys.directory) });
  if (geoKeys.doubles.length > 0) {
    tags.push({ tag: TAG.GeoDoubleParams, type: "DOUBLE", values: geoKeys.doubles });
  }
  if (geoKeys.ascii !== "") {
    tags.push({ tag: TAG.GeoAsciiParams, type: "ASCII", values: bytesOf(geoKeys.ascii) });
  }
  return tags;
}

function transformTags([x, width, rowRotation, y, columnRotation, height]: GeoTransform): IfdEntry[] {
  // Scale and tiepoint can only say north up; readers take the scale's signs differently.
  if (rowRotation === 0 && columnRotation === 0 && width > 0 && height < 0) {
    return [
      { tag: TAG.ModelPixelScale, type: "DOUBLE", values: [width, -height, 0] },
      { tag: TAG.ModelTiepoint, type: "DOUBLE", values: [0, 0, 0, x, y, 0] },
    ];
  }
  const matrix = [width, rowRotation, 0, x, columnRotation, height, 0, y, 0, 0, 0, 0, 0, 0, 0, 1];
  return [{ tag: TAG.ModelTransformation, type: "DOUBLE", values: matrix }];
}

/** The key directory with GTRasterType set to 1; keys stay in ascending order, as the standard wants. */
function asPixelIsArea(directory: readonly number[]): number[] {
  const keys: number[][] = [];
  for (let at = 4; at + 4 <= directory.length; at += 4) {
    if (directory[at] !== GEO_KEY.GTRasterType) keys.push(directory.slice(at, at + 4));
  }
  keys.push([GEO_KEY.GTRasterType, 0, 1, PIXEL_IS_AREA]);
  keys.sort((a, b) => a[0]! - b[0]!);
  const [version = 1, revision = 1, minor = 0] = directory;
  return [version, revision, minor, keys.length, ...keys.flat()];
}
