/**
 * World files: six lines that place a raster, as Esri invented them and GDAL reads them.
 *
 * @module
 */
import type { GeoTransform } from "../raster_info.ts";

/** A world file is some 100 bytes long; what follows is not looked at. */
export const WORLD_FILE_BYTES = 16 << 10;

/**
 * The geotransform that a world file gives: its lines are the pixel's width, the rotations about y and x, the pixel's
 * height, and x and y of the first pixel's centre. Blank lines do not count, and a number may have a decimal comma.
 *
 * @returns undefined if there are no six numbers, or they place no pixels.
 */
export function parseWorldFile(text: string): GeoTransform | undefined {
  const lines = text.replace(/^\ufeff/, "").split(/[\r\n]+/).map((line) => line.trim());
  const numbers = lines.filter((line) => line !== "").slice(0, 6).map(leadingNumber);
  const [xx, yx, xy, yy, x, y] = numbers;
  if (xx === undefined || yx === undefined || xy === undefined) return undefined;
  if (yy === undefined || x === undefined || y === undefined) return undefined;
  if (!numbers.every(Number.isFinite) || xx * yy - xy * yx === 0) return undefined;
  return [x - 0.5 * xx - 0.5 * xy, xx, xy, y - 0.5 * yx - 0.5 * yy, yx, yy];
}

/** As C's strtod: what follows the number is passed over. */
function leadingNumber(line: string): number {
  return Number.parseFloat(line.slice(0, 100).replace(",", "."));
}
