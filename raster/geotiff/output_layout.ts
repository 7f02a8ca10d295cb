/**
 * How an output's pixels lie in its file: plain data that the writer and every compute worker share.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import type { ApplierBlockDefn } from "../block_defn.ts";
import { DATA_TYPES, type DataType } from "../data_type.ts";
import { colourBands } from "./colour_bands.ts";
import type {
  AlphaKind,
  BigTiffRule,
  CreationOptions,
  OutputCompression,
  Photometric,
} from "./creation_options.ts";
import { MAX_TILE_BYTES } from "./image_layout.ts";

/** Everything about an output that is known before its first block; can be cloned and sent as JSON-like data. */
export interface OutputLayout {
  /** Columns of the image. */
  readonly width: number;
  /** Rows of the image. */
  readonly height: number;
  /** Tiles, or full-width strips. */
  readonly tiled: boolean;
  /** Columns of a tile; of a strip the image's width. */
  readonly tileWidth: number;
  /** Rows of a tile or strip. */
  readonly tileHeight: number;
  /** Whether the user fixed the tile's width and height. */
  readonly tileFixed: { readonly width: boolean; readonly height: boolean };
  /** BAND: each band has tiles of its own. PIXEL: a tile holds all bands, pixel by pixel. */
  readonly interleave: "BAND" | "PIXEL";
  /** Compression of each tile. */
  readonly compression: OutputCompression;
  /** The compression's level; 0 for NONE. */
  readonly level: number;
  /** TIFF predictor; 1 for COMPRESS=NONE. */
  readonly predictor: 1 | 2 | 3;
  /** When the file is a BigTIFF. */
  readonly bigTiff: BigTiffRule;
  /** Whether tiles that hold nothing but nodata (0 without nodata) are left out. */
  readonly sparse: boolean;
  /** TIFF's PhotometricInterpretation, where it was given. */
  readonly photometric?: Photometric;
  /** What the first extra band is, where it was given. */
  readonly alpha?: AlphaKind;
  /** The nodata value of all bands; null for none. It also pads partial tiles. */
  readonly nodata: number | bigint | null;
}

/** What an output's layout needs beside its creation options. */
export interface OutputShape {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** The nodata value of all bands; null for none. */
  readonly nodata: number | bigint | null;
}

/** The tiles that one block covers: the first across and down, and how many. */
export interface TileSpan {
  /** First tile column. */
  readonly column: number;
  /** First tile row. */
  readonly row: number;
  /** Tiles across. */
  readonly across: number;
  /** Tiles down. */
  readonly down: number;
}

/** GDAL's own tile side. */
const DEFAULT_TILE_SIDE = 256;

/** A strip is made about as many bytes as a tile of the default size, for a pixel of four bytes. */
const STRIP_BYTES = 262144;

/**
 * The layout of an output of this shape with these options.
 *
 * @throws {RangeError} if a side is not a whole number from 1 to 2^31 - 1 (what GDAL can open).
 */
export function makeOutputLayout(options: CreationOptions, shape: OutputShape): OutputLayout {
  const { width, height, nodata } = shape;
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > 0x7fffffff) {
      throw new RangeError(
        `An output of ${width} x ${height} pixels can't be: each side must be 1 to 2147483647`,
      );
    }
  }
  const { tiled, compression } = options;
  return {
    width,
    height,
    tiled,
    tileWidth: tiled ? options.blockXSize ?? DEFAULT_TILE_SIDE : width,
    tileHeight: tiled
      ? options.blockYSize ?? DEFAULT_TILE_SIDE
      : Math.min(options.blockYSize ?? defaultStripRows(width), height),
    tileFixed: {
      width: !tiled || options.blockXSize !== undefined,
      height: options.blockYSize !== undefined,
    },
    interleave: options.interleave,
    compression,
    level: compression === "DEFLATE" ? options.deflateLevel : compression === "ZSTD" ? options.zstdLevel : 0,
    predictor: compression === "NONE" ? 1 : options.predictor,
    bigTiff: options.bigTiff,
    sparse: options.sparse,
    ...options.photometric && { photometric: options.photometric },
    ...options.alpha && { alpha: options.alpha },
    nodata,
  };
}

/** A power of two, so that strips of several outputs, and the usual windows, have a small common multiple. */
function defaultStripRows(width: number): number {
  const rows = STRIP_BYTES / (width * 4);
  return rows < 1 ? 1 : Math.min(DEFAULT_TILE_SIDE, 2 ** Math.floor(Math.log2(rows)));
}

/** Tiles of one plane, across and down. */
export function tileGrid(layout: OutputLayout): { across: number; down: number } {
  return {
    across: Math.ceil(layout.width / layout.tileWidth),
    down: Math.ceil(layout.height / layout.tileHeight),
  };
}

/** How many planes of tiles an output of `bands` bands has: one a band, or one in all. */
export function planeCount(layout: OutputLayout, bands: number): number {
  return layout.interleave === "BAND" ? bands : 1;
}

/**
 * The tiles that a block covers. They belong to no other block.
 *
 * @throws {RangeError} if the block does not lie in the image or cuts a tile.
 */
export function tileSpan(layout: OutputLayout, block: ApplierBlockDefn): TileSpan {
  const { width, height, tileWidth, tileHeight } = layout;
  const right = block.left + block.ncols;
  const bottom = block.top + block.nrows;
  const inside = block.left >= 0 && block.top >= 0 && block.ncols > 0 && block.nrows > 0 && right <= width &&
    bottom <= height;
  const whole = block.left % tileWidth === 0 && block.top % tileHeight === 0 &&
    (right === width || right % tileWidth === 0) && (bottom === height || bottom % tileHeight === 0);
  if (!inside || !whole) {
    throw new RangeError(
      `The block of ${block.ncols} x ${block.nrows} pixels at column ${block.left}, row ${block.top} is not made ` +
        `of whole ${tileWidth} x ${tileHeight} tiles of an image of ${width} x ${height}`,
    );
  }
  return {
    column: block.left / tileWidth,
    row: block.top / tileHeight,
    across: Math.ceil(block.ncols / tileWidth),
    down: Math.ceil(block.nrows / tileHeight),
  };
}

/**
 * Checks that pixels of this type and number of bands can be written in this layout.
 *
 * @throws {ConfigError} naming the creation option that does not suit them.
 */
export function checkFormat(layout: OutputLayout, dataType: DataType, bands: number): void {
  if (!Number.isInteger(bands) || bands < 1 || bands > 65535) {
    throw new ConfigError(`An output of ${bands} bands can't be: a TIFF holds 1 to 65535`);
  }
  const { bytes, sampleFormat } = DATA_TYPES[dataType];
  if (layout.predictor === 3 && sampleFormat !== 3) {
    throw new ConfigError(
      `Creation option PREDICTOR=3 is for float32 and float64, not for ${dataType}; use PREDICTOR=2`,
    );
  }
  const { colours, photometric, alpha } = colourBands(layout, { dataType, bands });
  if (bands < colours) {
    throw new ConfigError(`Creation option PHOTOMETRIC=RGB needs 3 bands or more, not ${bands}`);
  }
  if (alpha !== "NO" && bands === colours) {
    const cure = layout.photometric === undefined && colours === 3
      ? ", which three bands of bytes are: give PHOTOMETRIC=MINISBLACK too"
      : "";
    throw new ConfigError(
      `Creation option ALPHA needs a band beyond the ${colours} of PHOTOMETRIC=${photometric}${cure}`,
    );
  }
  const samples = layout.interleave === "PIXEL" ? bands : 1;
  const tileBytes = layout.tileWidth * layout.tileHeight * samples * bytes;
  if (tileBytes > MAX_TILE_BYTES) {
    throw new ConfigError(
      `A ${layout.tileWidth} x ${layout.tileHeight} ${
        layout.tiled ? "tile" : "strip"
      } of ${tileBytes} bytes is ` +
        `over the limit of 1 GiB; make it smaller with BLOCKXSIZE and BLOCKYSIZE`,
    );
  }
}
