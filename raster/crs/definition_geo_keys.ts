/**
 * A coordinate system's meaning as GeoKeys, in the form that GDAL writes and reads.
 *
 * @module
 */
import { GEO_KEY } from "../geotiff/geo_keys.ts";
import type { GeoKeys } from "../raster_info.ts";
import { type CrsDefinition, type Geodetic, plainName } from "./crs_definition.ts";
import { GeoKeyList } from "./geo_key_list.ts";
import { METHOD, methodOfName, type ProjectionMethod } from "./projection_methods.ts";
import { angularUnitCode, linearUnitCode } from "./units.ts";

const USER_DEFINED = 32767;
const PIXEL_IS_AREA = 1;
const MODEL = { projected: 1, geographic: 2, geocentric: 3 } as const;

/** The keys of a unit of length, by code and by size. */
const PROJECTED_UNIT = [GEO_KEY.ProjLinearUnits, GEO_KEY.ProjLinearUnitSize] as const;
const GEOCENTRIC_UNIT = [GEO_KEY.GeogLinearUnits, GEO_KEY.GeogLinearUnitSize] as const;

/** EPSG's systems that GDAL takes a datum's name for, where nothing else speaks against it. */
const KNOWN_DATUMS: readonly {
  names: readonly string[];
  code: number;
  semiMajor: number;
  inverse: number;
}[] = [
  {
    names: ["wgs84", "wgs1984", "worldgeodeticsystem1984", "dwgs1984", "worldgeodeticsystem1984ensemble"],
    code: 4326,
    semiMajor: 6378137,
    inverse: 298.257223563,
  },
  {
    names: [
      "europeanterrestrialreferencesystem1989",
      "europeanterrestrialreferencesystem1989ensemble",
      "detrs1989",
    ],
    code: 4258,
    semiMajor: 6378137,
    inverse: 298.257222101,
  },
  {
    names: ["gda2020", "geocentricdatumofaustralia2020"],
    code: 7844,
    semiMajor: 6378137,
    inverse: 298.257222101,
  },
  {
    names: ["nad83", "northamericandatum1983", "dnorthamerican1983"],
    code: 4269,
    semiMajor: 6378137,
    inverse: 298.257222101,
  },
  {
    names: ["nad27", "northamericandatum1927", "dnorthamerican1927"],
    code: 4267,
    semiMajor: 6378206.4,
    inverse: 294.978698213898,
  },
];

/** Keys of a system; undefined if GeoTIFF has none for its projection. */
export function geoKeysOfDefinition(definition: CrsDefinition): GeoKeys | undefined {
  const keys = new GeoKeyList();
  const { kind, geodetic, vertical } = definition;
  keys.set(GEO_KEY.GTRasterType, PIXEL_IS_AREA);
  if (kind !== "local") keys.set(GEO_KEY.GTModelType, MODEL[kind]);
  const code = shortCode(definition.code);
  if (kind === "projected") {
    keys.set(GEO_KEY.GTCitation, definition.name || "unnamed");
    if (code === undefined && !setProjection(keys, definition)) return undefined;
    if (code !== undefined) {
      keys.set(GEO_KEY.ProjectedCRS, code);
      // A unit that is not the code's own makes it another system.
      if (definition.metresPerUnit !== 1) setLinearUnit(keys, definition.metresPerUnit, PROJECTED_UNIT);
    }
  } else if (kind !== "geographic") {
    keys.set(GEO_KEY.GTCitation, definition.name || "unnamed");
    if (code === undefined) {
      setLinearUnit(
        keys,
        definition.metresPerUnit,
        kind === "local" ? PROJECTED_UNIT : GEOCENTRIC_UNIT,
      );
    }
  }
  if (geodetic !== undefined && kind !== "projected") setGeodetic(keys, geodetic);
  // A projection's angles are in the base's unit by the standard, and in degrees for GDAL until libgeotiff 1.7.4. In a base of
  // degrees they are both, and the unit says nothing of the plane.
  else if (geodetic !== undefined && code === undefined) {
    setGeodetic(keys, { ...geodetic, degreesPerUnit: 1 });
  }
  if (geodetic?.toWgs84?.some((value) => value !== 0)) keys.set(GEO_KEY.GeogToWgs84, geodetic.toWgs84);
  if (vertical !== undefined) setVertical(keys, vertical);
  return keys.geoKeys(vertical === undefined ? 0 : 1);
}

function setProjection(keys: GeoKeyList, { projection, metresPerUnit, geodetic }: CrsDefinition): boolean {
  const method = methodOfName(projection!.method);
  if (method?.geotiff === undefined) {
    // The Web's Mercator has a code and nothing else.
    const isWebMercator = projection!.method === METHOD.PseudoMercator && metresPerUnit === 1 &&
      knownCode(geodetic!) === 4326 && Object.values(projection!.parameters).every((value) => value === 0);
    if (isWebMercator) keys.set(GEO_KEY.ProjectedCRS, 3857);
    return isWebMercator;
  }
  if (!holdsAll(method, projection!.parameters)) return false;
  keys.set(GEO_KEY.ProjectedCRS, USER_DEFINED);
  keys.set(GEO_KEY.Projection, USER_DEFINED);
  keys.set(GEO_KEY.ProjMethod, method.geotiff);
  for (const [name, key] of Object.entries(method.keys)) {
    const value = projection!.parameters[name] ?? (name === "scale" ? 1 : 0);
    // GeoTIFF counts false origins in the system's own unit.
    keys.set(key, [name === "easting" || name === "northing" ? value / metresPerUnit : value]);
  }
  setLinearUnit(keys, metresPerUnit, PROJECTED_UNIT);
  return true;
}

/** Whether the method's keys hold all that a projection says, apart from what says nothing. */
function holdsAll(method: ProjectionMethod, parameters: Readonly<Record<string, number>>): boolean {
  return Object.entries(parameters).every(([name, value]) =>
    name in method.keys || value === (name === "scale" ? 1 : 0)
  );
}

function setGeodetic(keys: GeoKeyList, geodetic: Geodetic): void {
  const { name, datum, ellipsoid, primeMeridian, degreesPerUnit } = geodetic;
  const code = shortCode(geodetic.code) ?? knownCode(geodetic);
  if (code !== undefined) {
    keys.set(GEO_KEY.GeodeticCRS, code);
    if (name !== "") keys.set(GEO_KEY.GeodeticCitation, name);
    return;
  }
  keys.set(GEO_KEY.GeodeticCRS, USER_DEFINED);
  keys.set(GEO_KEY.GeodeticDatum, shortCode(datum.code) ?? USER_DEFINED);
  keys.set(GEO_KEY.Ellipsoid, shortCode(ellipsoid.code) ?? USER_DEFINED);
  keys.set(GEO_KEY.EllipsoidSemiMajor, [ellipsoid.semiMajor]);
  if (ellipsoid.inverseFlattening === 0) keys.set(GEO_KEY.EllipsoidSemiMinor, [ellipsoid.semiMajor]);
  else keys.set(GEO_KEY.EllipsoidInvFlattening, [ellipsoid.inverseFlattening]);
  const unit = angularUnitCode(degreesPerUnit);
  keys.set(GEO_KEY.GeogAngularUnits, unit ?? USER_DEFINED);
  if (unit === undefined) keys.set(GEO_KEY.GeogAngularUnitSize, [degreesPerUnit * Math.PI / 180]);
  const meridian = shortCode(primeMeridian.code);
  if (meridian !== undefined) keys.set(GEO_KEY.PrimeMeridian, meridian);
  else if (primeMeridian.longitude !== 0) keys.set(GEO_KEY.PrimeMeridianLongitude, [primeMeridian.longitude]);
  // GDAL takes the names, and by them what is the same, from its own form of citation.
  const names: [string, string][] = [
    ["GCS Name", name || "unnamed"],
    ["Datum", datum.name],
    ["Ellipsoid", ellipsoid.name],
    [
      "Primem",
      meridian === undefined && primeMeridian.longitude !== 0 ? primeMeridian.name || "unnamed" : "",
    ],
    ["AUnits", unit === undefined ? "unknown" : ""],
  ];
  const citation = names.filter(([, value]) => value !== "")
    .map(([label, value]) => `${label} = ${value.replaceAll("|", " ")}`);
  keys.set(GEO_KEY.GeodeticCitation, citation.join("|"));
}

function setLinearUnit(
  keys: GeoKeyList,
  metres: number,
  [unitKey, sizeKey]: readonly [number, number],
): void {
  const code = linearUnitCode(metres);
  keys.set(unitKey, code ?? USER_DEFINED);
  if (code === undefined) keys.set(sizeKey, [metres]);
}

function setVertical(
  keys: GeoKeyList,
  { name, code, datumCode, unitCode }: NonNullable<CrsDefinition["vertical"]>,
) {
  keys.set(GEO_KEY.VerticalCRS, shortCode(code) ?? USER_DEFINED);
  if (shortCode(code) !== undefined) return;
  if (name !== "") keys.set(GEO_KEY.VerticalCitation, name);
  if (shortCode(datumCode) !== undefined) keys.set(GEO_KEY.VerticalDatum, datumCode!);
  keys.set(GEO_KEY.VerticalUnits, shortCode(unitCode) ?? 9001);
}

/** The code of a well-known datum's system in degrees from Greenwich; undefined for any other. */
function knownCode({ datum, ellipsoid, primeMeridian, degreesPerUnit }: Geodetic): number | undefined {
  if (primeMeridian.longitude !== 0 || degreesPerUnit !== 1) return undefined;
  const name = plainName(datum.name);
  return KNOWN_DATUMS.find(({ names, semiMajor, inverse }) =>
    names.includes(name) && Math.abs(ellipsoid.semiMajor - semiMajor) < 1e-3 &&
    Math.abs(ellipsoid.inverseFlattening - inverse) < 1e-6
  )?.code;
}

/** A code that fits into a key: 0 is undefined there, and from 32767 on they mean something else. */
function shortCode(code: number | undefined): number | undefined {
  return code !== undefined && code > 0 && code < USER_DEFINED ? code : undefined;
}
