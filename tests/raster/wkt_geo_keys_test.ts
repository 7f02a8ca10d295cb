import { assert, assertEquals } from "@std/assert";
import { geoKeysOfWkt } from "../../raster/crs/wkt_geo_keys.ts";
import { geoKeyValues } from "../../raster/geotiff/geo_keys.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { writtenSystems } from "./crs_systems.ts";
import { type TestImage, writeImage } from "./writer_pixels.ts";

const PIXEL: TestImage = {
  width: 1,
  height: 1,
  bands: 1,
  dataType: "uint8",
  pixels: new Uint8Array(1),
  options: ["TILED=NO"],
};

/** What GDAL says of files beside the texts that they were written from; the order of axes is no part of a raster's place. Equal files are read once. */
const COMPARE = `
import json, sys
from osgeo import gdal, osr
gdal.UseExceptions()
def plane_of(text):
    crs = json.loads(text)
    while crs["type"] in ("BoundCRS", "CompoundCRS"):
        crs = crs["source_crs"] if crs["type"] == "BoundCRS" else crs["components"][0]
    if "coordinate_system" in crs and crs["type"] != "GeodeticCRS":
        axes = crs["coordinate_system"]["axis"][:2]
        if crs["type"] == "ProjectedCRS":
            for axis, direction in zip(axes, ("east", "north")): axis["direction"] = direction
        crs["coordinate_system"]["axis"] = axes
        crs.pop("id", None)
    out = osr.SpatialReference()
    out.SetFromUserInput(json.dumps(crs))
    return out
planes, known = {}, {}
def plane(s):
    text = s.ExportToPROJJSON()
    if text not in planes: planes[text] = plane_of(text)
    return planes[text]
def system_of(path):
    with open(path, "rb") as file: data = file.read()
    if data not in known: known[data] = gdal.Open(path).GetSpatialRef()
    return known[data]
def same(a, b): return bool(a.IsSame(b, ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]))
out = []
for path, wkt in json.load(open(sys.argv[1])):
    want = osr.SpatialReference(); want.SetFromUserInput(wkt)
    got = system_of(path)
    out.append(got is not None and (same(got, want) or same(plane(got), plane(want))))
print(json.dumps(out))
`;

/**
 * A base in grads becomes one in degrees, so that the projection's angles are degrees for all readers: GDAL calls it another
 * system, though it puts points at the same places.
 */
const IN_GRADS: readonly RegExp[] = [/^EPSG:(27572|29702), /];

/**
 * Where GDAL goes by a name that the text does not have, or by a projection's name: Esri's names of datums of Paris and of
 * Poland, which only a code makes clear; a polar stereographic projection with its parallel at the pole; a spherical form on
 * a sphere.
 */
const BY_NAME_ONLY: readonly string[] = [
  ...["EPSG:4807, esri", "EPSG:2180, esri"],
  ...["ESRI:102018, wkt1", "ESRI:102018, wkt1 without codes"],
  ...["ESRI:102021, wkt1", "ESRI:102021, wkt1 without codes"],
  "+proj=laea +lat_0=45 +lon_0=-100 +R=6370997, wkt2 without codes",
];

Deno.test({
  name: gdalName("GDAL finds the system of a well-known text the same in the file that is written from it"),
  ignore: gdalMissing !== false,
}, async () => {
  using folder = tempFolder();
  const systems = await writtenSystems();
  assert(systems.length > 500);
  const files: [string, string][] = systems.map(({ wkt, system, form }, index) => {
    const geoKeys = geoKeysOfWkt(wkt) ?? null;
    assert(geoKeys, `${system}, ${form}: ${wkt}`);
    const path = folder.file(`${index}.tif`);
    writeImage(path, PIXEL, { geoKeys, geotransform: [0, 1, 0, 0, 0, -1] });
    return [path, wkt];
  });
  await Deno.writeTextFile(folder.file("files.json"), JSON.stringify(files));
  const same = JSON.parse(await runPython(COMPARE, folder.file("files.json"))) as boolean[];
  const others = systems.filter((_, index) => !same[index]).map(({ system, form }) => `${system}, ${form}`)
    .filter((one) => !IN_GRADS.some((known) => known.test(one)));
  assertEquals(others, BY_NAME_ONLY);
});

function keysOf(wkt: string): Record<number, unknown> {
  return Object.fromEntries(geoKeyValues(geoKeysOfWkt(wkt)!));
}

const WGS84 =
  'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],' +
  'UNIT["degree",0.0174532925199433]]';

Deno.test("a well-known text that names itself by EPSG's code becomes that code", () => {
  assertEquals(
    keysOf(`PROJCS["Zone 33",${WGS84},PROJECTION["Transverse_Mercator"],AUTHORITY["EPSG","32633"]]`),
    {
      1024: 1,
      1025: 1,
      1026: "Zone 33",
      3072: 32633,
    },
  );
  assertEquals(keysOf(WGS84.replace(/\]$/, ',AUTHORITY["EPSG","4326"]]')), {
    1024: 2,
    1025: 1,
    2048: 4326,
    2049: "WGS 84",
  });
});

Deno.test("a unit beside a code is kept, as it may contradict it", () => {
  const feet =
    `PROJCS["Z",${WGS84},PROJECTION["Transverse_Mercator"],UNIT["foot",0.3048],AUTHORITY["EPSG","32633"]]`;
  assertEquals(keysOf(feet), { 1024: 1, 1025: 1, 1026: "Z", 3072: 32633, 3076: 9002 });
  const half = feet.replace('"foot",0.3048', '"half",0.5');
  assertEquals(keysOf(half), { 1024: 1, 1025: 1, 1026: "Z", 3072: 32633, 3076: 32767, 3077: [0.5] });
});

Deno.test("a well-known text without a code becomes its parts, in the unit of the system", () => {
  const wkt = `PROJCS["Müllers Netz",${WGS84.replaceAll("WGS 84", "Bär").replace("WGS_1984", "Bär")},` +
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",1],PARAMETER["central_meridian",15],' +
    'PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",1640416.6666666667],PARAMETER["false_northing",0],' +
    'UNIT["US survey foot",0.3048006096012192]]';
  assertEquals(keysOf(wkt), {
    ...{ 1024: 1, 1025: 1, 1026: "Müllers Netz", 2048: 32767, 2050: 32767, 2054: 9102, 2056: 32767 },
    2049: "GCS Name = Bär|Datum = Bär|Ellipsoid = Bär",
    ...{ 2057: [6378137], 2059: [298.257223563], 3072: 32767, 3074: 32767, 3075: 1, 3076: 9003 },
    ...{ 3080: [15], 3081: [1], 3082: [1640416.6666666667], 3083: [0], 3092: [0.9996] },
  });
});

Deno.test("a projection that GeoTIFF has no keys for is kept as the text, and not past what GDAL reads", () => {
  const mollweide = (name: string) =>
    `PROJCS["${name}",${WGS84},PROJECTION["Mollweide"],PARAMETER["central_meridian",0],UNIT["metre",1]]`;
  assertEquals(keysOf(mollweide("M")), {
    1024: 32767,
    1025: 1,
    1026: "M",
    3073: `ESRI PE String = ${mollweide("M")}`,
  });
  assertEquals(geoKeysOfWkt(mollweide("M".repeat(2400))), undefined);
});

Deno.test("what is no well-known text of a place on the earth gives no keys", () => {
  const bad = [
    ...["", "EPSG:4326", "[]", "PROJCS", 'PROJCS["x"', `${WGS84}]`, `${WGS84},`, `${WGS84} ${WGS84}`, '"x"'],
    ...[
      'GEOGCS["x"]',
      'VERT_CS["x",VERT_DATUM["y",2005],UNIT["metre",1]]',
      `PROJCS["x",${WGS84},UNIT["metre",1]]`,
    ],
    ...[
      WGS84.replace("6378137", "-1"),
      WGS84.replace("6378137", "big"),
      "A[".repeat(100_000),
      "(".repeat(100),
    ],
    ...[`GEOGCS[${"A[".repeat(30)}1${"]".repeat(30)}]`, WGS84.replace('"WGS 84"', `"${"x".repeat(70_000)}"`)],
  ];
  for (const wkt of bad) assertEquals(geoKeysOfWkt(wkt), undefined, wkt.slice(0, 80));
});

Deno.test("a well-known text of 60 kilobytes takes no time, however it is made", () => {
  const mercator = (between: string, proj4: string) =>
    `PROJCS["x",${between}GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],` +
    `PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Mercator_1SP"],PARAMETER["central_meridian",0],` +
    `PARAMETER["scale_factor",1],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1],` +
    `EXTENSION["PROJ4","${proj4}"]]`;
  const web =
    "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +k=1 +units=m +nadgrids=@null +wktext +no_defs";
  const startMs = performance.now();
  for (
    const proj4 of [
      web,
      web.replace("+b=6378137", "+b=6378137.0"),
      "+proj=merc ".repeat(5000),
      `${web} `.repeat(500),
    ]
  ) {
    const keys = geoKeysOfWkt(mercator(" ".repeat(8000), proj4));
    const isWeb = proj4.includes("+b=6378137");
    if (isWeb) assertEquals(geoKeyValues(keys!).get(3072), 3857, proj4.slice(0, 120));
  }
  geoKeysOfWkt(mercator(" ".repeat(60_000), "+proj=merc +a=6378137 ".repeat(10)));
  geoKeysOfWkt(mercator("", "+proj=merc +a=6378137 ".repeat(2700)));
  geoKeysOfWkt(`${mercator("", web)}${"\0".repeat(30_000)}x${"\0".repeat(30_000)}`);
  // Expressions whose time grows with a power of the length take minutes; the limit is for a slow and busy machine.
  assert(performance.now() - startMs < 30_000);
});
