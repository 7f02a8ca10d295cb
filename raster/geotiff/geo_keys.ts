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
/** EPSG's code. */
const METRE = 9001;
/** Doubles that writers print and parse back differ in their last digits. */
const RELATIVE_TOLERANCE = 1e-10;

/** Keys that say nothing of where things lie in the plane: the raster type and the vertical system. */
const MEANINGLESS: ReadonlySet<number> = new Set([
  GEO_KEY.GTRasterType,
  GEO_KEY.VerticalCRS,
  GEO_KEY.VerticalCitation,
  GEO_KEY.VerticalDatum,
  GEO_KEY.VerticalUnits,
]);

/** Texts for people, where a code says all. */
const CITATIONS: ReadonlySet<number> = new Set([
  GEO_KEY.GTCitation,
  GEO_KEY.GeodeticCitation,
  GEO_KEY.ProjectedCitation,
]);

/** Of the geodetic system: GDAL writes them beside its code. */
const OF_BASE: ReadonlySet<number> = new Set([
  GEO_KEY.GeogAngularUnits,
  GEO_KEY.EllipsoidSemiMajor,
  GEO_KEY.EllipsoidInvFlattening,
]);

/** Keys beside a projected system's code that make GDAL put the system together from its parts. */
export const OVERRIDES: readonly number[] = [
  GEO_KEY.Projection,
  GEO_KEY.ProjMethod,
  GEO_KEY.GeodeticCRS,
  GEO_KEY.GeodeticDatum,
  GEO_KEY.Ellipsoid,
];

/** Units that files use, by EPSG's codes. */
const LENGTHS: Readonly<Record<number, string>> = {
  9002: "feet",
  9003: "US survey feet",
  9036: "kilometres",
};
const ANGLES: Readonly<Record<number, string>> = {
  9101: "radians",
  9103: "minutes",
  9104: "seconds",
  9105: "grads",
};

/** EPSG's codes of degrees, however they are written for people. */
const DEGREES: ReadonlySet<number> = new Set([9102, 9107, 9108, 9110, 9122]);

/** How Esri and GDAL mark a citation that is the definition itself, as well-known text. */
export const PE_PREFIX = "ESRI PE String = ";

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
 * The coordinate system for people: `EPSG:31985`, `EPSG:32633 in feet` where the file's own unit is another than metres, else
 * `user-defined (its citation)`, or `none`.
 */
export function crsName(geoKeys: GeoKeys | null): string {
  const values = geoKeys === null ? undefined : geoKeyValues(geoKeys);
  if (values === undefined || isEmpty(values)) return "none";
  const code = codeOf(values);
  if (code !== undefined) return `EPSG:${code}${ownUnit(values)}`;
  const name = citedName(values);
  return name === undefined ? `user-defined${baseOf(values)}` : `user-defined (${name})`;
}

/** The name that a system's citations have for it, in one line; undefined if they have none. */
export function citedName(values: ReadonlyMap<number, GeoKeyValue>): string | undefined {
  for (const id of [GEO_KEY.ProjectedCitation, GEO_KEY.GTCitation, GEO_KEY.GeodeticCitation]) {
    const citation = values.get(id);
    if (typeof citation !== "string") continue;
    const [, definition] = citation.match(/^ESRI PE String = [A-Z_]+[[(]"([^"]*)"/) ?? [];
    // GDAL's and Esri's form: `GCS Name = NAD27|Datum = ...`, `PCS Name = ...`.
    const [, named] = citation.match(/^(?:PCS|GCS|PRJ) Name = ([^|]*)/) ?? [];
    const name = oneLine(definition ?? named ?? citation);
    // Some writers say so where they have no name, and GDAL writes a unit's there.
    if (!/^(unknown|unnamed|LUnits = .*|)$/i.test(name)) return name;
  }
  return undefined;
}

function ownUnit(values: ReadonlyMap<number, GeoKeyValue>): string {
  if (values.get(GEO_KEY.GTModelType) === MODEL.GEODETIC) {
    const unit = values.get(GEO_KEY.GeogAngularUnits);
    return unit === undefined || DEGREES.has(unit as number)
      ? ""
      : ` in ${ANGLES[unit as number] ?? "other angles"}`;
  }
  const unit = values.get(GEO_KEY.ProjLinearUnits);
  return unit === undefined || unit === METRE ? "" : ` in ${LENGTHS[unit as number] ?? "a unit of its own"}`;
}

function baseOf(values: ReadonlyMap<number, GeoKeyValue>): string {
  const base = values.get(GEO_KEY.GeodeticCRS);
  return isCode(base) ? ` on EPSG:${base}` : "";
}

/** Whether an EPSG code says all of the system, and no other key may contradict it. */
export function isPlainCode(geoKeys: GeoKeys | null): boolean {
  if (geoKeys === null || epsgCode(geoKeys) === undefined) return false;
  const values = geoKeyValues(geoKeys);
  const isProjected = values.has(GEO_KEY.ProjectedCRS);
  for (const [id, value] of values) {
    const isUsual = MEANINGLESS.has(id) || CITATIONS.has(id) || id === GEO_KEY.GTModelType ||
      id === GEO_KEY.GeogToWgs84 || id === (isProjected ? GEO_KEY.ProjectedCRS : GEO_KEY.GeodeticCRS) ||
      (id === GEO_KEY.ProjLinearUnits && value === METRE) ||
      // The unit and the ellipsoid of its base say nothing of a projected system's own coordinates.
      OF_BASE.has(id);
    if (!isUsual) return false;
  }
  return !hasOwnAngularUnit(geoKeys);
}

/** Whether a geographic system says of itself that its coordinates are in another unit than degrees. */
export function hasOwnAngularUnit(geoKeys: GeoKeys | null): boolean {
  if (geoKeys === null) return false;
  const values = geoKeyValues(geoKeys);
  if (values.get(GEO_KEY.GTModelType) === MODEL.PROJECTED || values.has(GEO_KEY.ProjectedCRS)) return false;
  const unit = values.get(GEO_KEY.GeogAngularUnits);
  return unit !== undefined && !DEGREES.has(unit as number);
}

/** Whether a raster says nothing of a coordinate system. */
export function isWithoutSystem(geoKeys: GeoKeys | null): boolean {
  return geoKeys === null || isEmpty(geoKeyValues(geoKeys));
}

/**
 * Whether two rasters have the same keys, apart from those that say nothing of where things lie in the plane and from the
 * keys' order. Other keys may mean the same, too: `sameCrs` in `raster/crs/same_crs.ts` knows.
 */
export function sameKeys(a: GeoKeys | null, b: GeoKeys | null): boolean {
  if (a === b) return true;
  if (isWithoutSystem(a) || isWithoutSystem(b)) return isWithoutSystem(a) && isWithoutSystem(b);
  const [left, right] = [geoKeyValues(a!), geoKeyValues(b!)];
  // Without a code a citation may be what tells a datum, or be the definition itself.
  const isCoded = codeOf(left) !== undefined;
  const isWhole = isWholeProjected(left) && isWholeProjected(right);
  const ids = new Set([...left.keys(), ...right.keys()]);
  for (const id of ids) {
    const counts = !MEANINGLESS.has(id) && !(isCoded && CITATIONS.has(id)) && !(isWhole && OF_BASE.has(id));
    if (counts && !sameValue(left.get(id), right.get(id))) return false;
  }
  return true;
}

/** Whether a projected system's code is all that is said of it but its unit, so that GDAL looks at no part of its base. */
function isWholeProjected(values: ReadonlyMap<number, GeoKeyValue>): boolean {
  return isCode(values.get(GEO_KEY.ProjectedCRS)) && !OVERRIDES.some((key) => values.has(key));
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

/** Text from a file, safe on a terminal: at most 200 characters. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what it is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim().slice(0, 200);
}
