/**
 * Units of length and angle: what writers round is brought back to what it means.
 *
 * @module
 */

const DEGREES_PER_RADIAN = 180 / Math.PI;

/** EPSG's codes of angles that GeoTIFF files use, and the degrees in one (EPSG's table of units). */
export const ANGULAR_UNITS: Readonly<Record<number, number>> = {
  9101: DEGREES_PER_RADIAN,
  9102: 1,
  9103: 1 / 60,
  9104: 1 / 3600,
  9105: 0.9,
  9106: 0.9,
  // Degrees whose written form differs: the numbers in a file are decimal degrees all the same.
  9107: 1,
  9108: 1,
  9109: DEGREES_PER_RADIAN / 1e6,
  9110: 1,
  9122: 1,
};

/** EPSG's codes of lengths, and the metres in one (EPSG's table of units). */
export const LINEAR_UNITS: Readonly<Record<number, number>> = {
  1025: 0.001,
  1033: 0.01,
  9001: 1,
  9002: 0.3048,
  9003: 0.30480060960121924,
  9005: 0.3047972654,
  9014: 1.8288,
  9030: 1852,
  9031: 1.0000135965,
  9033: 20.11684023368047,
  9034: 0.2011684023368047,
  9035: 1609.3472186944375,
  9036: 1000,
  9037: 0.9143917962,
  9038: 20.1166195164,
  9039: 0.201166195164,
  9040: 0.9143984146160287,
  9041: 0.3047994715386762,
  9042: 20.116765121552632,
  9043: 0.2011676512155263,
  9050: 0.9143992,
  9051: 0.3047997333333333,
  9052: 20.1167824,
  9053: 0.201167824,
  9060: 0.9143992042898124,
  9061: 0.30479973476327077,
  9062: 20.116782494375872,
  9063: 0.2011678249437587,
  9070: 0.30480083333333335,
  9080: 0.30479951024814694,
  9081: 0.30479841,
  9082: 0.3047996,
  9083: 0.3047995,
  9084: 0.9143985307444408,
  9085: 0.91439523,
  9086: 0.9143988,
  9087: 0.9143985,
  9093: 1609.344,
  9094: 0.3047997101815088,
  9095: 0.3048007491,
  9096: 0.9144,
  9097: 20.1168,
  9098: 0.201168,
  9099: 0.914398,
  9300: 0.30479933333333337,
  9301: 20.116756,
  9302: 0.20116756,
};

/** Degrees in an angular unit of `radians`, exact where writers round it: 0.0174532925199433 is a degree. */
export function degreesOf(radians: number): number {
  const degrees = radians * DEGREES_PER_RADIAN;
  return [1, 0.9, DEGREES_PER_RADIAN, 1 / 60, 1 / 3600].find((exact) => isNear(degrees, exact)) ?? degrees;
}

/** A length in metres, exact where writers round it: 0.3048006096012192 is the US survey foot. */
export function metresOf(metres: number): number {
  return [1, LINEAR_UNITS[9002]!, LINEAR_UNITS[9003]!].find((exact) => isNear(metres, exact)) ?? metres;
}

/** EPSG's code of a length; undefined if it has none. */
export function linearUnitCode(metres: number): number | undefined {
  const found = [9001, 9002, 9003].find((code) => isNear(metres, LINEAR_UNITS[code]!)) ??
    Object.keys(LINEAR_UNITS).map(Number).find((code) => isNear(metres, LINEAR_UNITS[code]!));
  return found;
}

/** EPSG's code of an angle; undefined if it has none. */
export function angularUnitCode(degrees: number): number | undefined {
  return [9102, 9105, 9101, 9103, 9104, 9109].find((code) => isNear(degrees, ANGULAR_UNITS[code]!));
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-10 * Math.abs(b);
}
