/**
 * The coordinate system's three tags, as a file has them.
 *
 * @module
 */
import type { GeoKeys } from "../raster_info.ts";
import { byteString } from "./geo_text.ts";
import type { Ifd } from "./ifd.ts";
import { TAG } from "./tags.ts";

/**
 * The GeoKeys of an image; null if it has none.
 *
 * @throws {RasterError} if a tag lies outside the file or is not of numbers.
 */
export async function readGeoKeys(ifd: Ifd): Promise<GeoKeys | null> {
  const directory = await ifd.numbers(TAG.GeoKeyDirectory);
  if (directory === undefined || directory.length < 4) return null;
  const keys = Math.max(0, Math.min(Math.floor(directory[3]!) || 0, Math.floor((directory.length - 4) / 4)));
  // A directory of no keys says nothing: an output must not gain one.
  if (keys === 0) return null;
  return {
    directory: [...directory.slice(0, 3), keys, ...directory.slice(4, 4 + 4 * keys)],
    doubles: await ifd.numbers(TAG.GeoDoubleParams) ?? [],
    ascii: await readAscii(ifd),
  };
}

async function readAscii(ifd: Ifd): Promise<string> {
  const bytes = await ifd.bytes(TAG.GeoAsciiParams) ?? new Uint8Array();
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return byteString(bytes.subarray(0, end));
}
