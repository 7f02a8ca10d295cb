/**
 * Projections that can be told in two ways: a Mercator by the scale at the equator or by the parallel that is true, a
 * polar stereographic by the scale at the pole or by such a parallel, a conformal conic by one parallel and a scale or by two parallels (IOGP Guidance Note 7-2; Snyder, Map Projections, pp. 44 and 107).
 *
 * @module
 */
import type { Ellipsoid, Projection } from "./crs_definition.ts";
import { METHOD } from "./projection_methods.ts";

const RADIANS = Math.PI / 180;

/** The Mercator of a true parallel, by its scale at the equator. */
export function asMercatorA({ parameters }: Projection, ellipsoid: Ellipsoid): Projection {
  const { parallel1 = 0, ...others } = parameters;
  const scale = radiusFactor(parallel1 * RADIANS, eccentricity(ellipsoid));
  return { method: METHOD.MercatorA, parameters: { latitude: 0, ...others, scale: rounded(scale) } };
}

/** The polar stereographic of a true parallel, by its scale at the pole. */
export function asPolarStereographicA({ parameters }: Projection, ellipsoid: Ellipsoid): Projection {
  const { parallel1 = 90, ...others } = parameters;
  const e = eccentricity(ellipsoid);
  const phi = Math.abs(parallel1) * RADIANS;
  const scale = radiusFactor(phi, e) * Math.sqrt((1 + e) ** (1 + e) * (1 - e) ** (1 - e)) /
    (2 * isometric(phi, e));
  return {
    method: METHOD.PolarStereographicA,
    parameters: { ...others, latitude: 90 * Math.sign(parallel1), scale: rounded(scale) },
  };
}

/** The conformal conic of two true parallels, by the latitude of least scale and the scale there. */
export function asLambertConic1(projection: Projection, ellipsoid: Ellipsoid): Projection {
  const { latitude = 0, parallel1 = 0, parallel2 = 0, northing = 0, ...others } = projection.parameters;
  const e = eccentricity(ellipsoid);
  const [phi1, phi2, origin] = [parallel1, parallel2, latitude].map((one) => one * RADIANS) as [
    number,
    number,
    number,
  ];
  const [m1, m2] = [radiusFactor(phi1, e), radiusFactor(phi2, e)];
  const [t1, t2] = [isometric(phi1, e), isometric(phi2, e)];
  const n = Math.abs(phi1 - phi2) < 1e-10 ? Math.sin(phi1) : Math.log(m1 / m2) / Math.log(t1 / t2);
  if (!(Math.abs(n) > 1e-10 && Math.abs(n) < 1)) return projection;
  const f = m1 / (n * t1 ** n);
  const phi0 = Math.asin(n);
  const t0 = isometric(phi0, e);
  const scale = f * n * t0 ** n / radiusFactor(phi0, e);
  const shift = ellipsoid.semiMajor * f * (isometric(origin, e) ** n - t0 ** n);
  return {
    method: METHOD.LambertConic1,
    parameters: {
      ...others,
      latitude: rounded(phi0 / RADIANS),
      scale: rounded(scale),
      northing: Math.round((northing + shift) * 1e6) / 1e6,
    },
  };
}

function eccentricity({ inverseFlattening }: Ellipsoid): number {
  const f = inverseFlattening === 0 ? 0 : 1 / inverseFlattening;
  return Math.sqrt(f * (2 - f));
}

/** Snyder's m: a parallel's radius over the semi-major axis. */
function radiusFactor(phi: number, e: number): number {
  return Math.cos(phi) / Math.sqrt(1 - (e * Math.sin(phi)) ** 2);
}

/** Snyder's t. */
function isometric(phi: number, e: number): number {
  const es = e * Math.sin(phi);
  return Math.tan(Math.PI / 4 - phi / 2) / ((1 - es) / (1 + es)) ** (e / 2);
}

/** Without what the arithmetic itself adds behind the digits that anyone writes. */
function rounded(value: number): number {
  return Math.round(value * 1e11) / 1e11;
}
