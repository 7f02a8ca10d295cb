/**
 * How an image's pixels are laid out in a TIFF, from one directory; all that can't be read is refused here,
 * by name.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import { DATA_TYPES } from "../data_type.ts";
import type { Ifd } from "./ifd.ts";
import { CURE, damaged, unsupported } from "./refusals.ts";
import { readSampleType, type SampleType } from "./sample_type.ts";
import {
  COMPRESSION,
  COMPRESSION_GDAL_NAMES,
  PHOTOMETRIC,
  REFUSED_COMPRESSION_NAMES,
  TAG,
  tagName,
} from "./tags.ts";

/** The greatest tile or strip that is decoded as a whole, bytes. */
export const MAX_TILE_BYTES = 2 ** 30;

/** The layout of an image; sizes are checked to be sane, but not yet against the file's. */
export interface ImageLayout extends SampleType {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bands. */
  readonly bands: number;
  /** Whether there are tiles and not strips. */
  readonly tiled: boolean;
  /** Columns of a tile; for strips the image's. */
  readonly tileWidth: number;
  /** Rows of a tile or strip. */
  readonly tileHeight: number;
  /** Tiles side by side. */
  readonly tilesAcross: number;
  /** Tiles one below the other. */
  readonly tilesDown: number;
  /** Planes of tiles: the bands if each has its own, else 1. */
  readonly planes: number;
  /** Samples a pixel within a tile: 1 if each band has its own tiles. */
  readonly samples: number;
  /** Compression code (tag 259). */
  readonly compression: number;
  /** Predictor (tag 317); 1 for compressions that know none. */
  readonly predictor: 1 | 2 | 3;
  /** PhotometricInterpretation (tag 262). */
  readonly photometric: number;
}

/** Compressions to which libtiff applies a predictor; elsewhere the tag has no meaning. */
const WITH_PREDICTOR: ReadonlySet<number> = new Set([
  COMPRESSION.LZW,
  COMPRESSION.DEFLATE,
  COMPRESSION.OLD_DEFLATE,
  COMPRESSION.ZSTD,
]);

/** Without these a file is read in another way than it was written; libtiff, too, refuses it if one of them is useless. */
const STRUCTURE: readonly number[] = [
  ...[TAG.ImageWidth, TAG.ImageLength, TAG.BitsPerSample, TAG.Compression, TAG.SamplesPerPixel],
  ...[TAG.RowsPerStrip, TAG.PlanarConfiguration, TAG.TileWidth, TAG.TileLength, TAG.SampleFormat],
];

/** Colour spaces whose stored numbers are not what GDAL shows as bands. */
const REFUSED_PHOTOMETRICS: Readonly<Record<number, string>> = {
  [PHOTOMETRIC.SEPARATED]: "CMYK pixels (photometric 5)",
  [PHOTOMETRIC.YCBCR]: "YCbCr pixels (photometric 6) without JPEG compression",
  [PHOTOMETRIC.CIELAB]: "CIE L*a*b* pixels (photometric 8)",
  [PHOTOMETRIC.ICCLAB]: "ICC L*a*b* pixels (photometric 9)",
  [PHOTOMETRIC.ITULAB]: "ITU L*a*b* pixels (photometric 10)",
  [PHOTOMETRIC.LOGL]: "LogL pixels (photometric 32844)",
  [PHOTOMETRIC.LOGLUV]: "LogLuv pixels (photometric 32845)",
};

/**
 * The layout that `ifd` describes.
 *
 * @throws {RasterError} if a tag is missing or absurd, or the kind of image is not supported.
 */
export async function readImageLayout(ifd: Ifd, name: string): Promise<ImageLayout> {
  const useless = ifd.firstUseless(STRUCTURE);
  if (useless !== undefined) throw damaged(name, `${tagName(useless)} has no value that can be read`);
  const width = await size(ifd, TAG.ImageWidth, name);
  const height = await size(ifd, TAG.ImageLength, name);
  const compression = await ifd.number(TAG.Compression, COMPRESSION.NONE);
  if (COMPRESSION_GDAL_NAMES[compression] === undefined) {
    const known = REFUSED_COMPRESSION_NAMES[compression];
    const what = known ? `${known} compression (${compression})` : `Compression ${compression}`;
    throw unsupported(name, { what, cure: CURE.rewriteIfRead });
  }
  const photometric = await ifd.number(TAG.PhotometricInterpretation, PHOTOMETRIC.MINISBLACK);
  const refusedPhotometric = REFUSED_PHOTOMETRICS[photometric];
  if (refusedPhotometric && !(photometric === PHOTOMETRIC.YCBCR && compression === COMPRESSION.JPEG)) {
    throw unsupported(name, { what: refusedPhotometric, verb: "are", cure: CURE.rewrite });
  }
  if (await ifd.number(TAG.FillOrder, 1) === 2) {
    throw unsupported(name, { what: "FillOrder 2 (bits in reverse order)", cure: CURE.rewrite });
  }
  const bands = await ifd.number(TAG.SamplesPerPixel, 1);
  if (!Number.isInteger(bands) || bands < 1 || bands > 65535) throw damaged(name, `it has ${bands} bands`);
  const { dataType, packed } = await readSampleType(ifd, name);
  const planar = await ifd.number(TAG.PlanarConfiguration, 1);
  if (planar !== 1 && planar !== 2) {
    throw unsupported(name, { what: `PlanarConfiguration ${planar}, neither 1 nor 2,`, cure: CURE.anew });
  }
  const planes = planar === 2 ? bands : 1;
  const samples = planar === 2 ? 1 : bands;
  refuseForLibraries({ name, compression, dataType, samples, photometric, packed });
  const predictor = WITH_PREDICTOR.has(compression)
    ? await readPredictor(ifd, name, { dataType, packed })
    : 1;
  const tiled = ifd.has(TAG.TileWidth);
  const tileWidth = tiled ? await size(ifd, TAG.TileWidth, name) : width;
  const tileHeight = tiled ? await size(ifd, TAG.TileLength, name) : await rowsPerStrip(ifd, name, height);
  const tileBytes = tileWidth * tileHeight * samples * DATA_TYPES[dataType].bytes;
  if ((compression !== COMPRESSION.NONE || packed) && tileBytes > MAX_TILE_BYTES) {
    throw new RasterError(
      `'${name}' has ${
        tiled ? "tiles" : "strips"
      } of ${tileWidth} x ${tileHeight} pixels and ${tileBytes} bytes, more ` +
        `than the ${MAX_TILE_BYTES} that are read; ${CURE.smallTiles}`,
    );
  }
  return {
    ...{ width, height, bands, dataType, tiled, tileWidth, tileHeight, planes, samples },
    ...{ compression, predictor, photometric, packed },
    tilesAcross: Math.ceil(width / tileWidth),
    tilesDown: Math.ceil(height / tileHeight),
  };
}

/** What the libraries for JPEG and LERC can't decode, told before anything is read. */
function refuseForLibraries(
  image: SampleType & { name: string; compression: number; samples: number; photometric: number },
): void {
  const { name, compression, dataType, samples, packed } = image;
  const refuse = (what: string) => unsupported(name, { what, cure: CURE.rewriteIfRead });
  const stored = packed === undefined ? dataType : `${packed.storedBits}-bit`;
  if (compression === COMPRESSION.JPEG) {
    if (stored !== "uint8") throw refuse(`JPEG compression of ${stored} pixels`);
    if (samples !== 1 && samples !== 3) throw refuse(`JPEG compression of ${samples} interleaved bands`);
    if (image.photometric === PHOTOMETRIC.YCBCR && samples === 1) {
      throw refuse("JPEG compression of YCbCr in separate planes");
    }
  }
  if (compression === COMPRESSION.LERC && (packed || dataType === "uint64" || dataType === "int64")) {
    throw refuse(`LERC compression of ${stored} pixels`);
  }
}

async function size(ifd: Ifd, tag: number, name: string): Promise<number> {
  const label = Object.entries(TAG).find(([, number]) => number === tag)![0];
  const value = await ifd.number(tag, NaN);
  if (Number.isNaN(value)) throw damaged(name, `${label} is missing`);
  if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1) {
    throw damaged(name, `${label} is ${value}`);
  }
  return value;
}

async function rowsPerStrip(ifd: Ifd, name: string, height: number): Promise<number> {
  // TIFF 6.0 section 3: absent or 2^32 - 1 means one strip.
  const rows = await ifd.number(TAG.RowsPerStrip, 2 ** 32 - 1);
  if (!Number.isInteger(rows) || rows < 1) throw damaged(name, `RowsPerStrip is ${rows}`);
  return Math.min(rows, height);
}

async function readPredictor(
  ifd: Ifd,
  name: string,
  { dataType, packed }: SampleType,
): Promise<1 | 2 | 3> {
  const predictor = await ifd.number(TAG.Predictor, 1);
  const isFloat = DATA_TYPES[dataType].sampleFormat === 3;
  const isOfBytes = packed === undefined || isFloat;
  if (predictor === 1 || isOfBytes && predictor === 2 || isFloat && predictor === 3) return predictor;
  const stored = packed === undefined ? dataType : `${packed.storedBits}-bit`;
  const what = predictor === 2 || predictor === 3
    ? `Predictor ${predictor} on ${stored} pixels`
    : `Predictor ${predictor}`;
  throw unsupported(name, { what, cure: CURE.anew });
}
