/**
 * Map projections brought to one form, whoever names them: what some leave out is put in, and one thing has one name.
 *
 * @module
 */
import { plainName, type Projection } from "./crs_definition.ts";
import { METHOD, methodOfName } from "./projection_methods.ts";

/** What GDAL's WKT 1 has beside a Mercator that stands for the Web's. */
const WEB_MERCATOR_PROJ4 = ["+proj=merc", "+a=6378137", "+b=6378137"];

/** The text is a file's: a regular expression that looks for one word behind the other takes the cube of its length. */
function isWebMercator(proj4: string): boolean {
  const words = new Set(proj4.split(/\s+/).map((word) => word.replace(/\.0+$/, "")));
  return WEB_MERCATOR_PROJ4.every((word) => words.has(word));
}

/** What decides over a projection beside its name and parameters. */
export interface ProjectionContext {
  /** Whether the ellipsoid is a sphere. */
  readonly isSphere: boolean;
  /** Whether the axes are said to point south and west. */
  readonly isSouthWest?: boolean;
  /** A PROJ string that replaces the projection, as GDAL's WKT 1 may have it; "" for none. */
  readonly proj4?: string;
}

/** The projection of a method's and parameters' names, with what some of them leave out or call by another name. */
export function projectionOf(
  name: string,
  raw: ReadonlyMap<string, number>,
  context: ProjectionContext,
): Projection {
  const plain = plainName(name);
  const method = methodNameOf(plain, raw, context);
  const parameters: Record<string, number> = Object.fromEntries(raw);
  // Esri writes azimuths only where the rectified grid's angle is the same.
  if ((method === METHOD.HotineA || method === METHOD.HotineB) && plain.startsWith("hotine")) {
    parameters.rectified ??= parameters.azimuth ?? 0;
  }
  if (method === METHOD.PolarStereographicB) {
    const { latitude, scale: _, parallel1 = latitude ?? 90, ...others } = parameters;
    // With the true parallel at the pole it is the other form.
    return isPole(parallel1)
      ? { method: METHOD.PolarStereographicA, parameters: { ...others, latitude: parallel1, scale: 1 } }
      : { method, parameters: { ...others, parallel1 } };
  }
  if (method === METHOD.LambertConic1) {
    parameters.latitude ??= parameters.parallel1 ?? 0;
    delete parameters.parallel1;
  }
  if (method === METHOD.PseudoMercator) {
    parameters.latitude ??= parameters.parallel1 ?? 0;
    for (const other of ["parallel1", "auxiliaryspheretype", "scale"]) delete parameters[other];
  }
  if (plain === "behrmann") parameters.parallel1 ??= 30;
  if (method === METHOD.Krovak || method === METHOD.KrovakNorth) {
    for (const other of ["xscale", "yscale", "rectified"]) delete parameters[other];
  }
  return { method, parameters };
}

function methodNameOf(
  plain: string,
  raw: ReadonlyMap<string, number>,
  { isSphere, proj4 = "", isSouthWest = false }: ProjectionContext,
) {
  if (plain === "lambertconformalconic") {
    return raw.has("parallel2") ? METHOD.LambertConic2 : METHOD.LambertConic1;
  }
  const isAtPole = isPole(raw.get("latitude"));
  // WKT 1 has one name for both: a pole and a scale there, or the latitude where the scale is 1.
  if (plain === "polarstereographic") {
    return (raw.get("scale") ?? 1) === 1 && !isAtPole
      ? METHOD.PolarStereographicB
      : METHOD.PolarStereographicA;
  }
  // WKT 1 tells them apart by the axes, Esri by how the plane is turned, WKT 2 by name.
  if (plain === METHOD.Krovak && !isSouthWest && (raw.get("xscale") ?? -1) === -1) return METHOD.KrovakNorth;
  const name = methodOfName(plain)?.name ?? plain;
  if (name === METHOD.Stereographic && isAtPole) return METHOD.PolarStereographicA;
  if (name === METHOD.MercatorA && isWebMercator(proj4)) return METHOD.PseudoMercator;
  if (proj4 !== "") return `${name} ${proj4}`;
  return isSphere ? name.replace(/spherical$/, "") : name;
}

function isPole(latitude: number | undefined): boolean {
  return latitude !== undefined && Math.abs(Math.abs(latitude) - 90) <= 1e-8;
}
