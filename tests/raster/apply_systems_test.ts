import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { GeoKeyList } from "../../raster/crs/geo_key_list.ts";
import { geoKeysOfWkt } from "../../raster/crs/wkt_geo_keys.ts";
import type { GeoKeys, GeoTransform } from "../../raster/raster_info.ts";
import { gdalMissing, gdalName, tempFolder } from "../gdal.ts";
import { makeRaster, readRaster, run } from "./apply_support.ts";

const NORTH_UP: GeoTransform = [500_000, 30, 0, 5_300_000, 0, -30];

function keys(values: Record<number, number | number[] | string>): GeoKeys {
  const list = new GeoKeyList();
  for (const [key, value] of Object.entries({ 1025: 1, ...values })) list.set(Number(key), value);
  return list.geoKeys(0);
}

const BASE =
  'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],' +
  'UNIT["degree",0.0174532925199433]]';

function utm(name: string, meridian: number, unit = 'UNIT["metre",1]'): string {
  const easting = unit.includes("foot") ? 500_000 / 0.3048 : 500_000;
  return `PROJCS["${name}",${BASE},PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],` +
    `PARAMETER["central_meridian",${meridian}],PARAMETER["scale_factor",0.9996],` +
    `PARAMETER["false_easting",${easting}],PARAMETER["false_northing",0],${unit}]`;
}

function text(definition: string, citation = "Mine"): GeoKeys {
  return keys({ 1024: 32767, 1026: citation, 3073: `ESRI PE String = ${definition}` });
}

/** UTM zone 33 north in the words of several writers. */
const WORDS: Readonly<Record<string, GeoKeys>> = {
  "a code": keys({ 1024: 1, 3072: 32633 }),
  "a code with its unit and base": keys({ 1024: 1, 2048: 4326, 2054: 9102, 3072: 32633, 3076: 9001 }),
  "its parts": geoKeysOfWkt(utm("Mine", 15))!,
  "its parts and a shift by nothing": geoKeysOfWkt(
    utm("Mine", 15).replace("298.257223563]", "298.257223563],TOWGS84[0,0,0,0,0,0,0]"),
  )!,
  "Esri's text": text(utm("Mine", 15).replace("WGS_1984", "D_WGS_1984")),
  "Esri's text behind a citation of two bytes a letter": text(utm("Mine", 15), "Müñstër"),
};

const copyFirst: ApplyOptions["userFunction"] = (_info, { a }, outputs) => {
  outputs.out = a;
};

function job(a: string, b: string, out: string): ApplyOptions {
  return { userFunction: copyFirst, infiles: { a, b }, outfiles: { out } };
}

Deno.test("inputs in one system are combined, whatever words their writers have for it; an output has the first one's", async () => {
  using folder = tempFolder();
  for (const [name, geoKeys] of Object.entries(WORDS)) {
    makeRaster(folder.file(`${name}.tif`), {
      width: 20,
      height: 10,
      geotransform: NORTH_UP,
      geoKeys,
      seed: 1,
    });
  }
  for (const name of Object.keys(WORDS)) {
    for (const [a, b] of [[name, "a code"], ["its parts", name]] as const) {
      await run(job(folder.file(`${a}.tif`), folder.file(`${b}.tif`), folder.file("out.tif")));
      const { info } = await readRaster(folder.file("out.tif"));
      assertEquals(info.geoKeys, WORDS[a]!, `${a}, ${b}`);
    }
  }
});

Deno.test("a reference's words for the system are the output's", async () => {
  using folder = tempFolder();
  const [a, b] = [folder.file("a.tif"), folder.file("b.tif")];
  makeRaster(a, { width: 20, height: 10, geotransform: NORTH_UP, geoKeys: WORDS["a code"]!, seed: 1 });
  makeRaster(b, { width: 20, height: 10, geotransform: NORTH_UP, geoKeys: WORDS["its parts"]!, seed: 1 });
  for (const reference of [a, b]) {
    await run({ ...job(a, b, folder.file("out.tif")), controls: { reference } });
    const { info } = await readRaster(folder.file("out.tif"));
    assertEquals(info.geoKeys, WORDS[reference === a ? "a code" : "its parts"]!);
  }
});

Deno.test("a code beside another unit, and another text behind a citation of two bytes a letter, are other systems", async () => {
  using folder = tempFolder();
  const others: Record<string, GeoKeys> = {
    "units in metres are 1 and 0.3048": keys({ 1024: 1, 3072: 32633, 3076: 9002 }),
    "longitudes of origin are 15 and 9": text(utm("Mine", 9), "Müñstër"),
  };
  const [a, b] = [folder.file("a.tif"), folder.file("b.tif")];
  for (const [what, geoKeys] of Object.entries(others)) {
    for (const first of ["a code", "Esri's text behind a citation of two bytes a letter"]) {
      makeRaster(a, { width: 20, height: 10, geotransform: NORTH_UP, geoKeys: WORDS[first]!, seed: 1 });
      makeRaster(b, { width: 20, height: 10, geotransform: NORTH_UP, geoKeys, seed: 1 });
      assertStringIncludes(await refusal(a, b), `their coordinate systems differ (their ${what})`, what);
    }
  }
});

/** References whose system the command takes from the file, and an input that lies elsewhere. */
const REFERENCES: Readonly<Record<string, GeoKeys>> = {
  "parts": geoKeysOfWkt(utm("Mein Netz", 14))!,
  "parts in feet": geoKeysOfWkt(utm("Mine", 14, 'UNIT["foot",0.3048]'))!,
  "Esri's text": text(utm("Mein Netz in Müñstër", 14)),
  "a code in feet": keys({ 1024: 1, 3072: 32633, 3076: 9002 }),
  "a projection that GeoTIFF has no keys for": geoKeysOfWkt(
    `PROJCS["M",${BASE},PROJECTION["Mollweide"],PARAMETER["central_meridian",10],UNIT["metre",1]]`,
  )!,
};

for (const [what, geoKeys] of Object.entries(REFERENCES)) {
  Deno.test({
    name: gdalName(
      `the advised command, run as it is, leads to inputs in one system: a reference with ${what}`,
    ),
    ignore: gdalMissing !== false,
  }, async () => {
    using folder = tempFolder();
    const [a, b] = [folder.file("it's a.tif"), folder.file("b.tif")];
    makeRaster(a, { width: 40, height: 30, geotransform: NORTH_UP, geoKeys, seed: 1 });
    makeRaster(b, { width: 40, height: 30, geotransform: NORTH_UP, geoKeys: WORDS["a code"]!, seed: 2 });
    const said = await refusal(a, b);
    const command = said.slice(said.indexOf("gdalwarp "));
    const { success, stderr } = await new Deno.Command("sh", {
      args: ["-ec", command],
      cwd: folder.path,
      stdout: "null",
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    await run(job(a, folder.file(command.split(" ").at(-1)!), folder.file("out.tif")));
    const { info } = await readRaster(folder.file("out.tif"));
    assertEquals(info.geoKeys, geoKeys);
  });
}

async function refusal(a: string, b: string): Promise<string> {
  try {
    await run(job(a, b, `${a}.out`));
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("The rasters were accepted as they are");
}
