/**
 * Our side of the reading: every block of all bands, one after another, in one thread.
 *
 * Arguments: FILE WINDOW. Prints one JSON object: seconds, from before the file is opened until the last block.
 *
 * @module
 */
import { GeoTiffReader } from "../raster/geotiff/geotiff_reader.ts";

const [path, side] = Deno.args;
const window = Number(side);
const startMs = performance.now();
await using scene = await GeoTiffReader.open(path!);
const { width, height } = scene.info;
for (let top = 0; top < height; top += window) {
  for (let left = 0; left < width; left += window) {
    const ncols = Math.min(window, width - left);
    await scene.readWindow({ left, top, ncols, nrows: Math.min(window, height - top) });
  }
}
console.log(JSON.stringify({ seconds: (performance.now() - startMs) / 1000 }));
