/**
 * The facts of a raster, for programs and for people.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import { messageOf } from "../core/errors.ts";
import { DATA_TYPES } from "../raster/data_type.ts";
import { citedName, crsName, epsgCode, geoKeyValues } from "../raster/geotiff/geo_keys.ts";
import { pixelToWorld } from "../raster/pixel_grid.ts";
import { gridCrsName } from "../raster/grid_crs.ts";
import type { RasterInfo, Sidecar, SidecarFact } from "../raster/raster_info.ts";
import type { UnreadPart } from "../raster/unread_parts.ts";

/** What `info --json` says of a file. */
export interface InfoFacts {
  /** The path or URL. */
  readonly location: string;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Number of bands. */
  readonly bands: number;
  /** Pixel type. */
  readonly type: string;
  /** Bits of a pixel in the file: fewer than the type's for files of 1 to 15 bits and of 16-bit floating point. */
  readonly storedBits: number;
  /** Band names; "" where there is none. */
  readonly bandNames: readonly string[];
  /** Nodata value, of the first band: `"nan"`, `"inf"` or `"-inf"` where JSON has no number for it; null for none. */
  readonly nodata: number | bigint | string | null;
  /** The same for each band. */
  readonly bandNodata: readonly (number | bigint | string | null)[];
  /** The coordinate system; null for none. */
  readonly crs: { readonly name: string; readonly epsg: number | null } | null;
  /** The coordinate system as WKT, where GeoTIFF has no keys for it; else null. */
  readonly wkt: string | null;
  /** GDAL's six numbers; null if the file does not say where it lies. */
  readonly geotransform: readonly number[] | null;
  /** Least and greatest x and y of the corners, `[xmin, ymin, xmax, ymax]`; null without a place. */
  readonly extent: readonly [number, number, number, number] | null;
  /** Tiles or strips, and their size. */
  readonly layout: { readonly tiled: boolean; readonly width: number; readonly height: number };
  /** GDAL's INTERLEAVE. */
  readonly interleave: string;
  /** GDAL's name of the compression. */
  readonly compression: string;
  /** TIFF predictor. */
  readonly predictor: number;
  /** Sizes of the overviews. */
  readonly overviews: readonly { readonly width: number; readonly height: number }[];
  /** Files beside it, and which of these facts they say. */
  readonly sidecars: readonly Sidecar[];
  /** What the file says and that is not used: its kind, and what there is in words. */
  readonly unread: readonly UnreadPart[];
  /** Whether it is a BigTIFF. */
  readonly bigTiff: boolean;
  /** Byte order. */
  readonly littleEndian: boolean;
  /** The file's size. */
  readonly bytes: number;
}

/** The facts of a raster as plain data. */
export function infoFacts(info: RasterInfo): InfoFacts {
  return {
    location: info.location,
    width: info.width,
    height: info.height,
    bands: info.bands,
    type: info.dataType,
    storedBits: info.storedBits ?? 8 * DATA_TYPES[info.dataType].bytes,
    bandNames: info.bandNames,
    nodata: nodataFact(info.nodata),
    bandNodata: info.bandNodata.map(nodataFact),
    crs: crsFacts(info),
    wkt: info.wkt,
    geotransform: info.geotransform,
    extent: extentOf(info),
    layout: { tiled: info.tiled, width: info.tileWidth, height: info.tileHeight },
    interleave: info.interleave,
    compression: info.compression,
    predictor: info.predictor,
    overviews: info.overviews.map(({ width, height }) => ({ width, height })),
    sidecars: info.sidecars.map(({ kind, location, gives }) => ({ kind, location, gives })),
    unread: info.unread.map(({ kind, what }) => ({ kind, what })),
    bigTiff: info.bigTiff,
    littleEndian: info.littleEndian,
    bytes: info.byteLength,
  };
}

/** The facts of a raster for people, a line each. */
export function infoLines(info: RasterInfo): string[] {
  const facts = infoFacts(info);
  const { geotransform: t, extent, crs } = facts;
  const predictor = facts.predictor === 1 ? "" : `, predictor ${facts.predictor}`;
  const names = facts.bandNames.some((name) => name !== "")
    ? ` (${listed(facts.bandNames.map((name) => shortened(name || "-")))})`
    : "";
  const rows: [string, string][] = [
    ["size", `${facts.width} x ${facts.height} pixels`],
    ["bands", `${facts.bands} of ${facts.type}${storedLine(info)}${names}`],
    ["nodata", nodataLine(facts.bandNodata)],
    ["crs", crs === null ? "none" : crsLine(crs)],
  ];
  if (t && extent) {
    rows.push(["origin", `${t[0]}, ${t[3]}`], ["pixel size", `${t[1]}, ${t[5]}`]);
    if (t[2] !== 0 || t[4] !== 0) rows.push(["rotation", `${t[2]}, ${t[4]}`]);
    rows.push(["extent", `x ${extent[0]} to ${extent[2]}, y ${extent[1]} to ${extent[3]}`]);
  } else rows.push(["origin", "none: the file does not say where it lies"]);
  const { tiled, width, height } = facts.layout;
  const overviews = listed(facts.overviews.map((one) => `${one.width} x ${one.height}`));
  rows.push(
    ["layout", `${tiled ? "tiles" : "strips"} of ${width} x ${height}, interleave ${facts.interleave}`],
    ["compression", facts.compression + predictor],
    ["overviews", overviews || "none"],
    ...facts.sidecars.map((sidecar): [string, string] => ["beside", sidecarLine(sidecar)]),
    ...facts.unread.map(({ what }): [string, string] => ["not used", what]),
    [
      "file",
      `${facts.bigTiff ? "BigTIFF" : "TIFF"}, ${facts.littleEndian ? "little" : "big"}-endian, ` +
      `${formatBytes(facts.bytes)} (${facts.bytes} bytes)`,
    ],
  );
  const widest = Math.max(...rows.map(([label]) => label.length));
  return [
    messageOf(facts.location),
    ...rows.map(([label, value]) => `  ${label.padEnd(widest)}  ${messageOf(value)}`),
  ];
}

/** A line for people holds this many names or sizes, each this long; `--json` has them all. */
const SHOWN = { items: 40, chars: 60 } as const;

function storedLine({ storedBits }: RasterInfo): string {
  return storedBits === undefined ? "" : ` (${storedBits} ${storedBits === 1 ? "bit" : "bits"} stored)`;
}

function listed(items: readonly string[]): string {
  const shown = items.slice(0, SHOWN.items).join(", ");
  return items.length > SHOWN.items ? `${shown} and ${items.length - SHOWN.items} more` : shown;
}

function shortened(text: string): string {
  return text.length > SHOWN.chars ? `${text.slice(0, SHOWN.chars)}...` : text;
}

function crsFacts({ geoKeys, wkt }: RasterInfo): InfoFacts["crs"] {
  if (wkt !== null) return { name: gridCrsName({ geoKeys, wkt }), epsg: null };
  const name = crsName(geoKeys);
  if (geoKeys === null || name === "none") return null;
  const epsg = epsgCode(geoKeys) ?? null;
  // A name is more than a number, but not where the file says that its system is another than the number's.
  const cited = name === `EPSG:${epsg}` ? citedName(geoKeyValues(geoKeys)) : undefined;
  return { name: cited ?? name, epsg };
}

function crsLine({ name, epsg }: NonNullable<InfoFacts["crs"]>): string {
  const code = `EPSG:${epsg}`;
  return epsg === null || name.startsWith(code) ? name : `${name} (${code})`;
}

function extentOf({ geotransform, width, height }: RasterInfo): InfoFacts["extent"] {
  if (!geotransform) return null;
  const corners = [[0, 0], [width, 0], [0, height], [width, height]]
    .map(([col, row]) => pixelToWorld(geotransform, col!, row!));
  const xs = corners.map(({ x }) => x);
  const ys = corners.map(({ y }) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function nodataFact(nodata: number | bigint | null): number | bigint | string | null {
  return typeof nodata === "number" && !Number.isFinite(nodata) ? nodataText(nodata) : nodata;
}

/** One value if all bands have the same. */
function nodataLine(bandNodata: InfoFacts["bandNodata"]): string {
  const words = bandNodata.map((nodata) => nodata === null ? "none" : String(nodata));
  return words.every((word) => word === words[0]) ? words[0] ?? "none" : words.join(", ");
}

const FACT_WORDS: Readonly<Record<SidecarFact, string>> = {
  geotransform: "place",
  crs: "coordinate system",
  nodata: "nodata value",
  bandNames: "band names",
  statistics: "statistics, which are not used",
};

/** What a file beside the raster says: these facts come from it and not from the raster. */
function sidecarLine({ kind, location, gives }: Sidecar): string {
  const says = gives.map((fact) => FACT_WORDS[fact]).join(", ");
  if (says !== "") return `${location}: ${says}`;
  return `${location}: ${kind === "overviews" ? "overviews, which are not used" : "nothing that is used"}`;
}

function nodataText(value: number): string {
  return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
