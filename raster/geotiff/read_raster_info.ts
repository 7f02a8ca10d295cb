/**
 * From a TIFF's directories to what is known of the raster.
 *
 * @module
 */
import type { RasterInfo } from "../raster_info.ts";
import type { ByteSource } from "../source/byte_source.ts";
import { bandNamesOf, MAX_METADATA_BYTES, parseGdalMetadata } from "./gdal_metadata.ts";
import { isPixelIsPoint } from "./geo_keys.ts";
import { geoTransformOf, groundControlPoints } from "./geo_transform.ts";
import type { Ifd, TiffHeader } from "./ifd.ts";
import type { ImageDirectories } from "./image_directories.ts";
import type { ImageLayout } from "./image_layout.ts";
import { MAX_NUMBER_CHARS, parseNodata } from "./nodata_text.ts";
import { readGeoKeys } from "./read_geo_keys.ts";
import { damaged } from "./refusals.ts";
import { COMPRESSION_GDAL_NAMES, FIELD_TYPE, TAG, tagName } from "./tags.ts";
import { unreadTags } from "./unread_tags.ts";

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
  const { geoKeys, damage } = await readGeoKeys(main);
  const [pixelScale, tiepoint, transformation] = [
    await modelNumbers(main, TAG.ModelPixelScale, source.name),
    await modelNumbers(main, TAG.ModelTiepoint, source.name),
    await modelNumbers(main, TAG.ModelTransformation, source.name),
  ];
  const model = { pixelScale, tiepoint, transformation };
  const geotransform = geoTransformOf(model, isPixelIsPoint(geoKeys));
  const nodataText = await main.cText(TAG.GDALNoData, MAX_NUMBER_CHARS);
  const metadata = parseGdalMetadata(await main.cText(TAG.GDALMetadata, MAX_METADATA_BYTES));
  const { width, height, bands, dataType, tiled, tileWidth, tileHeight, predictor } = layout;
  const nodata = parseNodata(nodataText, dataType);
  const tags = { layout, model, geotransform, metadata, nodata, nodataText };
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
    },
    ...layout.packed === undefined ? {} : { storedBits: layout.packed.storedBits },
    // The system of ground control points is theirs: the pixels lie nowhere in it.
    geoKeys: groundControlPoints(model) > 0 ? null : geoKeys,
    geotransform,
    wkt: null,
    nodata,
    bandNodata: new Array(bands).fill(nodata),
    bandNames: bandNamesOf(metadata, bands),
    interleave: layout.samples > 1 ? "PIXEL" : "BAND",
    compression: COMPRESSION_GDAL_NAMES[layout.compression]!,
    littleEndian: header.littleEndian,
    bigTiff: header.bigTiff,
    overviews,
    sidecars: [],
    sidecarsVersion: "",
    unread: [
      ...unreadTags(main, tags),
      ...damage === undefined ? [] : [{ kind: "damagedSystem" as const, what: damage }],
      ...image.directories.unread,
    ],
    byteLength: source.byteLength,
    version: source.version,
  };
}

/** Field types that other tags may hold as numbers, and of which libtiff takes no coordinates. */
const NO_COORDINATES: ReadonlySet<number> = new Set([FIELD_TYPE.UNDEFINED, FIELD_TYPE.IFD, FIELD_TYPE.IFD8]);

/** A tag of the raster's place. One of another type than numbers is damage: its bytes would place the raster anywhere. */
async function modelNumbers(ifd: Ifd, tag: number, name: string): Promise<number[] | undefined> {
  const type = ifd.entry(tag)?.type;
  if (type !== undefined && NO_COORDINATES.has(type)) {
    throw damaged(name, `${tagName(tag)} is of field type ${type}, not of numbers`);
  }
  return await ifd.numbers(tag);
}
