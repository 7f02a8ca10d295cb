import { assert, assertEquals } from "@std/assert";
import { GeoKeyList } from "../../raster/crs/geo_key_list.ts";
import { differenceOfCrs, sameCrs } from "../../raster/crs/same_crs.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import type { GeoKeys } from "../../raster/raster_info.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { SYSTEMS } from "./crs_systems.ts";
import { seededRandom } from "./seeded_random.ts";
import { type TestImage, writeImage } from "./writer_pixels.ts";

const PIXEL: TestImage = {
  width: 1,
  height: 1,
  bands: 1,
  dataType: "uint8",
  pixels: new Uint8Array(1),
  options: ["TILED=NO"],
};

/** GeoKeys from a table of them. */
function geoKeys(keys: Record<number, number | number[] | string>): GeoKeys {
  const list = new GeoKeyList();
  for (const [key, value] of Object.entries({ 1025: 1, ...keys })) list.set(Number(key), value);
  return list.geoKeys(0);
}

/** A system without what does not count where a raster lies: the order of axes, heights, and its own name's code. */
const PLANE = `
planes = {}
def plane(s):
    text = s.ExportToPROJJSON()
    if text not in planes: planes[text] = plane_of(text)
    return planes[text]
def plane_of(text):
    whole = crs = json.loads(text)
    if crs["type"] == "CompoundCRS": whole = crs = crs["components"][0]
    if crs["type"] == "BoundCRS": crs = crs["source_crs"]
    if "coordinate_system" in crs and crs["type"] != "GeodeticCRS":
        axes = crs["coordinate_system"]["axis"][:2]
        if crs["type"] == "ProjectedCRS":
            for axis, direction in zip(axes, ("east", "north")): axis["direction"] = direction
        crs["coordinate_system"]["axis"] = axes
        crs.pop("id", None)
    out = osr.SpatialReference()
    out.SetFromUserInput(json.dumps(whole))
    return out
`;

/** Pairs that mean the same, though GDAL does not find them so. */
const OTHERS: readonly RegExp[] = [
  // Esri calls a datum by one name from Greenwich and from Paris.
  /^EPSG:(4807|27572|29702): .*\besri\b.*: true$/,
  // GDAL 3.6 reads nothing of this system from the file that it writes.
  /^ESRI:103002: .*\bzero\b.*: true$/,
  // A shift by nothing, which PROJ puts into the name of a datum that has none.
  /\+towgs84=0,0,0.*: true$/,
];

/** GDAL writes each system in many forms, and says of all pairs whether it finds them the same. Equal files are read once. */
const PAIRS = `
import json, re, sys
from osgeo import gdal, osr
gdal.UseExceptions(); osr.UseExceptions()
gdal.PushErrorHandler("CPLQuietErrorHandler")
folder, systems = sys.argv[1], json.loads(sys.argv[2])
bare_of = lambda wkt: re.sub(r',\\s*(AUTHORITY\\["[^"]*","[^"]*"\\]|ID\\["[^"]*",[^\\[\\]]*\\])', '', wkt)
of_text = {}
def of(text):
    if text not in of_text:
        of_text[text] = osr.SpatialReference(); of_text[text].SetFromUserInput(text)
    return of_text[text].Clone()
def forms(system):
    s = of(system)
    yield "plain", s, []
    yield "1.1", s, ["GEOTIFF_VERSION=1.1"]
    yield "pe", s, ["GEOTIFF_KEYS_FLAVOR=ESRI_PE"]
    try: yield "bare", of(bare_of(s.ExportToWkt(["FORMAT=WKT1_GDAL"]))), []
    except RuntimeError: pass
    try: yield "bare2", of(bare_of(s.ExportToWkt(["FORMAT=WKT2_2019"]))), []
    except RuntimeError: pass
    try:
        esri = of(s.ExportToWkt(["FORMAT=WKT1_ESRI"]))
        yield "esri", esri, []
        yield "esri pe", esri, ["GEOTIFF_KEYS_FLAVOR=ESRI_PE"]
    except RuntimeError: pass
    try: yield "proj", of(s.ExportToProj4()), []
    except RuntimeError: pass
    for name, base in (("zero", s), ("bare zero", None)):
        try:
            z = base.Clone() if base else of(bare_of(s.ExportToWkt(["FORMAT=WKT1_GDAL"])))
            z.SetTOWGS84(0, 0, 0, 0, 0, 0, 0)
            yield name, z, []
        except RuntimeError: pass
${PLANE}
files, found, known = [], [], {}
def written(s, options):
    d = gdal.GetDriverByName("GTiff").Create("/vsimem/a.tif", 1, 1, 1, gdal.GDT_Byte, options)
    d.SetSpatialRef(s); d.SetGeoTransform((0, 1, 0, 0, 0, -1)); d = None
    file = gdal.VSIFOpenL("/vsimem/a.tif", "rb")
    data = bytes(gdal.VSIFReadL(1, 1 << 20, file)); gdal.VSIFCloseL(file)
    if data not in known:
        got = gdal.Open("/vsimem/a.tif").GetSpatialRef()
        path = "%s/%d.tif" % (folder, len(known))
        with open(path, "wb") as out: out.write(data)
        known[data] = path, got and plane(got)
    return known[data]
for system in systems:
    for form, s, options in forms(system):
        try: path, got = written(s, options)
        except RuntimeError: continue
        files.append([path, system, form]); found.append(got)
def same(a, b):
    return bool(a and b and a.IsSame(b, ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]))
by_system = {}
for index, (_, system, _) in enumerate(files): by_system.setdefault(system, []).append(index)
pairs = []
for group in [*by_system.values(), [group[0] for group in by_system.values()]]:
    pairs += [[i, j, same(found[i], found[j])] for i in group for j in group if j < i]
print(json.dumps([files, pairs]))
`;

Deno.test({
  name: gdalName("coordinate systems are the same where GDAL finds them so, in all forms that it writes"),
  ignore: gdalMissing !== false,
}, async () => {
  using folder = tempFolder();
  const [files, pairs] = JSON.parse(
    await runPython(PAIRS, folder.path, JSON.stringify(SYSTEMS)),
  ) as [[path: string, system: string, form: string][], [number, number, boolean][]];
  const keys: (GeoKeys | null)[] = [];
  for (const [path] of files) {
    await using reader = await GeoTiffReader.open(path);
    keys.push(reader.info.geoKeys);
  }
  const others: string[] = [];
  for (const [i, j, same] of pairs) {
    const ours = await sameCrs({ geoKeys: keys[i]! }, { geoKeys: keys[j]! });
    if (ours === same) continue;
    const [a, b] = [files[i]!, files[j]!];
    others.push(a[1] === b[1] ? `${a[1]}: ${b[2]} | ${a[2]}: ${ours}` : `${b[1]} | ${a[1]}: ${ours}`);
  }
  assert(pairs.length > 15_000);
  assertEquals(others.filter((pair) => !OTHERS.some((known) => known.test(pair))), []);
  for (const known of OTHERS) assert(others.some((pair) => known.test(pair)), String(known));
});

/** GeoKeys that GDAL does not write itself: numbers are shorts, lists doubles, texts texts. */
const BY_HAND: Readonly<Record<string, Record<number, number | number[] | string>>> = {
  "UTM 33": { 1024: 1, 3072: 32633 },
  "UTM 33, no model": { 3072: 32633 },
  "UTM 33 with its unit": { 1024: 1, 3072: 32633, 3076: 9001 },
  "UTM 33 with its base": { 1024: 1, 3072: 32633, 2048: 4326, 3076: 9001 },
  "UTM 33 in feet": { 1024: 1, 3072: 32633, 3076: 9002 },
  "UTM 33 in survey feet": { 1024: 1, 3072: 32633, 3076: 9003 },
  "UTM 33 in feet by size": { 1024: 1, 3072: 32633, 3076: 32767, 3077: [0.3048] },
  "UTM 33 in feet with its base": { 1024: 1, 3072: 32633, 3076: 9002, 2048: 4326 },
  "UTM 33 on NAD83": { 1024: 1, 3072: 32633, 2048: 4269 },
  "UTM 33 on another ellipsoid": { 1024: 1, 3072: 32633, 2048: 4326, 2057: [6378388], 2059: [297] },
  "UTM 33 from 9 degrees": {
    ...{ 1024: 1, 3072: 32633, 3075: 1, 3080: [9], 3081: [0] },
    ...{ 3092: [0.9996], 3082: [500000], 3083: [0] },
  },
  "UTM 32": { 1024: 1, 3072: 32632 },
  "UTM 32 by its projection": { 1024: 1, 3072: 32767, 2048: 4326, 3074: 16032, 3076: 9001 },
  "UTM 33 by its projection": { 1024: 1, 3072: 32767, 2048: 4326, 3074: 16033, 3076: 9001 },
  "UTM 33 by its projection in feet": { 1024: 1, 3072: 32767, 2048: 4326, 3074: 16033, 3076: 9002 },
  "UTM 33 by its parts": {
    ...{ 1024: 1, 3072: 32767, 2048: 4326, 3074: 32767, 3075: 1, 3076: 9001 },
    ...{ 3080: [15], 3081: [0], 3092: [0.9996], 3082: [500000], 3083: [0] },
  },
  "UTM 33 by its parts, some left out": {
    ...{ 1024: 1, 3072: 32767, 2048: 4326, 3075: 1, 3088: [15], 3093: [0.9996], 3086: [500000] },
  },
  "UTM 33 by its parts on a base in grads": {
    ...{ 1024: 1, 3072: 32767, 2048: 4326, 2054: 9105, 3074: 32767, 3075: 1, 3076: 9001 },
    ...{ 3080: [15], 3081: [0], 3092: [0.9996], 3082: [500000], 3083: [0] },
  },
  "UTM 33 on a base in grads": { 1024: 1, 3072: 32633, 2054: 9105 },
  "UTM 33 by its parts in feet": {
    ...{ 1024: 1, 3072: 32767, 2048: 4326, 3074: 32767, 3075: 1, 3076: 9002 },
    ...{ 3080: [15], 3081: [0], 3092: [0.9996], 3082: [500000 / 0.3048], 3083: [0] },
  },
  "UTM 33 by its parts and its ellipsoid's": {
    ...{ 1024: 1, 3072: 32767, 2048: 32767, 2050: 6326, 2056: 7030, 3074: 32767, 3075: 1, 3076: 9001 },
    ...{ 3080: [15], 3081: [0], 3092: [0.9996], 3082: [500000], 3083: [0] },
  },
  "UTM 33 by its parts and a semi-minor axis": {
    ...{
      1024: 1,
      3072: 32767,
      2048: 32767,
      2050: 6326,
      2057: [6378137],
      2058: [6356752.314245179],
      3076: 9001,
    },
    ...{ 3075: 1, 3080: [15], 3081: [0], 3092: [0.9996], 3082: [500000], 3083: [0] },
  },
  "UTM 33 on a datum that has only a name": {
    ...{ 1024: 1, 3072: 32767, 2048: 32767, 2049: "GCS Name = X|Datum = WGS_1984|Ellipsoid = WGS 84|" },
    ...{ 2057: [6378137], 2059: [298.257223563], 3076: 9001 },
    ...{ 3075: 1, 3080: [15], 3081: [0], 3092: [0.9996], 3082: [500000], 3083: [0] },
  },
  "UTM 33 on a datum without a name": {
    ...{ 1024: 1, 3072: 32767, 2048: 32767, 2057: [6378137], 2059: [298.257223563], 3076: 9001 },
    ...{ 3075: 1, 3080: [15], 3081: [0], 3092: [0.9996], 3082: [500000], 3083: [0] },
  },
  "New York": { 1024: 1, 3072: 2263 },
  "New York with its unit and base": { 1024: 1, 3072: 2263, 2048: 4269, 3076: 9003 },
  "New York in metres": { 1024: 1, 3072: 2263, 3076: 9001 },
  "New York with its base in metres": { 1024: 1, 3072: 2263, 2048: 4269, 3076: 9001 },
  "New York in metres, EPSG's": { 1024: 1, 3072: 32118 },
  "New York by its parts": {
    ...{
      1024: 1,
      3072: 32767,
      2048: 4269,
      3075: 8,
      3076: 9003,
      3078: [41.03333333333333],
      3079: [40.66666666666666],
    },
    ...{ 3084: [-74], 3085: [40.16666666666666], 3086: [984250.0000000002], 3087: [0] },
  },
  "New York by its parts, parallels the other way round": {
    ...{
      1024: 1,
      3072: 32767,
      2048: 4269,
      3075: 8,
      3076: 9003,
      3079: [41.03333333333333],
      3078: [40.66666666666666],
    },
    ...{ 3084: [-74], 3085: [40.16666666666666], 3086: [984250.0000000002], 3087: [0] },
  },
  "California VI, 1927": { 1024: 1, 3072: 26746 },
  "California VI, 1927, by its projection": { 1024: 1, 3072: 32767, 2048: 4267, 3074: 10406, 3076: 9003 },
  "a code that EPSG does not have": { 1024: 1, 3072: 12345 },
  "another code that EPSG does not have": { 1024: 1, 3072: 12346, 2048: 4326 },
  "Esri's Mollweide as a code": { 1024: 1, 3072: 54009 },
  "nothing of the projection": { 1024: 1, 3072: 32767, 2048: 4326, 3076: 9001 },
  "WGS 84": { 1024: 2, 2048: 4326 },
  "WGS 84 with its unit": { 1024: 2, 2048: 4326, 2054: 9102 },
  "WGS 84 with its unit by EPSG's other code": { 1024: 2, 2048: 4326, 2054: 9122 },
  "WGS 84 with its parts": {
    1024: 2,
    2048: 4326,
    2050: 6326,
    2054: 9102,
    2056: 7030,
    2057: [6378137],
    2059: [298.257223563],
  },
  "WGS 84 in grads": { 1024: 2, 2048: 4326, 2054: 9105 },
  "WGS 84 with the ellipsoid of GRS 80": { 1024: 2, 2048: 4326, 2057: [6378137], 2059: [298.257222101] },
  "WGS 84 by its parts": {
    1024: 2,
    2048: 32767,
    2050: 6326,
    2054: 9102,
    2057: [6378137],
    2059: [298.257223563],
  },
  "WGS 84 from Paris": { 1024: 2, 2048: 32767, 2050: 6326, 2051: 8903, 2054: 9102 },
  "WGS 84 from Paris by degrees": { 1024: 2, 2048: 32767, 2050: 6326, 2054: 9102, 2061: [2.33722917] },
  "WGS 84 in three dimensions": { 1024: 2, 2048: 4979 },
  "NAD83": { 1024: 2, 2048: 4269 },
  "NAD83 with an ellipsoid of 1/f in its last digits": {
    1024: 2,
    2048: 4269,
    2057: [6378137],
    2059: [298.257222101004],
  },
  "NAD83 on a sphere": { 1024: 2, 2048: 4269, 2057: [6370000], 2058: [6370000] },
  "OSGB36": { 1024: 2, 2048: 4277 },
  "OSGB36 on another ellipsoid": { 1024: 2, 2048: 4277, 2057: [6378137], 2059: [298.257222101] },
  "NTF from Paris": { 1024: 2, 2048: 4807 },
  "NTF from Paris in degrees": { 1024: 2, 2048: 4807, 2054: 9102 },
  "a datum from Greenwich": {
    ...{
      1024: 2,
      2048: 32767,
      2049: "GCS Name = X|Datum = D|Primem = Greenwich|",
      2057: [6378137],
      2059: [300],
    },
  },
  "a datum from Greenwich, at 5 degrees": {
    ...{
      1024: 2,
      2048: 32767,
      2049: "GCS Name = X|Datum = D|Primem = Greenwich|",
      2057: [6378137],
      2059: [300],
    },
    ...{ 2051: 8903, 2061: [5] },
  },
  "a datum from elsewhere, at 5 degrees": {
    ...{ 1024: 2, 2048: 32767, 2049: "GCS Name = X|Datum = D|Primem = There|", 2057: [6378137], 2059: [300] },
    ...{ 2051: 8903, 2061: [5] },
  },
  "a text of WGS 84 under no model": {
    ...{ 1024: 32767, 2048: 4326 },
    3073:
      'ESRI PE String = GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],' +
      'PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]',
  },
  "a text of WGS 84 under a projected model": {
    ...{ 1024: 1, 2048: 4326, 3072: 32767 },
    3073:
      'ESRI PE String = GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],' +
      'PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]',
  },
  "a sphere": { 1024: 2, 2048: 32767, 2057: [6371000], 2058: [6371000] },
  "a sphere by 1/f": { 1024: 2, 2048: 32767, 2057: [6371000], 2059: [0] },
  "World Mercator": { 1024: 1, 3072: 3395 },
  "World Mercator by its parts": {
    1024: 1,
    3072: 32767,
    2048: 4326,
    3075: 7,
    3076: 9001,
    3080: [0],
    3081: [0],
    3092: [1],
  },
  "World Mercator by a parallel": {
    1024: 1,
    3072: 32767,
    2048: 4326,
    3075: 7,
    3076: 9001,
    3080: [0],
    3078: [0],
  },
  "a Mercator of 30 degrees": {
    1024: 1,
    3072: 32767,
    2048: 4326,
    3075: 7,
    3076: 9001,
    3080: [0],
    3078: [30],
  },
  "a Mercator of 30 degrees by its scale": {
    ...{ 1024: 1, 3072: 32767, 2048: 4326, 3075: 7, 3076: 9001, 3080: [0], 3092: [0.8667510025721987] },
  },
  "the Web's Mercator": { 1024: 1, 3072: 3857 },
  "the Web's Mercator with its base": { 1024: 1, 3072: 3857, 2048: 4326 },
  "sea ice": { 1024: 1, 3072: 3413 },
  "sea ice by its parts": {
    1024: 1,
    3072: 32767,
    2048: 4326,
    3075: 15,
    3076: 9001,
    3081: [70],
    3095: [-45],
    3092: [1],
  },
  "sea ice by its scale": {
    ...{
      1024: 1,
      3072: 32767,
      2048: 4326,
      3075: 15,
      3076: 9001,
      3081: [90],
      3095: [-45],
      3092: [0.969858190326352],
    },
  },
  "a pole by its scale": {
    1024: 1,
    3072: 32767,
    2048: 4326,
    3075: 15,
    3076: 9001,
    3081: [90],
    3095: [-45],
    3092: [0.994],
  },
  "Lambert II": { 1024: 1, 3072: 27572 },
  "RGF93": { 1024: 1, 3072: 2154 },
  "RGF93 by one parallel and a scale": {
    ...{ 1024: 1, 3072: 32767, 2048: 4171, 3075: 9, 3076: 9001, 3080: [3], 3081: [46.5194302239868] },
    ...{ 3092: [0.9990510286374692], 3082: [700000], 3083: [6602157.8388103125] },
  },
  "a local plane": { 1025: 1, 1026: "A quarry", 3076: 9001 },
  "another local plane": { 1025: 1, 1026: "Another quarry", 3076: 9001 },
  "the earth's centre": { 1024: 3, 2048: 4326, 2052: 9001 },
};

/** What GDAL takes for a local plane without a name, all of which are one for it. */
const UNKNOWN = [
  "a code that EPSG does not have",
  "another code that EPSG does not have",
  "Esri's Mollweide as a code",
  "a text of WGS 84 under a projected model",
];

/** Where GDAL goes by something that does not put points elsewhere, or loses what does. */
function isOther(a: string, b: string): boolean {
  const pair = [a, b].sort().join(" | ");
  return UNKNOWN.includes(a) || UNKNOWN.includes(b) || a === "nothing of the projection" ||
    b === "nothing of the projection" || pair === "WGS 84 from Paris | WGS 84 from Paris by degrees" ||
    // PROJ does not compute a pole's scale from a parallel, as it does for Mercator and conics.
    a === "sea ice by its scale" || b === "sea ice by its scale" ||
    // The coordinates of such a file are grads, whatever GDAL makes of them.
    a === "WGS 84 in grads" || b === "WGS 84 in grads";
}

const COMPARE = `
import json, sys
from osgeo import gdal, osr
gdal.UseExceptions()
gdal.PushErrorHandler("CPLQuietErrorHandler")
${PLANE}
found = []
for path in sys.argv[1:]:
    s = gdal.Open(path).GetSpatialRef()
    found.append(s and plane(s))
print(json.dumps([[bool(a and b and a.IsSame(b, ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"])) for a in found] for b in found]))
`;

Deno.test({
  name: gdalName("keys that other writers write are the same where GDAL finds them so"),
  ignore: gdalMissing !== false,
}, async () => {
  using folder = tempFolder();
  const names = Object.keys(BY_HAND);
  const keys = names.map((name) => geoKeys(BY_HAND[name]!));
  const paths = keys.map((one, index) => {
    const path = folder.file(`${index}.tif`);
    writeImage(path, PIXEL, { geoKeys: one, geotransform: [0, 1, 0, 0, 0, -1] });
    return path;
  });
  const same = JSON.parse(await runPython(COMPARE, ...paths)) as boolean[][];
  const others: string[] = [];
  for (let i = 0; i < names.length; i++) {
    for (let j = 0; j < i; j++) {
      const ours = await sameCrs({ geoKeys: keys[i]! }, { geoKeys: keys[j]! });
      assertEquals(await sameCrs({ geoKeys: keys[j]! }, { geoKeys: keys[i]! }), ours);
      if (ours !== same[i]![j] && !isOther(names[i]!, names[j]!)) {
        others.push(`${names[j]} | ${names[i]}: ${ours}`);
      }
    }
  }
  assertEquals(others, []);
});

Deno.test("what contradicts a code, or is not understood, is another system", async () => {
  const same = (a: string, b: string) =>
    sameCrs({ geoKeys: geoKeys(BY_HAND[a]!) }, { geoKeys: geoKeys(BY_HAND[b]!) });
  assertEquals(await same("UTM 33", "UTM 33 in feet"), false);
  assertEquals(await same("UTM 33", "UTM 33 in survey feet"), false);
  assertEquals(await same("UTM 33", "UTM 33 on NAD83"), false);
  assertEquals(await same("WGS 84", "WGS 84 in grads"), false);
  assertEquals(await same("WGS 84", "NAD83"), false);
  assertEquals(await same(UNKNOWN[0]!, UNKNOWN[1]!), false);
  assertEquals(await same(UNKNOWN[0]!, UNKNOWN[0]!), true);
  assertEquals(await same("nothing of the projection", UNKNOWN[0]!), false);
  assertEquals(await sameCrs({ geoKeys: null }, { geoKeys: geoKeys(BY_HAND["WGS 84"]!) }), false);
  assertEquals(await sameCrs({ geoKeys: null }, { geoKeys: geoKeys({ 1024: 0 }) }), true);
});

Deno.test("parts that EPSG's table does not have are never taken for one another, nor for a default", async () => {
  const projection = { 3075: 1, 3076: 9001, 3080: [15], 3092: [0.9996], 3082: [500000] };
  const onBase = { 1024: 1, 3072: 32767, ...projection };
  const geographic = { 1024: 2, 2048: 32767, 2057: [6378137], 2059: [298.257223563] };
  const pairs: Record<string, [Record<number, number | number[]>, Record<number, number | number[]>]> = {
    "bases of a projection": [{ ...onBase, 2048: 10725 }, { ...onBase, 2048: 10800 }],
    "bases beside a code": [{ 1024: 1, 3072: 32633, 2048: 10725 }, { 1024: 1, 3072: 32633, 2048: 10800 }],
    "datums": [{ ...geographic, 2050: 1398 }, { ...geographic, 2050: 1399 }],
    "ellipsoids": [{ 1024: 2, 2048: 32767, 2056: 7901 }, { 1024: 2, 2048: 32767, 2056: 7902 }],
    "prime meridians": [{ ...geographic, 2051: 8990 }, { ...geographic, 2051: 8991 }],
    "geocentric systems": [{ 1024: 3, 2048: 10800 }, { 1024: 3, 2048: 10801 }],
    "a method and none": [{ 1024: 1, 3072: 32633, 3075: 999 }, { 1024: 1, 3072: 32633 }],
    "a unit of length and none": [{ 1024: 1, 3072: 32633, 3076: 9999 }, { 1024: 1, 3072: 32633 }],
    "a unit without its size and none": [{ 1024: 1, 3072: 32633, 3076: 32767 }, { 1024: 1, 3072: 32633 }],
    "an angular unit and none": [{ 1024: 2, 2048: 4326, 2054: 9199 }, { 1024: 2, 2048: 4326 }],
  };
  for (const [name, [a, b]] of Object.entries(pairs)) {
    assertEquals(await sameCrs({ geoKeys: geoKeys(a) }, { geoKeys: geoKeys(b) }), false, name);
    assertEquals(await sameCrs({ geoKeys: geoKeys(a) }, { geoKeys: geoKeys(a) }), true, name);
  }
});

Deno.test("a code and the same system by its parts are one, as are the words of other writers", async () => {
  const same = (a: string, b: string) =>
    sameCrs({ geoKeys: geoKeys(BY_HAND[a]!) }, { geoKeys: geoKeys(BY_HAND[b]!) });
  for (const other of ["by its projection", "by its parts", "by its parts, some left out", "with its unit"]) {
    assertEquals(await same("UTM 33", `UTM 33 ${other}`), true, other);
  }
  assertEquals(await same("UTM 33 in feet", "UTM 33 by its parts in feet"), true);
  assertEquals(await same("RGF93", "RGF93 by one parallel and a scale"), true);
  assertEquals(await same("a Mercator of 30 degrees", "a Mercator of 30 degrees by its scale"), true);
  assertEquals(await same("sea ice", "sea ice by its parts"), true);
  assertEquals(await same("sea ice", "sea ice by its scale"), true);
  assertEquals(await same("a sphere", "a sphere by 1/f"), true);
});

Deno.test("a text beside a file is the system that keys say, if it means it", async () => {
  const wkt = (unit: string) =>
    'PROJCS["Mine",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],' +
    'PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],' +
    'PARAMETER["Latitude_Of_Origin",0],PARAMETER["Central_Meridian",15],PARAMETER["Scale_Factor",0.9996],' +
    `PARAMETER["False_Easting",500000],PARAMETER["False_Northing",0],UNIT[${unit}]]`;
  const code = { geoKeys: geoKeys(BY_HAND["UTM 33"]!) };
  assertEquals(await sameCrs(code, { geoKeys: null, wkt: wkt('"Meter",1') }), true);
  assertEquals(await sameCrs(code, { geoKeys: null, wkt: wkt('"Foot",0.3048') }), false);
  assertEquals(await sameCrs(code, { geoKeys: null, wkt: "no text of a system" }), false);
  assertEquals(await sameCrs({ geoKeys: null, wkt: "A B" }, { geoKeys: null, wkt: "A\nB" }), true);
});

Deno.test("what makes two systems differ is said with both values", async () => {
  const difference = (a: string, b: string) =>
    differenceOfCrs({ geoKeys: geoKeys(BY_HAND[a]!) }, { geoKeys: geoKeys(BY_HAND[b]!) });
  assertEquals(await difference("UTM 33", "UTM 33 in feet"), "units in metres are 1 and 0.3048");
  assertEquals(await difference("UTM 33", "UTM 32"), "longitudes of origin are 15 and 9");
  assertEquals(
    await difference("UTM 33", "New York in metres, EPSG's"),
    "ellipsoids' 1/f are 298.257223563 and 298.257222101",
  );
  assertEquals(await difference("UTM 33", "the Web's Mercator"), "projections differ");
  assertEquals(await difference("UTM 33", "WGS 84"), "kinds are projected and geographic");
  assertEquals(await difference("WGS 84", "WGS 84 in grads"), "units in degrees are 1 and 0.9");
  assertEquals(await difference("WGS 84", "WGS 84 from Paris"), "prime meridians are 0 and 2.33722917");
  assertEquals(await difference("UTM 33", "UTM 33 on a datum without a name"), "datums differ");
  assertEquals(await difference("UTM 33", UNKNOWN[0]!), "");
  assertEquals(await difference("UTM 33", "UTM 33 by its parts"), undefined);
});

Deno.test("keys of any values are compared without a fault, and the same in both directions", async () => {
  const random = seededRandom(20);
  const ids = [1024, 1026, 2048, 2049, 2050, 2051, 2054, 2055, 2056, 2057, 2058, 2059, 2061, 2062];
  for (let id = 3072; id <= 3096; id++) ids.push(id);
  const shorts = [
    0,
    1,
    2,
    3,
    7,
    8,
    15,
    4326,
    4807,
    6326,
    7030,
    8903,
    9001,
    9002,
    9105,
    16033,
    32633,
    32767,
    54009,
    65535,
  ];
  const doubles = [0, 1, -1, 90, -90, 0.5, 1e300, -1e300, 5e-324, NaN, Infinity, 6378137, 298.257223563];
  const texts = [
    "",
    "|",
    "ESRI PE String = ",
    'ESRI PE String = PROJCS["a"',
    "GCS Name = |Datum = |",
    "\u00ff",
    "x".repeat(3000),
  ];
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const any = (): GeoKeys =>
    geoKeys(Object.fromEntries(Array.from({ length: 1 + Math.floor(random() * 20) }, () => {
      const kind = random();
      return [one(ids), kind < 0.6 ? one(shorts) : kind < 0.9 ? [one(doubles)] : one(texts)];
    })));
  for (let run = 0; run < 3000; run++) {
    const [a, b] = [{ geoKeys: any() }, { geoKeys: any() }];
    assertEquals(await sameCrs(a, b), await sameCrs(b, a));
    assertEquals(await sameCrs(a, { geoKeys: { ...a.geoKeys } }), true);
  }
});
