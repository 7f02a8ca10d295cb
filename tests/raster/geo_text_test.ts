import { assertEquals } from "@std/assert";
import {
  bytesOf,
  bytesOfText,
  byteString,
  textOfBytes,
  withoutClosing,
} from "../../raster/geotiff/geo_text.ts";
import { crsName, geoKeyValues } from "../../raster/geotiff/geo_keys.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import type { GeoKeys } from "../../raster/raster_info.ts";
import { gdalMissing, gdalName, runPythonWithStderr, tempFolder } from "../gdal.ts";
import { type TestImage, writeImage } from "./writer_pixels.ts";

const PIXEL: TestImage = {
  width: 1,
  height: 1,
  bands: 1,
  dataType: "uint8",
  pixels: new Uint8Array(1),
  options: ["TILED=NO"],
};

/** A definition in Esri's form, behind a citation whose letters may have two bytes. */
function esriKeys(citation: string, meridian: number): GeoKeys {
  const definition = 'ESRI PE String = PROJCS["Cone",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",' +
    'SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],' +
    'PROJECTION["Albers"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],' +
    `PARAMETER["Central_Meridian",${meridian}],PARAMETER["Standard_Parallel_1",29.5],` +
    'PARAMETER["Standard_Parallel_2",45.5],PARAMETER["Latitude_Of_Origin",23.0],UNIT["Meter",1.0]]|';
  const directory = [
    ...[1, 1, 0, 4],
    ...[1024, 0, 1, 32767],
    ...[1025, 0, 1, 1],
    ...[1026, 34737, citation.length, 0],
    ...[3073, 34737, definition.length, citation.length],
  ];
  return { directory, doubles: [], ascii: citation + definition };
}

const CITATIONS = [bytesOfText("Cône équivalent|"), "C\u00f4ne \u00e9quivalent|", "Cone|"];

async function reread(path: string): Promise<GeoKeys | null> {
  await using reader = await GeoTiffReader.open(path);
  return reader.info.geoKeys;
}

Deno.test("texts in GeoKeys are found by bytes, whether they are UTF-8 or Latin-1", () => {
  for (const citation of CITATIONS.slice(0, 2)) {
    const values = geoKeyValues(esriKeys(citation, -96));
    assertEquals(values.get(1026), "Cône équivalent");
    assertEquals(String(values.get(3073)).startsWith('ESRI PE String = PROJCS["Cone"'), true);
  }
  assertEquals(
    crsName({ ...esriKeys(CITATIONS[0]!, 0), directory: [1, 1, 0, 1, 1026, 34737, 18, 0] }),
    "user-defined (Cône équivalent)",
  );
});

Deno.test("bytes of a tag come through as they are, and letters of people in either encoding", () => {
  const all = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
  assertEquals(bytesOf(byteString(all)), all);
  assertEquals(textOfBytes("\u00e9"), "é");
  assertEquals(textOfBytes(bytesOfText("é植")), "é植");
  assertEquals(withoutClosing("a|b||\0|"), "a|b");
  assertEquals(withoutClosing("|".repeat(1_000_000) + "x").length, 1_000_001);
});

Deno.test("an output has its input's citations to the last byte", async () => {
  using folder = tempFolder();
  for (const citation of CITATIONS) {
    const keys = esriKeys(citation, -96);
    writeImage(folder.file("a.tif"), PIXEL, { geoKeys: keys });
    assertEquals(await reread(folder.file("a.tif")), keys);
    const bytes = await Deno.readFile(folder.file("a.tif"));
    assertEquals(byteString(bytes).includes(`${keys.ascii}\0`), true);
    await Deno.remove(folder.file("a.tif"));
  }
});

Deno.test({
  name: gdalName("GDAL finds the system behind a citation in UTF-8 or Latin-1"),
  ignore: gdalMissing !== false,
}, async () => {
  using folder = tempFolder();
  const paths = CITATIONS.map((citation, index) => {
    const path = folder.file(`${index}.tif`);
    writeImage(path, PIXEL, { geoKeys: esriKeys(citation, -96), geotransform: [0, 1, 0, 0, 0, -1] });
    return path;
  });
  const { stdout, stderr } = await runPythonWithStderr(
    `
import sys
from osgeo import gdal
for path in sys.argv[1:]: print(gdal.Open(path).GetSpatialRef().ExportToProj4())
`,
    ...paths,
  );
  assertEquals(stderr, "");
  const albers =
    "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs";
  assertEquals(stdout.trim().split("\n"), [albers, albers, albers]);
});
