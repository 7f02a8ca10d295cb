/**
 * What makes two coordinate systems put points at different places, by the rules that PROJ compares them with.
 *
 * @module
 */
import {
  type CrsDefinition,
  datumKey,
  type Ellipsoid,
  type Geodetic,
  type Named,
  type Projection,
} from "./crs_definition.ts";
import type { EpsgTable } from "./epsg_table.ts";
import { asLambertConic1, asMercatorA, asPolarStereographicA } from "./equal_projections.ts";
import { METHOD } from "./projection_methods.ts";

/** What writers and readers of decimal numbers lose. */
const RELATIVE_TOLERANCE = 1e-10;

/** Parameters that mean the same after a full turn. */
const TURNING: ReadonlySet<string> = new Set(["longitude", "azimuth", "rectified"]);

/** Parameters for people. */
const WORDS: Readonly<Record<string, string>> = {
  latitude: "latitudes of origin",
  longitude: "longitudes of origin",
  parallel1: "standard parallels",
  parallel2: "second standard parallels",
  scale: "scales",
  azimuth: "azimuths",
  rectified: "angles of the rectified grid",
  easting: "false eastings in metres",
  northing: "false northings in metres",
};

/**
 * What puts points elsewhere in one of two systems, in words that follow "their"; undefined if they mean the same in the plane.
 * Names of systems, axes and heights do not count.
 */
export function crsDifference(a: CrsDefinition, b: CrsDefinition, table: EpsgTable): string | undefined {
  if (a.kind !== b.kind) return `kinds are ${a.kind} and ${b.kind}`;
  const unit = different("units in metres", a.metresPerUnit, b.metresPerUnit);
  // A plane of its own lies nowhere on the earth; GDAL tells them apart by their units only.
  if (unit !== undefined || a.kind === "local") return unit;
  const [left, right] = [a.geodetic!, b.geodetic!];
  const earth = geodeticDifference(left, right, table);
  if (earth !== undefined || a.kind === "geocentric") return earth;
  const unitCounts = a.kind === "geographic" || a.baseUnitCounts || b.baseUnitCounts;
  const angle = unitCounts
    ? different("units in degrees", left.degreesPerUnit, right.degreesPerUnit)
    : undefined;
  if (angle !== undefined || a.kind === "geographic") return angle;
  return projectionDifference(a.projection!, b.projection!, left.ellipsoid);
}

function geodeticDifference(a: Geodetic, b: Geodetic, table: EpsgTable): string | undefined {
  const number = different("ellipsoids' semi-major axes", a.ellipsoid.semiMajor, b.ellipsoid.semiMajor) ??
    different("ellipsoids' 1/f", a.ellipsoid.inverseFlattening, b.ellipsoid.inverseFlattening) ??
    different("prime meridians", a.primeMeridian.longitude, b.primeMeridian.longitude);
  if (number !== undefined) return number;
  if (datumName(a.datum, table) !== datumName(b.datum, table)) return "datums differ";
  return sameShift(a, b, table) ? undefined : "shifts to WGS 84 differ";
}

/** By EPSG's name where it has one, which a deprecated datum shares with the one in its place. */
function datumName({ name, code }: Named, table: EpsgTable): string {
  const known = code ?? table.datumOfName(name);
  const official = known === undefined ? name : table.datum(known)?.name ?? name;
  // Some names say the meridian, as in "Nouvelle Triangulation Francaise (Paris)": it is compared by itself.
  const [, own, suffix] = official.match(/^(.*) \(([^()]*)\)$/) ?? [];
  return datumKey(suffix !== undefined && table.hasMeridian(suffix) ? own! : official);
}

/** A shift to WGS 84 counts only where both have one, and the datum does not say it by its name. */
function sameShift(a: Geodetic, b: Geodetic, table: EpsgTable): boolean {
  if (a.toWgs84 === undefined || b.toWgs84 === undefined) return true;
  if (a.datum.code !== undefined || table.datumOfName(a.datum.name) !== undefined) return true;
  return Array.from({ length: 7 }, (_, index) => index)
    .every((index) => near(a.toWgs84![index] ?? 0, b.toWgs84![index] ?? 0));
}

function projectionDifference(a: Projection, b: Projection, ellipsoid: Ellipsoid): string | undefined {
  const asTheyAre = a.method === b.method ? parameterDifference(a, b) : "projections differ";
  if (asTheyAre === undefined) return undefined;
  // One form may be told by the parameters of another: parallels in either order, a scale in place of a parallel.
  const [left, right] = [a, b].map((one) => inCommonForm(one, ellipsoid));
  const isOne = left!.method === right!.method && parameterDifference(left!, right!) === undefined;
  return isOne ? undefined : asTheyAre;
}

/** A Mercator by its scale, a conic by its latitude and scale, a polar view from the pole. */
function inCommonForm(projection: Projection, ellipsoid: Ellipsoid): Projection {
  if (projection.method === METHOD.MercatorB) return asMercatorA(projection, ellipsoid);
  if (projection.method === METHOD.LambertConic2) return asLambertConic1(projection, ellipsoid);
  if (projection.method === METHOD.PolarStereographicB) return asPolarStereographicA(projection, ellipsoid);
  return projection;
}

function parameterDifference(a: Projection, b: Projection): string | undefined {
  for (const name of new Set([...Object.keys(a.parameters), ...Object.keys(b.parameters)])) {
    const neutral = name === "scale" ? 1 : 0;
    const [left, right] = [a.parameters[name] ?? neutral, b.parameters[name] ?? neutral];
    // Angles that turn around: -37 degrees are 323.
    const turns = TURNING.has(name) ? 360 * Math.round((left - right) / 360) : 0;
    if (!near(left, right + turns)) return different(WORDS[name] ?? "projections' parameters", left, right);
  }
  return undefined;
}

function different(what: string, a: number, b: number): string | undefined {
  return near(a, b) ? undefined : `${what} are ${a} and ${b}`;
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b), 1);
}
