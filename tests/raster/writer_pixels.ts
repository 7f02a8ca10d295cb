/**
 * What the writer's tests share: pixels of any type, and a whole GeoTIFF written block by block.
 *
 * @module
 */
import type { ApplierBlockDefn } from "../../raster/block_defn.ts";
import { blockDefn, type BlockGrid, totalBlocks } from "../../raster/block_list.ts";
import {
  DATA_TYPES,
  type DataType,
  newPixelArray,
  type PixelArray,
  viewPixels,
} from "../../raster/data_type.ts";
import { parseCreationOptions } from "../../raster/geotiff/creation_options.ts";
import type { MetadataItem } from "../../raster/geotiff/gdal_metadata_encode.ts";
import { type GeoTiffSpec, GeoTiffWriter } from "../../raster/geotiff/geotiff_writer.ts";
import { makeOutputLayout } from "../../raster/geotiff/output_layout.ts";
import { TileEncoder } from "../../raster/geotiff/tile_encoder.ts";
import { windowForLayouts } from "../../raster/geotiff/window_fit.ts";

/** A small generator of numbers in [0, 1) that is the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

/** Pixels of arbitrary bits, NaNs of all kinds included, in runs so that they compress. */
export function randomPixels(dataType: DataType, length: number, random: () => number): PixelArray {
  const bytes = new Uint8Array(length * DATA_TYPES[dataType].bytes);
  for (let i = 0; i < bytes.length; i++) {
    const back = Math.min(i, 24);
    bytes[i] = random() < 0.6 && back > 0 ? bytes[i - back]! : random() * 256;
  }
  return viewPixels(dataType, bytes.buffer);
}

/** An image to write: planar pixels and how. */
export interface TestImage {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly dataType: DataType;
  readonly pixels: PixelArray;
  readonly options: readonly string[];
  readonly nodata?: number | bigint | null;
  /** Pixels around each block as it is handed to the encoder. */
  readonly margin?: number;
}

/** Writes the image in blocks of about 64 x 32, in random order, under its final name. */
export function writeImage(
  path: string,
  image: TestImage,
  rest: Partial<Omit<GeoTiffSpec, "layout">> & { metadata?: MetadataItem[]; random?: () => number } = {},
): void {
  const { width, height, bands, dataType, nodata = null } = image;
  const { random = seededRandom(7), metadata, ...given } = rest;
  const asked = makeOutputLayout(parseCreationOptions(image.options), { width, height, nodata });
  const { windowxsize, windowysize } = windowForLayouts([asked], { windowxsize: 64, windowysize: 32 });
  const grid: BlockGrid = { ncols: width, nrows: height, windowxsize, windowysize };
  using writer = GeoTiffWriter.create(path, { layout: asked, geotransform: null, geoKeys: null, ...given });
  writer.setFormat(dataType, bands);
  const encoder = new TileEncoder(asked, dataType, bands);
  const across = totalBlocks(grid);
  const order = Array.from({ length: across.x * across.y }, (_, index) => ({ index, key: random() }));
  order.sort((a, b) => a.key - b.key);
  for (const { index } of order) {
    const block = blockDefn(grid, index);
    const margin = image.margin ?? 0;
    const rowStride = block.ncols + 2 * margin;
    const bandStride = rowStride * (block.nrows + 2 * margin);
    const options = { offset: margin * rowStride + margin, rowStride, bandStride };
    writer.append(block, encoder.encode(cut(image, block, margin), block, options));
  }
  writer.finish(metadata);
  writer.publish();
}

/** An image with a name that says how it is written. */
export interface WriterCase {
  readonly name: string;
  readonly image: TestImage;
}

/** Every type, compression, predictor, interleaving and tiling that can be written, in odd sizes. */
export function* writerCases(): Generator<WriterCase> {
  const random = seededRandom(2024);
  const types = Object.keys(DATA_TYPES) as DataType[];
  const make = (dataType: DataType, [width, height, bands]: [number, number, number], options: string[]) => ({
    name: `${dataType} ${width}x${height}x${bands} ${options.join(" ")}`,
    image: {
      ...{ width, height, bands, dataType, options },
      pixels: randomPixels(dataType, width * height * bands, random),
      margin: random() < 0.5 ? 0 : 2,
    },
  });
  for (const dataType of types) {
    const float = DATA_TYPES[dataType].sampleFormat === 3;
    for (const compression of ["NONE", "DEFLATE", "ZSTD"]) {
      for (const predictor of compression === "NONE" ? [1] : float ? [1, 2, 3] : [1, 2]) {
        for (const interleave of ["BAND", "PIXEL"]) {
          for (const tiles of [["BLOCKXSIZE=32", "BLOCKYSIZE=16"], ["TILED=NO", "BLOCKYSIZE=5"]]) {
            for (const bands of [1, 3, 5]) {
              const options = [`COMPRESS=${compression}`, `INTERLEAVE=${interleave}`, ...tiles];
              if (predictor !== 1) options.push(`PREDICTOR=${predictor}`);
              yield make(dataType, [93, 71, bands], options);
            }
          }
        }
      }
    }
    // Images smaller than a tile, of one pixel, of whole tiles, and the defaults.
    for (const size of [[1, 1, 2], [33, 1, 1], [1, 47, 3], [64, 32, 1], [300, 280, 1]] as const) {
      yield make(dataType, [...size], size[0] === 64 ? ["BLOCKXSIZE=64", "BLOCKYSIZE=32"] : []);
      yield make(dataType, [...size], ["TILED=NO", "BLOCKYSIZE=100", "BIGTIFF=YES", "PREDICTOR=2"]);
    }
  }
}

/** A block's pixels with a margin of zeros. */
function cut(image: TestImage, block: ApplierBlockDefn, margin: number): PixelArray {
  const columns = block.ncols + 2 * margin;
  const rows = block.nrows + 2 * margin;
  const size = DATA_TYPES[image.dataType].bytes;
  const block8 = new Uint8Array(newPixelArray(image.dataType, columns * rows * image.bands).buffer);
  const image8 = new Uint8Array(image.pixels.buffer);
  for (let band = 0; band < image.bands; band++) {
    for (let row = 0; row < block.nrows; row++) {
      const from = ((band * image.height + block.top + row) * image.width + block.left) * size;
      const to = ((band * rows + margin + row) * columns + margin) * size;
      block8.set(image8.subarray(from, from + block.ncols * size), to);
    }
  }
  return viewPixels(image.dataType, block8.buffer);
}

/** SHA-256 of bytes, in hexadecimal. */
export async function sha256(bytes: BufferSource): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
