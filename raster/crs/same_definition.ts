/**
 * Whether two coordinate systems put every point at the same place, by the rules that PROJ compares them with.
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

/** Whether two definitions mean the same in the plane. Names of systems, axes and heights do not count. */
export function sameDefinition(a: CrsDefinition, b: CrsDefinition, table: EpsgTable): boolean {
  if (a.kind !== b.kind || !near(a.metresPerUnit, b.metresPerUnit)) return false;
  // A plane of its own lies nowhere on the earth; GDAL tells them apart by their units only.
  if (a.kind === "local") return true;
  const [left, right] = [a.geodetic!, b.geodetic!];
  if (!sameGeodetic(left, right, table)) return false;
  if (a.kind !== "projected") {
    return a.kind === "geocentric" || near(left.degreesPerUnit, right.degreesPerUnit);
  }
  return sameProjection(a.projection!, b.projection!, left.ellipsoid);
}

function sameGeodetic(a: Geodetic, b: Geodetic, table: EpsgTable): boolean {
  return sameEllipsoid(a.ellipsoid, b.ellipsoid) &&
    near(a.primeMeridian.longitude, b.primeMeridian.longitude) &&
    datumName(a.datum, table) === datumName(b.datum, table) && sameShift(a, b, table);
}

function sameEllipsoid(a: Ellipsoid, b: Ellipsoid): boolean {
  return near(a.semiMajor, b.semiMajor) && near(a.inverseFlattening, b.inverseFlattening);
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

function sameProjection(a: Projection, b: Projection, ellipsoid: Ellipsoid): boolean {
  if (a.method !== b.method) {
    const [left, right] = [a, b].map((one) => inCommonForm(one, ellipsoid));
    return left!.method === right!.method && sameParameters(left!, right!);
  }
  if (sameParameters(a, b)) return true;
  if (a.method !== METHOD.LambertConic2) return false;
  // The parallels may be told in either order, and from another latitude.
  const [left, right] = [a, b].map((one) => inCommonForm(one, ellipsoid));
  return sameParameters(left!, right!);
}

/** A Mercator by its scale, a conic by its latitude and scale, a polar view from the pole. */
function inCommonForm(projection: Projection, ellipsoid: Ellipsoid): Projection {
  if (projection.method === METHOD.MercatorB) return asMercatorA(projection, ellipsoid);
  if (projection.method === METHOD.LambertConic2) return asLambertConic1(projection, ellipsoid);
  if (projection.method === METHOD.PolarStereographicB) return asPolarStereographicA(projection, ellipsoid);
  return projection;
}

function sameParameters(a: Projection, b: Projection): boolean {
  for (const name of new Set([...Object.keys(a.parameters), ...Object.keys(b.parameters)])) {
    const neutral = name === "scale" ? 1 : 0;
    const [left, right] = [a.parameters[name] ?? neutral, b.parameters[name] ?? neutral];
    // Angles that turn around: -37 degrees are 323.
    const turns = TURNING.has(name) ? 360 * Math.round((left - right) / 360) : 0;
    if (!near(left, right + turns)) return false;
  }
  return true;
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b), 1);
}
