/**
 * Numbers that TIFF files use, by name.
 *
 * @module
 */

/** Tags: TIFF 6.0; TIFF Technical Note 3 (Predictor 3); OGC 19-008r4 (GeoTIFF); GDAL's and LERC's private ones. */
export const TAG = {
  NewSubfileType: 254,
  ImageWidth: 256,
  ImageLength: 257,
  BitsPerSample: 258,
  Compression: 259,
  PhotometricInterpretation: 262,
  FillOrder: 266,
  StripOffsets: 273,
  SamplesPerPixel: 277,
  RowsPerStrip: 278,
  StripByteCounts: 279,
  PlanarConfiguration: 284,
  Predictor: 317,
  ColorMap: 320,
  TileWidth: 322,
  TileLength: 323,
  TileOffsets: 324,
  TileByteCounts: 325,
  ExtraSamples: 338,
  SampleFormat: 339,
  JPEGTables: 347,
  ModelPixelScale: 33550,
  ModelTiepoint: 33922,
  ModelTransformation: 34264,
  GeoKeyDirectory: 34735,
  GeoDoubleParams: 34736,
  GeoAsciiParams: 34737,
  GDALMetadata: 42112,
  GDALNoData: 42113,
  LercParameters: 50674,
  RPCCoefficient: 50844,
} as const;

/** A tag for messages: `TileOffsets (324)`, or `tag 65000`. */
export function tagName(tag: number): string {
  for (const [name, number] of Object.entries(TAG)) if (number === tag) return `${name} (${tag})`;
  return `tag ${tag}`;
}

/** Field types: TIFF 6.0 section 2, and BigTIFF's three. */
export const FIELD_TYPE = {
  BYTE: 1,
  ASCII: 2,
  SHORT: 3,
  LONG: 4,
  RATIONAL: 5,
  SBYTE: 6,
  UNDEFINED: 7,
  SSHORT: 8,
  SLONG: 9,
  SRATIONAL: 10,
  FLOAT: 11,
  DOUBLE: 12,
  IFD: 13,
  LONG8: 16,
  SLONG8: 17,
  IFD8: 18,
} as const;

/** Bytes of one value, by field type; undefined for types that do not exist. */
export const FIELD_BYTES: readonly (number | undefined)[] = [
  undefined,
  ...[1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4],
  ...[undefined, undefined],
  ...[8, 8, 8],
];

/** Compression codes (tag 259) that are read; the rest are only known by name. */
export const COMPRESSION = {
  NONE: 1,
  LZW: 5,
  JPEG: 7,
  DEFLATE: 8,
  OLD_DEFLATE: 32946,
  PACKBITS: 32773,
  LERC: 34887,
  ZSTD: 50000,
} as const;

/** GDAL's name of each compression that is read. */
export const COMPRESSION_GDAL_NAMES: Readonly<Record<number, string>> = {
  [COMPRESSION.NONE]: "NONE",
  [COMPRESSION.LZW]: "LZW",
  [COMPRESSION.JPEG]: "JPEG",
  [COMPRESSION.DEFLATE]: "DEFLATE",
  [COMPRESSION.OLD_DEFLATE]: "DEFLATE",
  [COMPRESSION.PACKBITS]: "PACKBITS",
  [COMPRESSION.LERC]: "LERC",
  [COMPRESSION.ZSTD]: "ZSTD",
};

/** The names of compressions that are refused, so that the message says more than a number. */
export const REFUSED_COMPRESSION_NAMES: Readonly<Record<number, string>> = {
  2: "CCITT modified Huffman",
  3: "CCITT group 3 fax",
  4: "CCITT group 4 fax",
  6: "Old-style JPEG",
  9: "JBIG on black and white",
  10: "JBIG on colour",
  262: "Kodak 262",
  32766: "NeXT 2-bit",
  32771: "CCITT word-aligned",
  32809: "ThunderScan",
  32895: "IT8 CT with padding",
  32896: "IT8 linework",
  32897: "IT8 monochrome",
  32898: "IT8 binary line art",
  32908: "Pixar film",
  32909: "Pixar log",
  32947: "Kodak DCS",
  34661: "JBIG",
  34676: "SGI LogLuv 32-bit",
  34677: "SGI LogLuv 24-bit",
  34712: "JPEG 2000",
  34892: "Lossy JPEG (DNG)",
  34925: "LZMA",
  34926: "Zstandard (old code)",
  34927: "WebP (old code)",
  34933: "PNG",
  34934: "JPEG XR",
  50001: "WebP",
  50002: "JPEG XL",
  52546: "JPEG XL (DNG)",
};

/** PhotometricInterpretation (tag 262). */
export const PHOTOMETRIC = {
  MINISWHITE: 0,
  MINISBLACK: 1,
  RGB: 2,
  PALETTE: 3,
  MASK: 4,
  SEPARATED: 5,
  YCBCR: 6,
  CIELAB: 8,
  ICCLAB: 9,
  ITULAB: 10,
  LOGL: 32844,
  LOGLUV: 32845,
} as const;
