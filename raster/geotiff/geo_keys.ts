/**
 * GeoKeys: the coordinate system as GeoTIFF has it (OGC 19-008r4, section 7), compared and named.
 *
 * @module
 */
import type { GeoKeys } from "../raster_info.ts";
import { textOfBytes, withoutClosing } from "./geo_text.ts";
import { TAG } from "./tags.ts";

/** Key ids (OGC 19-008r4, section 7.4). */
export const GEO_KEY = {
  GTModelType: 1024,
  GTRasterType: 1025,
  GTCitation: 1026,
  GeodeticCRS: 2048,
  GeodeticCitation: 2049,
  GeodeticDatum: 2050,
  PrimeMeridian: 2051,
  GeogLinearUnits: 2052,
  GeogLinearUnitSize: 2053,
  GeogAngularUnits: 2054,
  GeogAngularUnitSize: 2055,
  Ellipsoid: 2056,
  EllipsoidSemiMajor: 2057,
  EllipsoidSemiMinor: 2058,
  EllipsoidInvFlattening: 2059,
  PrimeMeridianLongitude: 2061,
  GeogToWgs84: 2062,
  ProjectedCRS: 3072,
  ProjectedCitation: 3073,
  Projection: 3074,
  ProjMethod: 3075,
  ProjLinearUnits: 3076,
  ProjLinearUnitSize: 3077,
  VerticalCRS: 4096,
  VerticalCitation: 4097,
  VerticalDatum: 4098,
  VerticalUnits: 4099,
} as const;

/** One key's value: a short, a list of doubles, or a text. */
export type GeoKeyValue = number | readonly number[] | string;

const USER_DEFINED = 32767;
const MODEL = { PROJECTED: 1, GEODETIC: 2, GEOCENTRIC: 3 } as const;
const PIXEL_IS_POINT = 2;
/** Doubles that writers print and parse back differ in their last digits. */
const RELATIVE_TOLERANCE = 1e-10;

/** Keys that say nothing of where things lie in the plane: citations, the raster type and the vertical system. */
const MEANINGLESS: ReadonlySet<number> = new Set([
  GEO_KEY.GTRasterType,
  GEO_KEY.GTCitation,
  GEO_KEY.GeodeticCitation,
  GEO_KEY.ProjectedCitation,
  GEO_KEY.VerticalCRS,
  GEO_KEY.VerticalCitation,
  GEO_KEY.VerticalDatum,
  GEO_KEY.VerticalUnits,
]);

/**
 * Keys of a geodetic system's datum, prime meridian and ellipsoid (2050 to 2061), which its EPSG code says too: some
 * writers repeat them.
 */
const IMPLIED_BY_GEODETIC_CODE: ReadonlySet<number> = new Set([2050, 2051, 2056, 2057, 2058, 2059, 2061]);

/** The keys by their ids. A key whose values lie outside its list is left out. */
export function geoKeyValues(geoKeys: GeoKeys): Map<number, GeoKeyValue> {
  const { directory, doubles, ascii } = geoKeys;
  const values = new Map<number, GeoKeyValue>();
  for (let i = 4; i + 3 < directory.length; i += 4) {
    const [id, location, count, offset] = directory.slice(i, i + 4) as [number, number, number, number];
    if (location === 0) values.set(id, offset);
    else if (location === TAG.GeoDoubleParams && offset + count <= doubles.length) {
      values.set(id, doubles.slice(offset, offset + count));
    } else if (location === TAG.GeoAsciiParams && offset < ascii.length) {
      // OGC 19-008r4, 7.1.3: a text ends with | in place of NUL, which is no part of it.
      values.set(id, textOfBytes(withoutClosing(ascii.slice(offset, offset + count))));
    }
  }
  return values;
}

/** Whether pixels are points, so that the tie points are pixels' centres and not their corners. */
export function isPixelIsPoint(geoKeys: GeoKeys | null): boolean {
  return geoKeys !== null && geoKeyValues(geoKeys).get(GEO_KEY.GTRasterType) === PIXEL_IS_POINT;
}

/** The EPSG code of the coordinate system; undefined if it has none, or there is no system. */
export function epsgCode(geoKeys: GeoKeys | null): number | undefined {
  return geoKeys === null ? undefined : codeOf(geoKeyValues(geoKeys));
}

/**
 * The coordinate system for people: `EPSG:31985`, else `user-defined (its citation)`, or `none`.
 */
export function crsName(geoKeys: GeoKeys | null): string {
  const values = geoKeys === null ? undefined : geoKeyValues(geoKeys);
  if (values === undefined || isEmpty(values)) return "none";
  const code = codeOf(values);
  if (code !== undefined) return `EPSG:${code}`;
  const citations = [GEO_KEY.ProjectedCitation, GEO_KEY.GTCitation, GEO_KEY.GeodeticCitation];
  const citation = citations.map((id) => values.get(id)).find((value) =>
    typeof value === "string" && value !== ""
  );
  return citation === undefined ? "user-defined" : `user-defined (${oneLine(String(citation))})`;
}

/**
 * Whether two coordinate systems mean the same in the plane. Citations, GTRasterType, the order of the keys and the
 * vertical system do not count; two systems with one EPSG code are the same whatever their other keys repeat of it.
 */
export function sameCrs(a: GeoKeys | null, b: GeoKeys | null): boolean {
  const [left, right] = [a, b].map((
    keys,
  ) => (keys === null ? new Map<number, GeoKeyValue>() : geoKeyValues(keys)));
  if (isEmpty(left!) || isEmpty(right!)) return isEmpty(left!) && isEmpty(right!);
  const [leftCode, rightCode] = [codeOf(left!), codeOf(right!)];
  if (leftCode !== undefined || rightCode !== undefined) return leftCode === rightCode;
  const isBaseCoded = [left!, right!].every((values) => isCode(values.get(GEO_KEY.GeodeticCRS)));
  const ids = new Set(
    [...left!.keys(), ...right!.keys()].filter((id) =>
      !MEANINGLESS.has(id) && !(isBaseCoded && IMPLIED_BY_GEODETIC_CODE.has(id))
    ),
  );
  for (const id of ids) if (!sameValue(left!.get(id), right!.get(id))) return false;
  return definingText(left!) === definingText(right!);
}

function codeOf(values: ReadonlyMap<number, GeoKeyValue>): number | undefined {
  const projected = values.get(GEO_KEY.ProjectedCRS);
  const model = values.get(GEO_KEY.GTModelType);
  // A projected system's geodetic key names only its base.
  const code = model === MODEL.PROJECTED || (projected !== undefined && model === undefined)
    ? projected
    : model === MODEL.GEODETIC || model === MODEL.GEOCENTRIC || model === undefined
    ? values.get(GEO_KEY.GeodeticCRS)
    : undefined;
  return isCode(code) ? code : undefined;
}

function isCode(value: GeoKeyValue | undefined): value is number {
  return typeof value === "number" && value > 0 && value < USER_DEFINED;
}

function isEmpty(values: ReadonlyMap<number, GeoKeyValue>): boolean {
  for (const [id, value] of values) {
    // Model type 0 is "undefined": the file only has keys to say what a pixel is.
    if (id !== GEO_KEY.GTRasterType && !(id === GEO_KEY.GTModelType && value === 0)) return false;
  }
  return true;
}

/** A citation that is the definition itself, in the flavour of Esri's writers. */
function definingText(values: ReadonlyMap<number, GeoKeyValue>): string {
  for (const value of values.values()) {
    if (typeof value === "string" && value.startsWith("ESRI PE String")) return value.replace(/\s+/g, "");
  }
  return "";
}

function sameValue(a: GeoKeyValue | undefined, b: GeoKeyValue | undefined): boolean {
  const [left, right] = [asNumbers(a), asNumbers(b)];
  if (left === undefined || right === undefined) return a === b;
  return left.length === right.length && left.every((value, i) => closeTo(value, right[i]!));
}

function asNumbers(value: GeoKeyValue | undefined): readonly number[] | undefined {
  return typeof value === "number" ? [value] : typeof value === "object" ? value : undefined;
}

function closeTo(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

/** Text from a file, safe on a terminal. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what it is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim().slice(0, 200);
}
