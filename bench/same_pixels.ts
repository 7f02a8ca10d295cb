/**
 * Whether two rasters hold the same pixels to the last bit.
 *
 * @module
 */
import { GeoTiffReader } from "../raster/geotiff/geotiff_reader.ts";

const ROWS_AT_ONCE = 256;

/**
 * Counts the bytes of all bands that differ.
 *
 * @throws {Error} if the rasters differ in size, bands or type.
 */
export async function differingBytes(pathA: string, pathB: string): Promise<number> {
  await using a = await GeoTiffReader.open(pathA);
  await using b = await GeoTiffReader.open(pathB);
  for (const fact of ["width", "height", "bands", "dataType"] as const) {
    if (a.info[fact] === b.info[fact]) continue;
    throw new Error(`'${pathA}' has ${fact} ${a.info[fact]}, '${pathB}' ${b.info[fact]}`);
  }
  let differing = 0;
  for (let top = 0; top < a.info.height; top += ROWS_AT_ONCE) {
    const nrows = Math.min(ROWS_AT_ONCE, a.info.height - top);
    const window = { left: 0, top, ncols: a.info.width, nrows };
    const [x, y] = [await a.readWindow(window), await b.readWindow(window)].map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    ) as [Uint8Array, Uint8Array];
    for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) differing++;
  }
  return differing;
}
