/**
 * GDAL's GTiff creation options: the names that people know, checked into values.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";

/** Which compression an output gets. */
export type OutputCompression = "NONE" | "DEFLATE" | "ZSTD";

/** When an output is a BigTIFF: GDAL's four rules. */
export type BigTiffRule = "YES" | "NO" | "IF_NEEDED" | "IF_SAFER";

/** What the first band beyond the photometric ones is (TIFF 6.0, ExtraSamples): nothing special, or alpha. */
export type AlphaKind = "NO" | "NON-PREMULTIPLIED" | "PREMULTIPLIED";

/** What the first bands are (TIFF 6.0, PhotometricInterpretation). */
export type Photometric = "MINISBLACK" | "RGB";

/** Checked creation options. What was not given is absent or has our default. */
export interface CreationOptions {
  /** TILED: tiles, or full-width strips. Default true. */
  readonly tiled: boolean;
  /** BLOCKXSIZE: columns of a tile, a multiple of 16. Without effect on strips, as in GDAL. */
  readonly blockXSize?: number;
  /** BLOCKYSIZE: rows of a tile, a multiple of 16, or of a strip. */
  readonly blockYSize?: number;
  /** COMPRESS. Default DEFLATE. */
  readonly compression: OutputCompression;
  /** ZLEVEL: zlib's level, 1 to 9. Default {@linkcode DEFAULT_DEFLATE_LEVEL}. */
  readonly deflateLevel: number;
  /** ZSTD_LEVEL: 1 to 22. Default {@linkcode DEFAULT_ZSTD_LEVEL}. */
  readonly zstdLevel: number;
  /** PREDICTOR: 1 none, 2 horizontal differences, 3 floating point. Default 1; without effect on COMPRESS=NONE. */
  readonly predictor: 1 | 2 | 3;
  /** INTERLEAVE: BAND is planar, PIXEL is chunky. Default BAND. */
  readonly interleave: "BAND" | "PIXEL";
  /** BIGTIFF. Default IF_SAFER. */
  readonly bigTiff: BigTiffRule;
  /** SPARSE_OK: tiles of nothing but nodata (or 0 without nodata) are left out. Default false. */
  readonly sparse: boolean;
  /** PHOTOMETRIC. Without it three or four bands of bytes are RGB, others MINISBLACK. */
  readonly photometric?: Photometric;
  /** ALPHA. Without it the last of four bands of bytes is NON-PREMULTIPLIED unless PHOTOMETRIC is given, others NO. */
  readonly alpha?: AlphaKind;
}

/** The DEFLATE level when no ZLEVEL is given: a fifth quicker than 6 for 2.5% of size on NDVI of Landsat data. */
const DEFAULT_DEFLATE_LEVEL = 4;

/** The ZSTD level when no ZSTD_LEVEL is given: smaller and quicker than DEFLATE 5; GDAL's 9 takes 1.6 times as long for 1%. */
const DEFAULT_ZSTD_LEVEL = 5;

/** A tile or strip side beyond this is a slip of the pen: one tile would not fit into memory. */
const MAX_TILE_SIDE = 65536;

const COMPRESSIONS: readonly OutputCompression[] = ["NONE", "DEFLATE", "ZSTD"];
/** GDAL's other compressions, so that they can be refused by name rather than called unknown. */
const UNSUPPORTED_COMPRESSIONS =
  "LZW PACKBITS JPEG LZMA WEBP LERC LERC_DEFLATE LERC_ZSTD CCITTRLE CCITTFAX3 CCITTFAX4 JXL".split(" ");
/** GDAL's other creation options, likewise. */
const UNSUPPORTED_OPTIONS =
  ("NBITS JPEG_QUALITY WEBP_LEVEL WEBP_LOSSLESS LZMA_PRESET MAX_Z_ERROR DISCARD_LSB TFW RPB RPCTXT PROFILE " +
    "PIXELTYPE COPY_SRC_OVERVIEWS GEOTIFF_KEYS_FLAVOR GEOTIFF_VERSION ENDIANNESS STREAMABLE_OUTPUT JXL_LOSSLESS " +
    "JXL_EFFORT JXL_DISTANCE SOURCE_ICC_PROFILE").split(" ");

/** A value under construction: what was given, without defaults. */
type Given = { -readonly [K in keyof CreationOptions]?: CreationOptions[K] };

/** How each option's value is checked and kept; the keys are all the options there are. */
const SETTERS: Readonly<Record<string, (given: Given, value: string) => void>> = {
  TILED: (given, value) => given.tiled = parseBoolean("TILED", value),
  BLOCKXSIZE: (given, value) =>
    given.blockXSize = parseInteger("BLOCKXSIZE", value, { min: 1, max: MAX_TILE_SIDE }),
  BLOCKYSIZE: (given, value) =>
    given.blockYSize = parseInteger("BLOCKYSIZE", value, { min: 1, max: MAX_TILE_SIDE }),
  COMPRESS: (given, value) => given.compression = parseCompression(value),
  ZLEVEL: (given, value) => given.deflateLevel = parseDeflateLevel(value),
  ZSTD_LEVEL: (given, value) => given.zstdLevel = parseInteger("ZSTD_LEVEL", value, { min: 1, max: 22 }),
  PREDICTOR: (given, value) =>
    given.predictor = parseInteger("PREDICTOR", value, { min: 1, max: 3 }) as 1 | 2 | 3,
  INTERLEAVE: (given, value) => given.interleave = parseChoice("INTERLEAVE", value, ["BAND", "PIXEL"]),
  BIGTIFF: (given, value) =>
    given.bigTiff = parseChoice("BIGTIFF", value, ["YES", "NO", "IF_NEEDED", "IF_SAFER"]),
  SPARSE_OK: (given, value) => given.sparse = parseBoolean("SPARSE_OK", value),
  // The workers compress, so that the number of threads is theirs; scripts made for GDAL may say it all the same.
  NUM_THREADS: (_given, value) => {
    if (value !== "ALL_CPUS") parseInteger("NUM_THREADS", value, { min: 1, max: 65536 });
  },
  PHOTOMETRIC: (given, value) => given.photometric = parseChoice("PHOTOMETRIC", value, ["MINISBLACK", "RGB"]),
  ALPHA: (given, value) => given.alpha = parseAlpha(value),
};

/**
 * Checks creation options, `KEY=VALUE`, in GDAL's names and in any case. A later one replaces an earlier one of
 * the same name, so that a list for all outputs can be followed by one output's own.
 *
 * @throws {ConfigError} naming the option or value that is unknown or not supported, and what there is.
 */
export function parseCreationOptions(options: readonly string[]): CreationOptions {
  const given: Given = {};
  for (const option of options) {
    const equals = option.indexOf("=");
    if (equals < 1) throw new ConfigError(`Creation option '${option}' is not of the form KEY=VALUE`);
    const name = option.slice(0, equals).trim().toUpperCase();
    const value = option.slice(equals + 1).trim().toUpperCase();
    if (!Object.hasOwn(SETTERS, name)) {
      const what = UNSUPPORTED_OPTIONS.includes(name) ? "is not supported for writing" : "is unknown";
      throw new ConfigError(
        `Creation option '${name}' ${what}; there are: ${Object.keys(SETTERS).join(", ")}`,
      );
    }
    SETTERS[name]!(given, value);
  }
  const checked: CreationOptions = {
    tiled: true,
    compression: "DEFLATE",
    deflateLevel: DEFAULT_DEFLATE_LEVEL,
    zstdLevel: DEFAULT_ZSTD_LEVEL,
    predictor: 1,
    interleave: "BAND",
    bigTiff: "IF_SAFER",
    sparse: false,
    ...given,
  };
  if (checked.tiled) {
    checkTileSide("BLOCKXSIZE", checked.blockXSize);
    checkTileSide("BLOCKYSIZE", checked.blockYSize);
  }
  return checked;
}

/** TIFF 6.0, section 15: the sides of a tile are multiples of 16. */
function checkTileSide(name: string, value: number | undefined): void {
  if (value === undefined || value % 16 === 0) return;
  const below = Math.floor(value / 16) * 16;
  const near = below === 0 ? "16" : `${below} or ${below + 16}`;
  throw new ConfigError(
    `Creation option ${name}=${value} is not a multiple of 16, as tiles need; try ${near}`,
  );
}

function parseCompression(value: string): OutputCompression {
  if (UNSUPPORTED_COMPRESSIONS.includes(value)) {
    throw new ConfigError(
      `Creation option COMPRESS=${value} is not supported for writing; there are: ${COMPRESSIONS.join(", ")}`,
    );
  }
  return parseChoice("COMPRESS", value, COMPRESSIONS);
}

function parseDeflateLevel(value: string): number {
  // Lowering it without a word would make another file than the one that was asked for.
  if (/^1[0-2]$/.test(value)) {
    throw new ConfigError(`Creation option ZLEVEL=${value}: levels 10 to 12 need libdeflate; use 1 to 9`);
  }
  return parseInteger("ZLEVEL", value, { min: 1, max: 9 });
}

function parseAlpha(value: string): AlphaKind {
  if (value === "YES") return "NON-PREMULTIPLIED";
  if (value === "UNSPECIFIED") return "NO";
  return parseChoice("ALPHA", value, ["NO", "NON-PREMULTIPLIED", "PREMULTIPLIED"]);
}

function parseBoolean(name: string, value: string): boolean {
  const yes = ["YES", "TRUE", "ON", "1"];
  const no = ["NO", "FALSE", "OFF", "0"];
  if (yes.includes(value)) return true;
  if (no.includes(value)) return false;
  throw new ConfigError(`Creation option ${name}=${value} has an unknown value; there are: YES, NO`);
}

function parseChoice<const T extends string>(name: string, value: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new ConfigError(
    `Creation option ${name}=${value} has an unknown value; there are: ${choices.join(", ")}`,
  );
}

function parseInteger(name: string, value: string, range: { min: number; max: number }): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= range.min && number <= range.max) return number;
  throw new ConfigError(
    `Creation option ${name}=${value} is not a whole number from ${range.min} to ${range.max}`,
  );
}
