/**
 * The tags of an output.
 *
 * @module
 */
import { DATA_TYPES } from "../data_type.ts";
import type { GeoKeys, GeoTransform } from "../raster_info.ts";
import { CLASSIC_LIMIT, type OutputPixelFormat, wantsBigTiff } from "./big_tiff.ts";
import { colourBands } from "./colour_bands.ts";
import type { OutputCompression } from "./creation_options.ts";
import { gdalMetadataXml, type MetadataItem } from "./gdal_metadata_encode.ts";
import { geoTags } from "./geo_tags_encode.ts";
import { encodeIfd, type IfdEntry } from "./ifd_writer.ts";
import { nodataText } from "./nodata_text.ts";
import type { OutputLayout } from "./output_layout.ts";
import { COMPRESSION, PHOTOMETRIC, TAG } from "./tags.ts";

/** What an output says of itself beside its pixels. */
export interface OutputDescription extends OutputPixelFormat {
  /** How the pixels lie. */
  readonly layout: OutputLayout;
  /** Where the pixels lie on the ground, from the outer corner of the first; null for nowhere. */
  readonly geotransform: GeoTransform | null;
  /** The coordinate system; null for none. */
  readonly geoKeys: GeoKeys | null;
  /** Band names, from the first band on; "" for none. */
  readonly bandNames: readonly string[];
  /** GDAL metadata of the image and its bands. */
  readonly metadata: readonly MetadataItem[];
}

/** Where the tiles of an image stand: a number a tile, plane by plane, in a plane row by row. 0 and 0 is a tile left out. */
export interface TileIndex {
  /** Bytes from the start of the file. */
  readonly offsets: ArrayLike<number>;
  /** Bytes of each tile. */
  readonly byteCounts: ArrayLike<number>;
}

const COMPRESSION_CODES: Readonly<Record<OutputCompression, number>> = {
  NONE: COMPRESSION.NONE,
  DEFLATE: COMPRESSION.DEFLATE,
  ZSTD: COMPRESSION.ZSTD,
};

/**
 * The directory of an output, to stand at `offset` behind its tiles.
 *
 * @returns its bytes, and whether the file is a BigTIFF: because that was asked for, or because its end is too far away.
 */
export function encodeDirectory(
  description: OutputDescription,
  tiles: TileIndex,
  offset: number,
): { directory: Uint8Array<ArrayBuffer>; bigTiff: boolean } {
  const encode = (bigTiff: boolean) => ({
    directory: encodeIfd(directoryEntries(description, { ...tiles, bigTiff }), { bigTiff, offset }),
    bigTiff,
  });
  if (wantsBigTiff(description.layout, description) || offset > CLASSIC_LIMIT) return encode(true);
  const classic = encode(false);
  return offset + classic.directory.byteLength > CLASSIC_LIMIT ? encode(true) : classic;
}

/** TIFF 6.0, sections 8, 14, 15 and 19; ExtraSamples of Adobe's: 0 unspecified, 1 premultiplied alpha, 2 alpha. */
function directoryEntries(
  description: OutputDescription,
  tiles: TileIndex & { readonly bigTiff: boolean },
): IfdEntry[] {
  const { layout, dataType, bands } = description;
  const { bytes, sampleFormat } = DATA_TYPES[dataType];
  const { photometric, colours, alpha } = colourBands(layout, description);
  const short = (tag: number, ...values: number[]): IfdEntry => ({ tag, type: "SHORT", values });
  const long = (tag: number, value: number): IfdEntry => ({ tag, type: "LONG", values: [value] });
  const entries: IfdEntry[] = [
    long(TAG.ImageWidth, layout.width),
    long(TAG.ImageLength, layout.height),
    short(TAG.BitsPerSample, ...new Array<number>(bands).fill(bytes * 8)),
    short(TAG.Compression, COMPRESSION_CODES[layout.compression]),
    short(TAG.PhotometricInterpretation, PHOTOMETRIC[photometric]),
    short(TAG.SamplesPerPixel, bands),
    short(TAG.PlanarConfiguration, layout.interleave === "PIXEL" || bands === 1 ? 1 : 2),
    short(TAG.SampleFormat, ...new Array<number>(bands).fill(sampleFormat)),
    ...tileTags(layout, tiles),
    ...geoTags(description.geotransform, description.geoKeys),
  ];
  if (layout.predictor !== 1) entries.push(short(TAG.Predictor, layout.predictor));
  if (bands > colours) {
    const extra = new Array<number>(bands - colours).fill(0);
    if (alpha !== "NO") extra[0] = alpha === "PREMULTIPLIED" ? 1 : 2;
    entries.push(short(TAG.ExtraSamples, ...extra));
  }
  const xml = gdalMetadataXml(description.bandNames, description.metadata);
  if (xml !== undefined) entries.push({ tag: TAG.GDALMetadata, type: "ASCII", values: xml });
  if (layout.nodata !== null) {
    entries.push({ tag: TAG.GDALNoData, type: "ASCII", values: nodataText(layout.nodata, dataType) });
  }
  return entries;
}

function tileTags(layout: OutputLayout, tiles: TileIndex & { readonly bigTiff: boolean }): IfdEntry[] {
  const [offsets, byteCounts] = layout.tiled
    ? [TAG.TileOffsets, TAG.TileByteCounts]
    : [TAG.StripOffsets, TAG.StripByteCounts];
  return [
    ...layout.tiled
      ? [
        { tag: TAG.TileWidth, type: "LONG", values: [layout.tileWidth] } as const,
        { tag: TAG.TileLength, type: "LONG", values: [layout.tileHeight] } as const,
      ]
      : [{ tag: TAG.RowsPerStrip, type: "LONG", values: [layout.tileHeight] } as const],
    { tag: offsets, type: tiles.bigTiff ? "LONG8" : "LONG", values: tiles.offsets },
    { tag: byteCounts, type: "LONG", values: tiles.byteCounts },
  ];
}
