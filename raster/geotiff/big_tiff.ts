/**
 * Whether an output is a BigTIFF, by GDAL's rules (GTiff driver, creation option BIGTIFF).
 *
 * @module
 */
import { DATA_TYPES, type DataType } from "../data_type.ts";
import type { OutputLayout } from "./output_layout.ts";

/** A classic TIFF's offsets have 32 bits. */
export const CLASSIC_LIMIT = 0xffffffff;

/** From where IF_SAFER does not trust compression, and from where COMPRESS=NONE can't fit. */
const SAFER_LIMIT = 2_000_000_000;
const UNCOMPRESSED_LIMIT = 4_200_000_000;

/** Room that is kept for tags and texts when a classic TIFF nears its end. */
const DIRECTORY_RESERVE = 65536;

/** The pixels of an output. */
export interface OutputPixelFormat {
  /** Their type. */
  readonly dataType: DataType;
  /** The number of bands. */
  readonly bands: number;
}

/** Whether the creation option asks for a BigTIFF, whatever the file's length will be. */
export function wantsBigTiff(layout: OutputLayout, format: OutputPixelFormat): boolean {
  return layout.bigTiff === "YES" ||
    layout.bigTiff === "IF_SAFER" && imageBytes(layout, format) > SAFER_LIMIT;
}

/**
 * Whether an output with BIGTIFF=NO is too large for a classic TIFF before anything is written.
 *
 * @returns its bytes if it is; undefined if it may fit.
 */
export function beyondClassic(layout: OutputLayout, format: OutputPixelFormat): number | undefined {
  if (layout.bigTiff !== "NO" || layout.compression !== "NONE" || layout.sparse) return undefined;
  const bytes = imageBytes(layout, format);
  return bytes > UNCOMPRESSED_LIMIT ? bytes : undefined;
}

/** The length that a classic TIFF has at least if its tiles end at `tilesEnd`. */
export function classicLength(tilesEnd: number, tiles: number): number {
  return tilesEnd + tiles * 8 + DIRECTORY_RESERVE;
}

/** The image's size without compression, as GDAL estimates it. */
function imageBytes({ width, height }: OutputLayout, { dataType, bands }: OutputPixelFormat): number {
  return width * height * bands * DATA_TYPES[dataType].bytes;
}
