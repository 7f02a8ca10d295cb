/**
 * What the NDVI job can't do without, in one thread and nothing else: each tile of the scene is inflated, each pair of
 * them goes through the user function, and the result is deflated. Encoded tiles are in memory before the clock
 * starts; results are thrown away.
 *
 * It calls zlib itself, with one output chunk of the right size, so that the codecs of the project are measured
 * against something that is not theirs; or, with `own` as the last argument, it deflates as the project does.
 *
 * Arguments: FILE LEVEL PART PARTS [own]; only each PARTS-th pair of tiles is done. Prints one JSON object: seconds (in
 * all), inflate, userFunction, deflate.
 *
 * @module
 */
import { deflateSync, inflateSync } from "node:zlib";
import { tileCompressor } from "../raster/geotiff/compress.ts";
import { readHeader } from "../raster/geotiff/ifd.ts";
import { readImageDirectories } from "../raster/geotiff/image_directories.ts";
import { readImageLayout } from "../raster/geotiff/image_layout.ts";
import { TileIndex } from "../raster/geotiff/tile_index.ts";
import { openByteSource } from "../raster/source/byte_source.ts";
import { ndviOf } from "./ndvi_function.ts";

const FLOAT32_BYTES = 4;

const [path, level, part, parts, codec] = Deno.args;
const ownDeflate = codec === "own"
  ? tileCompressor({ compression: "DEFLATE", level: Number(level), predictor: 1 }, FLOAT32_BYTES)
  : undefined;
const pairs = await encodedPairs(path!, { part: Number(part), parts: Number(parts) });
const spent = { inflate: 0, userFunction: 0, deflate: 0 };
const tilePixels = pairs.tilePixels;
const startMs = performance.now();
for (const [red, nir] of pairs.tiles) {
  const beginMs = performance.now();
  const pixels = [red, nir].map((tile) => inflateSync(tile, { chunkSize: tilePixels + 64 }));
  const inflatedMs = performance.now();
  const result = ndviOf(pixels[0]!, pixels[1]!);
  const computedMs = performance.now();
  const bytes = new Uint8Array(result.buffer);
  if (ownDeflate) ownDeflate(bytes);
  else deflateSync(bytes, { level: Number(level), memLevel: 9, chunkSize: bytes.length + 4096 });
  const deflatedMs = performance.now();
  spent.inflate += inflatedMs - beginMs;
  spent.userFunction += computedMs - inflatedMs;
  spent.deflate += deflatedMs - computedMs;
}
const seconds = (performance.now() - startMs) / 1000;
const each = Object.entries(spent).map(([name, ms]) => [name, ms / 1000]);
console.log(JSON.stringify({ seconds, ...Object.fromEntries(each) }));

/** The compressed tiles of band 1 and band 2, in pairs. */
async function encodedPairs(
  path: string,
  { part, parts }: { part: number; parts: number },
): Promise<{ tiles: [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>][]; tilePixels: number }> {
  await using source = await openByteSource(path);
  const header = await readHeader(source);
  const { main: ifd } = await readImageDirectories(source, header);
  const layout = await readImageLayout(ifd, source.name);
  const index = TileIndex.of(source, ifd, { layout, littleEndian: header.littleEndian });
  const tilesABand = layout.tilesAcross * layout.tilesDown;
  await index.load(0, 2 * tilesABand - 1);
  const tile = async (at: number) => (await source.read(index.offset(at)!, index.byteCount(at))).slice();
  const tiles: [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>][] = [];
  for (let at = part; at < tilesABand; at += parts) tiles.push([await tile(at), await tile(tilesABand + at)]);
  return { tiles, tilePixels: layout.tileWidth * layout.tileHeight };
}
