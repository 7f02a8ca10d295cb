/**
 * A coordinate system by what it means: what GeoKeys, WKT and EPSG's codes are all brought to, so that they can be compared
 * and written. Lengths are metres, angles degrees.
 *
 * @module
 */

/** A part that has a name, and a code where EPSG knows it. */
export interface Named {
  /** As its source says it; may be "". */
  readonly name: string;
  /** EPSG's code. */
  readonly code?: number | undefined;
}

/** An ellipsoid of revolution. */
export interface Ellipsoid extends Named {
  /** Metres. */
  readonly semiMajor: number;
  /** 1/f; 0 for a sphere. */
  readonly inverseFlattening: number;
}

/** A prime meridian. */
export interface PrimeMeridian extends Named {
  /** Degrees east of Greenwich. */
  readonly longitude: number;
}

/** The part of a system that says how the earth is measured. */
export interface Geodetic extends Named {
  /** The datum or datum ensemble. */
  readonly datum: Named;
  /** The datum's ellipsoid. */
  readonly ellipsoid: Ellipsoid;
  /** Where longitudes begin. */
  readonly primeMeridian: PrimeMeridian;
  /** Degrees that one unit of a geographic system's coordinates has. */
  readonly degreesPerUnit: number;
  /** Shift, rotation (arc-seconds, position vector) and scale (ppm) to WGS 84: 3 or 7 numbers, where the source has them. */
  readonly toWgs84?: readonly number[] | undefined;
}

/** A map projection's parameters; one that a projection does not know stands under its own name in small letters. */
export type ProjectionParameters = Readonly<Record<string, number>>;

/** A map projection. */
export interface Projection {
  /** A name of {@link ./projection_methods.ts}, or another projection's own in small letters and digits. */
  readonly method: string;
  /** By the names of `ParameterName`, or their own. Degrees, metres and factors. */
  readonly parameters: ProjectionParameters;
}

/** A vertical system, which is kept but does not count where things lie in the plane. */
export interface Vertical extends Named {
  /** EPSG's code of the datum. */
  readonly datumCode?: number | undefined;
  /** EPSG's code of the unit. */
  readonly unitCode?: number | undefined;
}

/** A horizontal coordinate system. */
export interface CrsDefinition extends Named {
  /** What its coordinates are: metres or feet in a plane, angles, metres from the earth's centre, or a plane of its own. */
  readonly kind: "projected" | "geographic" | "geocentric" | "local";
  /** How the earth is measured; undefined for a local system only. */
  readonly geodetic?: Geodetic | undefined;
  /** Of a projected system only. */
  readonly projection?: Projection | undefined;
  /**
   * Whether the unit of a projected system's base counts. It says nothing of the plane, but GeoKeys with another one than
   * degrees may have the projection's angles in it, by the standard, or in degrees, as GDAL wrote them.
   */
  readonly baseUnitCounts?: boolean;
  /** Metres that one unit of the coordinates has; 1 for a geographic system. */
  readonly metresPerUnit: number;
  /** The unit's name, as its source says it. */
  readonly unitName?: string | undefined;
  /** The heights' system of a compound one. */
  readonly vertical?: Vertical | undefined;
}

/** Letters and digits in small letters: names differ in spaces, underscores and case from writer to writer. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/**
 * A datum's name as writers agree on it: WGS 84 and WGS_1984 are one, but CH1903 and CH1903+ are two; what it is shifted by is
 * no part of a name.
 */
export function datumKey(name: string): string {
  const [own] = name.split(" using towgs84=", 1);
  return own!.toLowerCase().replace(/[^\p{L}\p{N}+]/gu, "").replace(/([^\d])19(?=\d\d)/g, "$1");
}
