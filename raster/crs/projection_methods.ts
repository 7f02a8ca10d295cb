/**
 * The map projections that we know by name: what EPSG, GeoTIFF, WKT 1, WKT 2 and Esri call them and their parameters.
 *
 * @module
 */

/** What a projection's parameters mean. Angles are degrees, lengths metres. */
export type ParameterName =
  | "latitude"
  | "longitude"
  | "parallel1"
  | "parallel2"
  | "scale"
  | "azimuth"
  | "rectified"
  | "pseudoparallel"
  | "easting"
  | "northing";

/** The GeoKey of each parameter that a projection has. */
export type ParameterKeys = Readonly<Partial<Record<ParameterName, number>>>;

/** One projection method. */
export interface ProjectionMethod {
  /** EPSG's name in small letters and digits; PROJ's where EPSG has none. */
  readonly name: string;
  /** EPSG's codes; the first is the method's own, others mean the same here. */
  readonly epsg: readonly number[];
  /** ProjMethodGeoKey (OGC 19-008r4, annex B, and GDAL's additions); undefined if GeoTIFF does not have it. */
  readonly geotiff?: number;
  /** Other names, in small letters and digits: WKT 1's and Esri's. */
  readonly names: readonly string[];
  /** Its parameters. */
  readonly keys: ParameterKeys;
}

/** Names of keys that hold parameters of projections (OGC 19-008r4, section 7.4). */
export const PARAMETER_KEY = {
  StdParallel1: 3078,
  StdParallel2: 3079,
  NatOriginLong: 3080,
  NatOriginLat: 3081,
  FalseEasting: 3082,
  FalseNorthing: 3083,
  FalseOriginLong: 3084,
  FalseOriginLat: 3085,
  FalseOriginEasting: 3086,
  FalseOriginNorthing: 3087,
  CenterLong: 3088,
  CenterLat: 3089,
  CenterEasting: 3090,
  CenterNorthing: 3091,
  ScaleAtNatOrigin: 3092,
  ScaleAtCenter: 3093,
  AzimuthAngle: 3094,
  StraightVertPoleLong: 3095,
  RectifiedGridAngle: 3096,
} as const;

const K = PARAMETER_KEY;
const OFFSETS = { easting: K.FalseEasting, northing: K.FalseNorthing };
const NATURAL = { latitude: K.NatOriginLat, longitude: K.NatOriginLong, ...OFFSETS };
const NATURAL_SCALE = { ...NATURAL, scale: K.ScaleAtNatOrigin };
const CENTER = { latitude: K.CenterLat, longitude: K.CenterLong, ...OFFSETS };
const PARALLELS = { parallel1: K.StdParallel1, parallel2: K.StdParallel2 };
const OBLIQUE = { ...CENTER, azimuth: K.AzimuthAngle, scale: K.ScaleAtCenter };
const LONGITUDE = { longitude: K.CenterLong, ...OFFSETS };
const POLAR = { latitude: K.NatOriginLat, longitude: K.StraightVertPoleLong, ...OFFSETS };

/** Names that the code itself speaks of. */
export const METHOD = {
  TransverseMercator: "transversemercator",
  MercatorA: "mercatorvarianta",
  MercatorB: "mercatorvariantb",
  LambertConic1: "lambertconicconformal1sp",
  LambertConic2: "lambertconicconformal2sp",
  PolarStereographicA: "polarstereographicvarianta",
  PolarStereographicB: "polarstereographicvariantb",
  PseudoMercator: "popularvisualisationpseudomercator",
  Stereographic: "stereographic",
  HotineA: "hotineobliquemercatorvarianta",
  HotineB: "hotineobliquemercatorvariantb",
  Krovak: "krovak",
  KrovakNorth: "krovaknorthorientated",
} as const;

/** All of them. Those without `geotiff` are known only so that their parameters have one name. */
export const METHODS: readonly ProjectionMethod[] = [
  {
    name: METHOD.TransverseMercator,
    epsg: [9807, 1111],
    geotiff: 1,
    names: ["gausskruger", "transversemercatorcomplex", "transversemercator3d"],
    keys: NATURAL_SCALE,
  },
  {
    name: METHOD.HotineA,
    epsg: [9812],
    geotiff: 3,
    names: [
      "hotineobliquemercator",
      "hotineobliquemercatorazimuthnaturalorigin",
      "rectifiedskeworthomorphicnaturalorigin",
    ],
    keys: { ...OBLIQUE, rectified: K.RectifiedGridAngle },
  },
  {
    name: METHOD.HotineB,
    epsg: [9815],
    geotiff: 9815,
    names: ["hotineobliquemercatorazimuthcenter", "rectifiedskeworthomorphiccenter", "obliquemercator"],
    keys: { ...OBLIQUE, rectified: K.RectifiedGridAngle },
  },
  { name: "labordeobliquemercator", epsg: [9813], geotiff: 4, names: [], keys: OBLIQUE },
  { name: METHOD.MercatorA, epsg: [9804], geotiff: 7, names: ["mercator1sp"], keys: NATURAL_SCALE },
  {
    name: METHOD.MercatorB,
    epsg: [9805],
    geotiff: 7,
    names: ["mercator2sp", "mercator"],
    keys: { longitude: K.NatOriginLong, parallel1: K.StdParallel1, ...OFFSETS },
  },
  { name: METHOD.PseudoMercator, epsg: [1024], names: ["mercatorauxiliarysphere"], keys: NATURAL },
  {
    name: "lambertconicconformal2spbelgium",
    epsg: [9803],
    names: ["lambertconformalconic2spbelgium"],
    keys: {},
  },
  {
    name: METHOD.LambertConic2,
    epsg: [9802],
    geotiff: 8,
    names: ["lambertconformalconic2sp"],
    keys: {
      ...PARALLELS,
      latitude: K.FalseOriginLat,
      longitude: K.FalseOriginLong,
      easting: K.FalseOriginEasting,
      northing: K.FalseOriginNorthing,
    },
  },
  {
    name: METHOD.LambertConic1,
    epsg: [9801],
    geotiff: 9,
    names: ["lambertconformalconic1sp"],
    keys: NATURAL_SCALE,
  },
  { name: "lambertazimuthalequalarea", epsg: [9820], geotiff: 10, names: [], keys: CENTER },
  {
    name: "albersequalarea",
    epsg: [9822],
    geotiff: 11,
    names: ["albersconicequalarea", "albersconicalequalarea", "albers"],
    keys: { ...PARALLELS, ...NATURAL },
  },
  {
    name: "azimuthalequidistant",
    epsg: [1125, 9832],
    geotiff: 12,
    names: ["modifiedazimuthalequidistant"],
    keys: CENTER,
  },
  { name: "equidistantconic", epsg: [1119], geotiff: 13, names: [], keys: { ...PARALLELS, ...NATURAL } },
  {
    name: METHOD.Stereographic,
    epsg: [],
    geotiff: 14,
    names: [],
    keys: { ...CENTER, scale: K.ScaleAtNatOrigin },
  },
  {
    name: METHOD.PolarStereographicA,
    epsg: [9810],
    geotiff: 15,
    names: [],
    keys: { ...POLAR, scale: K.ScaleAtNatOrigin },
  },
  {
    name: METHOD.PolarStereographicB,
    epsg: [9829],
    geotiff: 15,
    names: ["stereographicnorthpole", "stereographicsouthpole"],
    keys: { parallel1: K.NatOriginLat, longitude: K.StraightVertPoleLong, ...OFFSETS },
  },
  {
    name: "obliquestereographic",
    epsg: [9809],
    geotiff: 16,
    names: ["doublestereographic"],
    keys: NATURAL_SCALE,
  },
  {
    name: "equidistantcylindrical",
    epsg: [1028, 9842],
    geotiff: 17,
    names: [
      "equirectangular",
      "platecarree",
      "equidistantcylindricalellipsoidal",
    ],
    keys: { ...CENTER, parallel1: K.StdParallel1 },
  },
  { name: "cassinisoldner", epsg: [9806], geotiff: 18, names: ["cassini"], keys: NATURAL },
  { name: "gnomonic", epsg: [], geotiff: 19, names: [], keys: CENTER },
  { name: "millercylindrical", epsg: [], geotiff: 20, names: [], keys: LONGITUDE },
  { name: "orthographic", epsg: [9840], geotiff: 21, names: ["local"], keys: CENTER },
  { name: "americanpolyconic", epsg: [9818], geotiff: 22, names: ["polyconic"], keys: NATURAL },
  { name: "robinson", epsg: [], geotiff: 23, names: [], keys: LONGITUDE },
  { name: "sinusoidal", epsg: [], geotiff: 24, names: [], keys: LONGITUDE },
  { name: "vandergrinten", epsg: [], geotiff: 25, names: ["vandergrinteni"], keys: LONGITUDE },
  { name: "newzealandmapgrid", epsg: [9811], geotiff: 26, names: [], keys: NATURAL },
  {
    name: "transversemercatorsouthorientated",
    epsg: [9808],
    geotiff: 27,
    names: ["transversemercatorsouthoriented"],
    keys: NATURAL_SCALE,
  },
  {
    name: "lambertcylindricalequalarea",
    epsg: [9835],
    geotiff: 28,
    names: ["cylindricalequalarea", "behrmann"],
    keys: { longitude: K.NatOriginLong, parallel1: K.StdParallel1, ...OFFSETS },
  },
];

/** What writers call the parameters, in small letters and digits (EPSG's names, WKT 1's and Esri's). */
const PARAMETER_NAMES: Readonly<Record<ParameterName, readonly string[]>> = {
  latitude: [
    "latitudeoforigin",
    "latitudeofcenter",
    "latitudeofcentre",
    "latitudeofnaturalorigin",
    "latitudeoffalseorigin",
    "latitudeofprojectioncentre",
    "latitudeofprojectioncenter",
    "centrallatitude",
    "centralparallel",
  ],
  longitude: [
    "centralmeridian",
    "longitudeoforigin",
    "longitudeofcenter",
    "longitudeofcentre",
    "longitudeofnaturalorigin",
    "longitudeoffalseorigin",
    "longitudeofprojectioncentre",
    "longitudeofprojectioncenter",
  ],
  parallel1: ["standardparallel1", "latitudeof1ststandardparallel", "latitudeofstandardparallel"],
  parallel2: ["standardparallel2", "latitudeof2ndstandardparallel"],
  scale: [
    "scalefactor",
    "scalefactoratnaturalorigin",
    "scalefactoratprojectioncentre",
    "scalefactoronprojectioncentre",
    "scalefactoroninitialline",
    "scalefactoronpseudostandardparallel",
    "scalefactoratthenaturalorigin",
  ],
  azimuth: ["azimuth", "azimuthatprojectioncentre", "azimuthofinitialline", "colatitudeofconeaxis"],
  rectified: ["rectifiedgridangle", "anglefromrectifiedtoskewgrid", "xyplanerotation"],
  pseudoparallel: ["pseudostandardparallel1", "latitudeofpseudostandardparallel"],
  easting: ["falseeasting", "eastingatfalseorigin", "eastingatprojectioncentre"],
  northing: ["falsenorthing", "northingatfalseorigin", "northingatprojectioncentre"],
};

/** EPSG's codes of parameters. */
export const PARAMETER_CODES: Readonly<Record<number, ParameterName>> = {
  1036: "azimuth",
  8801: "latitude",
  8802: "longitude",
  8805: "scale",
  8806: "easting",
  8807: "northing",
  8811: "latitude",
  8812: "longitude",
  8813: "azimuth",
  8814: "rectified",
  8815: "scale",
  8816: "easting",
  8817: "northing",
  8818: "pseudoparallel",
  8819: "scale",
  8821: "latitude",
  8822: "longitude",
  8823: "parallel1",
  8824: "parallel2",
  8826: "easting",
  8827: "northing",
  8832: "parallel1",
  8833: "longitude",
};

const BY_NAME = new Map(
  METHODS.flatMap((method) => [method.name, ...method.names].map((name) => [name, method])),
);
const BY_PARAMETER_NAME = new Map(
  Object.entries(PARAMETER_NAMES).flatMap(([name, others]) => others.map((other) => [other, name])),
);

/** The method of a name in small letters and digits. */
export function methodOfName(name: string): ProjectionMethod | undefined {
  return BY_NAME.get(name);
}

/** Our name of a parameter whose name is in small letters and digits; that name itself if we have none. */
export function parameterOfName(name: string): string {
  return BY_PARAMETER_NAME.get(name) ?? name;
}
