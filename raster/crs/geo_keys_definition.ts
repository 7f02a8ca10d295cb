/**
 * What GeoKeys mean, by the rules of libgeotiff and GDAL, on which the other tools of the field stand: a code means EPSG's
 * system, keys beside it override its parts, and a user-defined system is made of its parts.
 *
 * @module
 */
import { GEO_KEY, type GeoKeyValue, OVERRIDES, PE_PREFIX } from "../geotiff/geo_keys.ts";
import type {
  CrsDefinition,
  Ellipsoid,
  Geodetic,
  Named,
  PrimeMeridian,
  Projection,
} from "./crs_definition.ts";
import type { EpsgTable } from "./epsg_table.ts";
import { METHODS, PARAMETER_KEY, type ProjectionMethod } from "./projection_methods.ts";
import { projectionOf } from "./projection_of.ts";
import { ANGULAR_UNITS, degreesOf, LINEAR_UNITS, metresOf } from "./units.ts";
import { definitionOfWkt } from "./wkt_definition.ts";

/** GeoKeys by their ids. */
export type KeyValues = ReadonlyMap<number, GeoKeyValue>;

const USER_DEFINED = 32767;
/** The keys that hold an angular unit: its code and its size. */
const ANGULAR_UNIT = [GEO_KEY.GeogAngularUnits, GEO_KEY.GeogAngularUnitSize] as const;
/** Those of a projected system's unit of length, and of a geocentric one's. */
const PROJECTED_UNIT = [GEO_KEY.ProjLinearUnits, GEO_KEY.ProjLinearUnitSize] as const;
const GEOCENTRIC_UNIT = [GEO_KEY.GeogLinearUnits, GEO_KEY.GeogLinearUnitSize] as const;
const MODEL = { PROJECTED: 1, GEOGRAPHIC: 2, GEOCENTRIC: 3 } as const;
const K = PARAMETER_KEY;

/** Where libgeotiff looks for each parameter, in this order, whatever the projection. */
const PARAMETER_SOURCES: Readonly<Record<string, readonly number[]>> = {
  latitude: [K.NatOriginLat, K.FalseOriginLat, K.CenterLat],
  longitude: [K.NatOriginLong, K.FalseOriginLong, K.CenterLong],
  parallel1: [K.StdParallel1],
  parallel2: [K.StdParallel2],
  scale: [K.ScaleAtNatOrigin, K.ScaleAtCenter],
  azimuth: [K.AzimuthAngle],
  rectified: [K.RectifiedGridAngle],
  easting: [K.FalseEasting, K.CenterEasting, K.FalseOriginEasting],
  northing: [K.FalseNorthing, K.CenterNorthing, K.FalseOriginNorthing],
};

/** The meaning of GeoKeys; undefined where they do not say enough, or name what the table does not have. */
export function definitionOfKeys(values: KeyValues, table: EpsgTable): CrsDefinition | undefined {
  const code = short(values, GEO_KEY.ProjectedCRS);
  switch (short(values, GEO_KEY.GTModelType)) {
    case MODEL.PROJECTED:
      return projected(values, table);
    case MODEL.GEOGRAPHIC:
      return geographic(values, table);
    case MODEL.GEOCENTRIC:
      return geocentric(values, table);
    case undefined:
      // Without a model a text or the codes say what it is.
      if (code === undefined && values.has(GEO_KEY.GeodeticCRS)) {
        return textDefinition(values) ?? geographic(values, table);
      }
      /* falls through */
    case USER_DEFINED:
      if (code !== undefined && code !== USER_DEFINED) return projected(values, table);
  }
  return textDefinition(values) ?? local(values);
}

/**
 * Whether a key names a part that the table does not have, such as a datum of a later year. Two such parts may be different, so
 * that no default may stand for them.
 */
function hasUnknownPart(values: KeyValues, table: EpsgTable): boolean {
  const lookups: readonly [key: number, find: (code: number) => unknown][] = [
    [GEO_KEY.GeodeticCRS, (code) => table.geodetic(code)],
    [GEO_KEY.GeodeticDatum, (code) => table.datum(code)],
    [GEO_KEY.PrimeMeridian, (code) => table.meridian(code)],
    [GEO_KEY.Ellipsoid, (code) => table.ellipsoid(code)],
    [GEO_KEY.ProjMethod, (code) => methodOfKeys(values, code)],
  ];
  return hasUnknownUnit(values, ANGULAR_UNIT) || lookups.some(([key, find]) => {
    const code = short(values, key) ?? USER_DEFINED;
    return isCode(code) && find(code) === undefined;
  });
}

/** Whether a unit has a code that nobody knows, or is the file's own and has no size. */
function hasUnknownUnit(values: KeyValues, [unitKey, sizeKey]: readonly [number, number]): boolean {
  const unit = short(values, unitKey);
  if (unit === undefined) return false;
  if (unit === USER_DEFINED) return !((double(values, sizeKey) ?? 0) > 0);
  return ANGULAR_UNITS[unit] === undefined && LINEAR_UNITS[unit] === undefined;
}

function projected(values: KeyValues, table: EpsgTable): CrsDefinition | undefined {
  const code = short(values, GEO_KEY.ProjectedCRS) ?? USER_DEFINED;
  const known = isCode(code) ? table.projected(code) : undefined;
  if (isCode(code) && known === undefined) return undefined;
  if (hasUnknownUnit(values, PROJECTED_UNIT)) return undefined;
  if (known !== undefined && !OVERRIDES.some((key) => values.has(key))) {
    return currentSystem(code, { values, table });
  }
  if (hasUnknownPart(values, table)) return undefined;
  const metresPerUnit = linearUnit(values, PROJECTED_UNIT) ?? known?.metresPerUnit ??
    linearUnit(values, GEOCENTRIC_UNIT) ?? 1;
  const geodetic = geodeticOf(values, table, known?.geodetic);
  const isSphere = geodetic.ellipsoid.inverseFlattening === 0;
  const ofKeys = projectionOfKeys(values, { isSphere, metresPerUnit });
  const projection = ofKeys ?? known?.projection ??
    table.conversion(short(values, GEO_KEY.Projection) ?? USER_DEFINED, isSphere);
  if (projection === undefined) {
    const text = textDefinition(values);
    return text?.kind === "projected" ? text : undefined;
  }
  return {
    kind: "projected",
    name: known?.name ?? "",
    code: known?.code,
    geodetic,
    projection,
    baseUnitCounts: ofKeys !== undefined && geodetic.degreesPerUnit !== 1,
    metresPerUnit,
  };
}

/** What a code alone means, in the file's own unit if it says one. */
function currentSystem(
  code: number,
  { values, table }: { values: KeyValues; table: EpsgTable },
): CrsDefinition | undefined {
  const current = table.current(code);
  const unit = linearUnit(values, PROJECTED_UNIT);
  return current && { ...current, metresPerUnit: unit ?? current.metresPerUnit };
}

function geographic(values: KeyValues, table: EpsgTable): CrsDefinition | undefined {
  if (hasUnknownPart(values, table)) return undefined;
  const code = short(values, GEO_KEY.GeodeticCRS) ?? USER_DEFINED;
  const known = isCode(code) ? table.geodetic(code) : undefined;
  // Keys beside a code whose datum moves do not count for GDAL; the unit is what the file's coordinates are in.
  const isMoving = known?.geodetic.datum.code !== undefined &&
    table.datum(known.geodetic.datum.code)?.isMoving;
  const geodetic = isMoving
    ? { ...known!.geodetic, degreesPerUnit: angularUnit(values) ?? known!.geodetic.degreesPerUnit }
    : geodeticOf(values, table);
  return { kind: "geographic", name: geodetic.name, code: geodetic.code, geodetic, metresPerUnit: 1 };
}

function geocentric(values: KeyValues, table: EpsgTable): CrsDefinition | undefined {
  if (hasUnknownPart(values, table) || hasUnknownUnit(values, GEOCENTRIC_UNIT)) return undefined;
  const metresPerUnit = linearUnit(values, GEOCENTRIC_UNIT) ?? 1;
  const geodetic = { ...geodeticOf(values, table), degreesPerUnit: 1 };
  return { kind: "geocentric", name: geodetic.name, geodetic, metresPerUnit };
}

/** A plane that lies nowhere on the earth. */
function local(values: KeyValues): CrsDefinition {
  const name = values.get(GEO_KEY.GTCitation) ?? values.get(GEO_KEY.GeodeticCitation);
  const metresPerUnit = linearUnit(values, PROJECTED_UNIT) ?? 1;
  return { kind: "local", name: typeof name === "string" ? name : "", metresPerUnit };
}

/** A definition as text in a citation. */
function textDefinition(values: KeyValues): CrsDefinition | undefined {
  for (const key of [GEO_KEY.ProjectedCitation, GEO_KEY.GTCitation, GEO_KEY.GeodeticCitation]) {
    const text = values.get(key);
    if (typeof text === "string" && text.startsWith(PE_PREFIX)) {
      return definitionOfWkt(text.slice(PE_PREFIX.length));
    }
  }
  return undefined;
}

/** The geodetic part: of its own code, else of `base`, with the keys that override parts of it. */
function geodeticOf(values: KeyValues, table: EpsgTable, base?: Geodetic): Geodetic {
  const code = short(values, GEO_KEY.GeodeticCRS);
  const own = code === undefined ? base : isCode(code) ? table.geodetic(code)?.geodetic : undefined;
  const names = own === undefined ? citedNames(values) : {};
  const datumCode = short(values, GEO_KEY.GeodeticDatum) ?? own?.datum.code ?? USER_DEFINED;
  const known = isCode(datumCode) ? table.datum(datumCode) : undefined;
  const datum: Named = names.datum === undefined && known
    ? { name: known.name, code: known.code }
    : { name: names.datum ?? "" };
  const ellipsoid = ellipsoidOf(values, table, known?.ellipsoid);
  return {
    name: own?.name ?? names.system ?? "",
    code: own?.code,
    datum,
    ellipsoid,
    primeMeridian: meridianOf(values, table, { own: own?.primeMeridian, name: names.meridian }),
    degreesPerUnit: angularUnit(values) ?? own?.degreesPerUnit ?? 1,
    toWgs84: doubles(values, GEO_KEY.GeogToWgs84),
  };
}

function ellipsoidOf(values: KeyValues, table: EpsgTable, ofDatum: Ellipsoid | undefined): Ellipsoid {
  const code = short(values, GEO_KEY.Ellipsoid) ?? USER_DEFINED;
  const known = (isCode(code) ? table.ellipsoid(code) : undefined) ?? ofDatum;
  const semiMajor = double(values, GEO_KEY.EllipsoidSemiMajor) ?? known?.semiMajor ?? 0;
  // As GDAL has it: what has no ellipsoid at all is on that of WGS 84.
  if (!(semiMajor > 0)) return { name: "", semiMajor: 6378137, inverseFlattening: 298.257223563 };
  const inverse = double(values, GEO_KEY.EllipsoidInvFlattening);
  const semiMinor = double(values, GEO_KEY.EllipsoidSemiMinor);
  const inverseFlattening = inverse !== undefined && Number.isFinite(inverse)
    ? inverse
    : semiMinor !== undefined && semiMinor > 0
    ? (semiMinor === semiMajor ? 0 : semiMajor / (semiMajor - semiMinor))
    : known?.inverseFlattening ?? 0;
  return { name: known?.name ?? "", semiMajor, inverseFlattening };
}

function meridianOf(
  values: KeyValues,
  table: EpsgTable,
  { own, name }: { own: PrimeMeridian | undefined; name: string | undefined },
): PrimeMeridian {
  const longitude = double(values, GEO_KEY.PrimeMeridianLongitude) ?? 0;
  // A meridian that the citation names goes before a code, and Greenwich is where it is.
  if (name !== undefined) return { name, longitude: name === "Greenwich" ? 0 : longitude };
  const code = short(values, GEO_KEY.PrimeMeridian) ?? USER_DEFINED;
  return (isCode(code) ? table.meridian(code) : undefined) ?? own ?? { name: "", longitude };
}

/** Names in GDAL's form of a geodetic citation: `GCS Name = ...|Datum = ...|Primem = ...|`. */
function citedNames(
  values: KeyValues,
): { system?: string; datum?: string | undefined; meridian?: string | undefined } {
  const citation = values.get(GEO_KEY.GeodeticCitation);
  if (typeof citation !== "string") return {};
  const parts = citation.split("|");
  const after = (label: string) => parts.find((part) => part.startsWith(label))?.slice(label.length);
  return {
    system: after("GCS Name = ") ?? citation,
    datum: after("Datum = "),
    meridian: after("Primem = "),
  };
}

function projectionOfKeys(
  values: KeyValues,
  { isSphere, metresPerUnit }: { isSphere: boolean; metresPerUnit: number },
): Projection | undefined {
  const geotiff = short(values, GEO_KEY.ProjMethod);
  const method = methodOfKeys(values, geotiff);
  if (method === undefined) return undefined;
  const parameters = new Map<string, number>();
  for (const name of Object.keys(method.keys)) {
    const key = sourcesOf(method, name).find((one) => doubles(values, one) !== undefined);
    const value = key === undefined ? defaultOf(name) : double(values, key)!;
    // GeoTIFF counts false origins in the system's own unit.
    parameters.set(name, name === "easting" || name === "northing" ? value * metresPerUnit : value);
  }
  return projectionOf(method.name, parameters, { isSphere });
}

function methodOfKeys(values: KeyValues, geotiff: number | undefined): ProjectionMethod | undefined {
  if (geotiff === undefined) return undefined;
  // Mercator is by its scale at the equator, or by the parallel that is true.
  const [first, second] = METHODS.filter((one) => one.geotiff === geotiff);
  if (second === undefined) return first;
  if (geotiff === 15) {
    const latitude = double(values, K.NatOriginLat) ?? 0;
    const scale = double(values, K.ScaleAtNatOrigin) ?? double(values, K.ScaleAtCenter) ?? 1;
    return scale === 1 && Math.abs(Math.abs(latitude) - 90) > 1e-8 ? second : first;
  }
  return doubles(values, K.StdParallel1) === undefined ? first : second;
}

function sourcesOf(method: ProjectionMethod, name: string): readonly number[] {
  const usual = PARAMETER_SOURCES[name] ?? [];
  const own = method.keys[name as keyof typeof method.keys]!;
  return usual.includes(own) ? usual : own === K.NatOriginLat ? PARAMETER_SOURCES.latitude! : [own, ...usual];
}

function defaultOf(name: string): number {
  return name === "scale" ? 1 : name === "rectified" ? 90 : 0;
}

function linearUnit(values: KeyValues, [unitKey, sizeKey]: readonly [number, number]): number | undefined {
  const unit = short(values, unitKey);
  if (unit === undefined) return undefined;
  if (unit !== USER_DEFINED) return LINEAR_UNITS[unit];
  const size = double(values, sizeKey);
  return size !== undefined && size > 0 ? metresOf(size) : undefined;
}

function angularUnit(values: KeyValues): number | undefined {
  const unit = short(values, GEO_KEY.GeogAngularUnits);
  if (unit !== undefined && unit !== USER_DEFINED) return ANGULAR_UNITS[unit];
  const size = double(values, GEO_KEY.GeogAngularUnitSize);
  return size !== undefined && size > 0 ? degreesOf(size) : undefined;
}

function short(values: KeyValues, key: number): number | undefined {
  const value = values.get(key);
  return typeof value === "number" ? value : undefined;
}

function doubles(values: KeyValues, key: number): readonly number[] | undefined {
  const value = values.get(key);
  return typeof value === "object" && value.length > 0 ? value : undefined;
}

function double(values: KeyValues, key: number): number | undefined {
  return doubles(values, key)?.[0];
}

function isCode(value: number): boolean {
  return value > 0 && value < USER_DEFINED;
}
