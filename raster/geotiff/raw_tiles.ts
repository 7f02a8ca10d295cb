/**
 * Uncompressed tiles and strips: only the rows and columns of the window are read, so that an image that is
 * one strip of many gigabytes costs no more than a tiled one.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import { DATA_TYPES } from "../data_type.ts";
import type { ReadRequest } from "../source/read_coalesced.ts";
import { swapBytes } from "./byte_order.ts";
import type { ImageLayout } from "./image_layout.ts";
import { tileName, type TilePlace } from "./tile_decoder.ts";
import { type TileIndex, tileSize } from "./tile_index.ts";
import type { WindowTarget } from "./window_target.ts";
import type { WindowTile } from "./window_tiles.ts";

/** Whole rows are asked for in parts of about this size. */
const PART_BYTES = 1 << 20;

/** The image that a tile is of. */
export interface RawImage {
  /** The file's name for messages. */
  readonly name: string;
  /** The image. */
  readonly layout: ImageLayout;
  /** The byte order of its samples. */
  readonly littleEndian: boolean;
}

/** One uncompressed tile and where its pixels go. */
export interface RawTile {
  /** The image. */
  readonly image: RawImage;
  /** Where the window's pixels go. */
  readonly target: WindowTarget;
  /** Where the tile begins in the file. */
  readonly offset: number;
}

/**
 * Where a tile begins whose place in `index` is loaded; undefined for one that the file leaves out.
 *
 * @throws {RasterError} if the file has less of it than it must.
 */
export function placeOfRawTile(
  index: TileIndex,
  tile: TilePlace,
  { name, layout }: RawImage,
): number | undefined {
  const offset = index.offset(tile.index);
  if (offset === undefined) return undefined;
  const needed = tileSize(layout, tile.tileRow).byteLength;
  const said = index.byteCount(tile.index);
  // As in libtiff what is there counts, although the directory says less.
  const byteCount = said < needed ? Math.max(said, index.bytesToNext(tile.index)) : said;
  if (byteCount >= needed) return offset;
  throw new RasterError(
    `${tileName(layout, tile)} of '${name}' can't be read: it has ${byteCount} of ${needed} bytes; ` +
      "get a good copy of the file",
  );
}

/** The reads that bring the part of a tile in a window. */
export function rawRequests(tile: WindowTile, { image, target, offset }: RawTile): ReadRequest[] {
  const { layout, littleEndian } = image;
  const sampleBytes = DATA_TYPES[layout.dataType].bytes;
  const pixelBytes = sampleBytes * layout.samples;
  const rowBytes = layout.tileWidth * pixelBytes;
  const wholeRows = tile.cols === layout.tileWidth;
  const rowsAtOnce = wholeRows ? Math.max(1, Math.floor(PART_BYTES / rowBytes)) : 1;
  const requests: ReadRequest[] = [];
  for (let row = 0; row < tile.rows; row += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, tile.rows - row);
    requests.push({
      offset: offset + (tile.fromRow + row) * rowBytes + tile.fromColumn * pixelBytes,
      byteLength: rows * tile.cols * pixelBytes,
      use(bytes) {
        // Requests can overlap where tiles share their bytes, and an odd offset is not aligned.
        const own = !littleEndian || bytes.byteOffset % sampleBytes !== 0 ? bytes.slice() : bytes;
        if (!littleEndian) swapBytes(own, sampleBytes);
        target.putRows(own, tile, { row, rows, firstPixel: 0, rowPixels: tile.cols });
      },
    });
  }
  return requests;
}
