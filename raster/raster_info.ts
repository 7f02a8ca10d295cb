/**
 * What a raster file says of itself.
 *
 * @module
 */
import type { DataType } from "./data_type.ts";
import type { UnreadPart } from "./unread_parts.ts";

/**
 * GDAL's six numbers: x of the outer corner of the first pixel, pixel width, row rotation, y of that corner,
 * column rotation, pixel height (negative when north is up), in the units of the coordinate system.
 */
export type GeoTransform = readonly [number, number, number, number, number, number];

/**
 * The coordinate system as the three GeoTIFF tags hold it (OGC 19-008r4, section 7): kept as it stands, so
 * that an output says the same as its input.
 */
export interface GeoKeys {
  /** GeoKeyDirectoryTag (34735), whole: header of four numbers, then four a key. */
  readonly directory: readonly number[];
  /** GeoDoubleParamsTag (34736). */
  readonly doubles: readonly number[];
  /** GeoAsciiParamsTag (34737), without the closing NUL: one character a byte, as keys count them. */
  readonly ascii: string;
}

/** A pixel window of a raster: columns and rows from its upper left pixel, and how many. */
export interface PixelWindow {
  /** First column. */
  readonly left: number;
  /** First row. */
  readonly top: number;
  /** Columns. */
  readonly ncols: number;
  /** Rows. */
  readonly nrows: number;
}

/** What a file beside a raster can say of it. */
export type SidecarFact = "geotransform" | "crs" | "nodata" | "bandNames" | "statistics";

/** A file beside a raster that belongs to it. */
export interface Sidecar {
  /** `pam` is GDAL's `.aux.xml`, `tabFile` MapInfo's `.tab`. */
  readonly kind: "pam" | "worldFile" | "overviews" | "mask" | "tabFile";
  /** Its path or URL. */
  readonly location: string;
  /** What it says; these facts are its own, not the raster's. Statistics are there but not used. */
  readonly gives: readonly SidecarFact[];
}

/** The facts of a raster file, all checked against the file's size. */
export interface RasterInfo {
  /** The path or URL that was opened. */
  readonly location: string;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Number of bands. */
  readonly bands: number;
  /** The pixel type of all bands. */
  readonly dataType: DataType;
  /** The bits of a pixel in the file, where they are fewer than the type has: 12 of `uint16`. */
  readonly storedBits?: number;
  /** Where the pixels lie; null if the file does not say. Already the corner's, also for PixelIsPoint files. */
  readonly geotransform: GeoTransform | null;
  /** The coordinate system; null if the file has none. */
  readonly geoKeys: GeoKeys | null;
  /**
   * The coordinate system as text, mostly WKT, where a file beside the raster says one that GeoKeys can't; `geoKeys` is
   * null then. Null for none.
   */
  readonly wkt: string | null;
  /** The nodata value of the first band; null if it has none. A bigint for 64-bit integers. */
  readonly nodata: number | bigint | null;
  /** The nodata value of each band: GDAL_NODATA is one for all, a file beside the raster may give each its own. */
  readonly bandNodata: readonly (number | bigint | null)[];
  /** Band descriptions, one a band; "" where there is none. */
  readonly bandNames: readonly string[];
  /** Whether it has tiles; otherwise `tileWidth` is the width and `tileHeight` the rows of a strip. */
  readonly tiled: boolean;
  /** Columns of a tile. */
  readonly tileWidth: number;
  /** Rows of a tile or strip. */
  readonly tileHeight: number;
  /** GDAL's INTERLEAVE: BAND is planar, PIXEL is chunky. */
  readonly interleave: "BAND" | "PIXEL";
  /** GDAL's name of the compression: NONE, DEFLATE, LZW, PACKBITS, ZSTD, JPEG, LERC, ... */
  readonly compression: string;
  /** TIFF predictor: 1 none, 2 horizontal, 3 floating point. */
  readonly predictor: 1 | 2 | 3;
  /** Whether numbers are little-endian. */
  readonly littleEndian: boolean;
  /** Whether it is a BigTIFF. */
  readonly bigTiff: boolean;
  /** Reduced images in the file, largest first. */
  readonly overviews: readonly { readonly width: number; readonly height: number }[];
  /** Changes when what the files beside it say of its place, system and nodata values does; "" if they say nothing. */
  readonly sidecarsVersion: string;
  /** The files beside it, as far as they were looked for; a reader of pixels does not look. */
  readonly sidecars: readonly Sidecar[];
  /** What the file says beyond this and that is not used; see {@linkcode UnreadPart} for how to add to it. */
  readonly unread: readonly UnreadPart[];
  /** The file's size. */
  readonly byteLength: number;
  /** Changes when the file does: modification time and size, or the ETag. */
  readonly version: string;
}
