/**
 * What a well-known text means: WKT 1 as GDAL and OGC write it, Esri's, and WKT 2.
 *
 * @module
 */
import {
  type CrsDefinition,
  type Ellipsoid,
  type Geodetic,
  type Named,
  plainName,
  type PrimeMeridian,
  type Vertical,
} from "./crs_definition.ts";
import { parameterOfName } from "./projection_methods.ts";
import { projectionOf } from "./projection_of.ts";
import { degreesOf, metresOf } from "./units.ts";
import { child, numberAt, parseWkt, textAt, type WktNode } from "./wkt_tree.ts";

const GEODETIC = ["GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS"];
const BASE = ["GEOGCS", "BASEGEOGCRS", "BASEGEODCRS"];
const PROJECTED = ["PROJCS", "PROJCRS", "PROJECTEDCRS"];
const COMPOUND = ["COMPD_CS", "COMPOUNDCRS"];
const LOCAL = ["LOCAL_CS", "ENGCRS", "ENGINEERINGCRS"];
const VERTICAL = ["VERT_CS", "VERTCRS", "VERTICALCRS", "VERTCS"];
const LENGTH_UNITS = ["UNIT", "LENGTHUNIT"];
const ANGLE_UNITS = ["UNIT", "ANGLEUNIT"];
/** Of Greenwich, 2.5969213 grads (EPSG:8903); 2.33720833 for another survey (EPSG:8914). */
const PARIS_DEGREES = 2.33722917;

/** The meaning of a well-known text; undefined if it is none, or of a kind that a raster can't lie in. */
export function definitionOfWkt(wkt: string): CrsDefinition | undefined {
  const root = parseWkt(wkt);
  return root === undefined ? undefined : definitionOf(root);
}

function definitionOf(node: WktNode): CrsDefinition | undefined {
  const { keyword } = node;
  if (COMPOUND.includes(keyword)) return compound(node);
  if (keyword === "BOUNDCRS") return bound(node);
  if (PROJECTED.includes(keyword)) return projected(node);
  if (keyword === "GEOCCS") return geodetic(node, "geocentric");
  if (GEODETIC.includes(keyword)) {
    const axes = child(node, "CS");
    return geodetic(node, axes && plainName(textAt(axes, 0)) === "cartesian" ? "geocentric" : "geographic");
  }
  if (LOCAL.includes(keyword)) {
    return { kind: "local", ...named(node), ...lengthUnit(node) };
  }
  return undefined;
}

function compound(node: WktNode): CrsDefinition | undefined {
  const [horizontal, vertical] = node.children;
  if (horizontal === undefined) return undefined;
  const definition = definitionOf(horizontal);
  if (definition === undefined || vertical === undefined || !VERTICAL.includes(vertical.keyword)) {
    return definition;
  }
  return { ...definition, vertical: verticalOf(vertical) };
}

function verticalOf(node: WktNode): Vertical {
  const datum = child(node, "VERT_DATUM", "VDATUM", "VRF", "VERTICALDATUM", "VERTICALREFERENCEFRAME");
  const unit = child(node, ...LENGTH_UNITS) ?? child(child(node, "AXIS"), ...LENGTH_UNITS);
  return { ...named(node), datumCode: codeOf(datum), unitCode: codeOf(unit) };
}

/** WKT 2 writes a shift to WGS 84 around a system, where WKT 1 has TOWGS84 inside it. */
function bound(node: WktNode): CrsDefinition | undefined {
  const source = child(node, "SOURCECRS")?.children[0];
  const definition = source && definitionOf(source);
  const target = child(node, "TARGETCRS")?.children[0];
  const shift = child(node, "ABRIDGEDTRANSFORMATION");
  if (!definition?.geodetic || !shift || target === undefined || codeOf(target) !== 4326) return definition;
  const numbers = shift.children.filter(({ keyword }) => keyword === "PARAMETER").map((one) =>
    numberAt(one, 1)
  );
  if (![3, 7].includes(numbers.length) || numbers.includes(undefined)) return definition;
  return { ...definition, geodetic: { ...definition.geodetic, toWgs84: numbers as number[] } };
}

function geodetic(node: WktNode, kind: "geographic" | "geocentric"): CrsDefinition | undefined {
  const base = geodeticOf(node);
  if (base === undefined) return undefined;
  const { name, code } = base;
  if (kind === "geographic") return { kind, name, code, geodetic: base, metresPerUnit: 1 };
  return { kind, name, code, geodetic: { ...base, degreesPerUnit: 1 }, ...lengthUnit(node) };
}

function geodeticOf(node: WktNode): Geodetic | undefined {
  const datum = child(node, "DATUM", "TRF", "GEODETICDATUM", "ENSEMBLE");
  const ellipsoid = ellipsoidOf(child(datum, "SPHEROID", "ELLIPSOID"));
  if (datum === undefined || ellipsoid === undefined) return undefined;
  const meridian = child(node, "PRIMEM", "PRIMEMERIDIAN");
  // A projected system's base may have no axes (WKT 2), and then only the meridian tells its unit.
  const unit = unitNode(node, ANGLE_UNITS) ?? child(meridian, ...ANGLE_UNITS);
  const degreesPerUnit = node.keyword === "GEOCCS" ? 1 : degreesOf(numberAt(unit, 1) ?? Math.PI / 180);
  if (!(degreesPerUnit > 0)) return undefined;
  const toWgs84 = child(datum, "TOWGS84")?.values.map(Number);
  return {
    ...named(node),
    datum: named(datum),
    ellipsoid,
    primeMeridian: primeMeridianOf(meridian, degreesPerUnit),
    degreesPerUnit,
    toWgs84: toWgs84 && [3, 7].includes(toWgs84.length) && toWgs84.every(Number.isFinite)
      ? toWgs84
      : undefined,
  };
}

function ellipsoidOf(node: WktNode | undefined): Ellipsoid | undefined {
  const [axis, inverseFlattening] = [numberAt(node, 1), numberAt(node, 2)];
  if (node === undefined || axis === undefined || inverseFlattening === undefined) return undefined;
  const semiMajor = axis * (numberAt(child(node, ...LENGTH_UNITS), 1) ?? 1);
  return semiMajor > 0 && inverseFlattening >= 0
    ? { ...named(node), semiMajor, inverseFlattening }
    : undefined;
}

function primeMeridianOf(node: WktNode | undefined, degreesPerUnit: number): PrimeMeridian {
  if (node === undefined) return { name: "Greenwich", longitude: 0 };
  const own = numberAt(child(node, ...ANGLE_UNITS), 1);
  const value = numberAt(node, 1) ?? 0;
  // GDAL and Esri write the meridian of Paris in degrees even where all else is in grads.
  const isInDegrees = own === undefined && Math.abs(value - PARIS_DEGREES) < 1e-3;
  return {
    ...named(node),
    longitude: isInDegrees ? value : value * (own === undefined ? degreesPerUnit : degreesOf(own)),
  };
}

function projected(node: WktNode): CrsDefinition | undefined {
  const baseNode = child(node, ...BASE);
  const base = baseNode && geodeticOf(baseNode);
  const conversion = child(node, "CONVERSION") ?? node;
  const methodNode = child(conversion, "PROJECTION", "METHOD");
  if (base === undefined || methodNode === undefined) return undefined;
  const unit = lengthUnit(node);
  const raw = new Map<string, number>();
  for (const one of conversion.children) {
    if (one.keyword !== "PARAMETER") continue;
    const value = numberAt(one, 1);
    if (value === undefined) return undefined;
    const name = parameterOfName(plainName(textAt(one, 0)));
    raw.set(name, value * factorOf(one, name, { degrees: base.degreesPerUnit, metres: unit.metresPerUnit }));
  }
  const isSphere = base.ellipsoid.inverseFlattening === 0;
  const projection = projectionOf(textAt(methodNode, 0), raw, {
    isSphere,
    proj4: proj4Of(node),
    isSouthWest: /^(south|west)$/i.test(textAt(child(node, "AXIS"), 1)),
  });
  return { kind: "projected", ...named(node), geodetic: base, projection, ...unit };
}

/** A PROJ string that GDAL keeps where its text alone would mean something else (WKT 1 and 2). */
function proj4Of(node: WktNode): string {
  const remark = textAt(child(node, "REMARK"), 0);
  const mark = "PROJ CRS string: ";
  return remark.startsWith(mark) ? remark.slice(mark.length) : textAt(child(node, "EXTENSION"), 1);
}

/** Degrees, metres or 1 in one unit of a parameter: its own unit (WKT 2), else the system's (WKT 1). */
function factorOf(parameter: WktNode, name: string, units: { degrees: number; metres: number }): number {
  const angle = numberAt(child(parameter, "ANGLEUNIT"), 1);
  if (angle !== undefined) return degreesOf(angle);
  const length = numberAt(child(parameter, "LENGTHUNIT"), 1);
  if (length !== undefined) return metresOf(length);
  const scale = numberAt(child(parameter, "SCALEUNIT"), 1);
  if (scale !== undefined) return scale;
  if (name === "scale") return 1;
  return /easting|northing|height/.test(name)
    ? units.metres
    : /^(latitude|longitude|parallel|azimuth|rectified|pseudo|colatitude)/.test(name)
    ? units.degrees
    : 1;
}

function lengthUnit(node: WktNode): { metresPerUnit: number; unitName?: string | undefined } {
  const unit = unitNode(node, LENGTH_UNITS);
  const metres = numberAt(unit, 1);
  return {
    metresPerUnit: metres === undefined || !(metres > 0) ? 1 : metresOf(metres),
    unitName: unit && textAt(unit, 0),
  };
}

/** A system's unit: behind its axes (WKT 1 and 2), or in each of them (WKT 2). */
function unitNode(node: WktNode, keywords: readonly string[]): WktNode | undefined {
  return child(node, ...keywords) ?? child(child(node, "AXIS"), ...keywords);
}

function named(node: WktNode): Named {
  return { name: textAt(node, 0), code: codeOf(node) };
}

/** EPSG's code that a node names itself by. */
function codeOf(node: WktNode | undefined): number | undefined {
  const id = node && child(node, "AUTHORITY", "ID");
  if (textAt(id, 0).toUpperCase() !== "EPSG") return undefined;
  const code = numberAt(id, 1);
  return code !== undefined && Number.isInteger(code) && code > 0 ? code : undefined;
}
