/**
 * From a TIFF's directories to what is known of the raster.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import type { GeoKeys, RasterInfo } from "../raster_info.ts";
import type { ByteSource } from "../source/byte_source.ts";
import { bandNamesOf, parseGdalMetadata } from "./gdal_metadata.ts";
import { isPixelIsPoint } from "./geo_keys.ts";
import { geoTransformOf } from "./geo_transform.ts";
import type { Ifd, TiffHeader } from "./ifd.ts";
import type { ImageLayout } from "./image_layout.ts";
import { parseNodata } from "./nodata_text.ts";
import { COMPRESSION_GDAL_NAMES, TAG } from "./tags.ts";

/** NewSubfileType (TIFF 6.0 section 8). */
const SUBFILE = { REDUCED: 1, MASK: 4 } as const;

/** The directories that matter. */
export interface ImageDirectories {
  /** The first at full resolution. */
  readonly main: Ifd;
  /** Reduced ones. */
  readonly overviews: readonly Ifd[];
}

/**
 * Finds the image among the directories: masks are passed over, reduced images are its overviews, other
 * pages are not looked at.
 *
 * @throws {RasterError} if there is none at full resolution.
 */
export async function selectDirectories(
  directories: readonly Ifd[],
  name: string,
): Promise<ImageDirectories> {
  let main: Ifd | undefined;
  const overviews: Ifd[] = [];
  for (const directory of directories) {
    const kind = await directory.number(TAG.NewSubfileType, 0);
    if ((kind & SUBFILE.MASK) !== 0) continue;
    if ((kind & SUBFILE.REDUCED) !== 0) overviews.push(directory);
    else main ??= directory;
  }
  if (main === undefined) throw new RasterError(`'${name}' has no image at full resolution`);
  return { main, overviews };
}

/**
 * Reads all that the file says of the image but its pixels.
 *
 * @throws {RasterError} if a tag is damaged.
 */
export async function readRasterInfo(
  source: ByteSource,
  image: { header: TiffHeader; directories: ImageDirectories; layout: ImageLayout },
): Promise<RasterInfo> {
  const { header, layout } = image;
  const { main, overviews } = image.directories;
  const geoKeys = await readGeoKeys(main);
  const [pixelScale, tiepoint, transformation] = [
    await main.numbers(TAG.ModelPixelScale),
    await main.numbers(TAG.ModelTiepoint),
    await main.numbers(TAG.ModelTransformation),
  ];
  const nodataText = await main.text(TAG.GDALNoData);
  const metadata = await main.text(TAG.GDALMetadata);
  const sizes = await Promise.all(overviews.map(async (overview) => ({
    width: await overview.number(TAG.ImageWidth, 0),
    height: await overview.number(TAG.ImageLength, 0),
  })));
  const { width, height, bands, dataType, tiled, tileWidth, tileHeight, predictor } = layout;
  return {
    ...{
      location: source.name,
      width,
      height,
      bands,
      dataType,
      tiled,
      tileWidth,
      tileHeight,
      predictor,
      geoKeys,
    },
    geotransform: geoTransformOf({ pixelScale, tiepoint, transformation }, isPixelIsPoint(geoKeys)),
    nodata: nodataText === undefined ? null : parseNodata(nodataText, dataType),
    bandNames: bandNamesOf(metadata === undefined ? [] : parseGdalMetadata(metadata), bands),
    interleave: layout.samples > 1 ? "PIXEL" : "BAND",
    compression: COMPRESSION_GDAL_NAMES[layout.compression]!,
    littleEndian: header.littleEndian,
    bigTiff: header.bigTiff,
    overviews: sizes.sort((a, b) => b.width * b.height - a.width * a.height),
    byteLength: source.byteLength,
    version: source.version,
  };
}

async function readGeoKeys(ifd: Ifd): Promise<GeoKeys | null> {
  const directory = await ifd.numbers(TAG.GeoKeyDirectory);
  if (directory === undefined || directory.length < 4) return null;
  const keys = Math.max(0, Math.min(Math.floor(directory[3]!) || 0, Math.floor((directory.length - 4) / 4)));
  return {
    directory: [...directory.slice(0, 3), keys, ...directory.slice(4, 4 + 4 * keys)],
    doubles: await ifd.numbers(TAG.GeoDoubleParams) ?? [],
    ascii: await ifd.text(TAG.GeoAsciiParams) ?? "",
  };
}
