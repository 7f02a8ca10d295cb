import { assert, assertEquals } from "@std/assert";
import { loadEpsgTable } from "../../raster/crs/epsg_table.ts";
import { crsDifference } from "../../raster/crs/same_definition.ts";
import { definitionOfWkt } from "../../raster/crs/wkt_definition.ts";
import { gdalMissing, gdalName, runPython } from "../gdal.ts";

/** Systems of a part of all codes, as WKT 2. */
const SYSTEMS = `
import json, sys
from osgeo import gdal, osr
osr.UseExceptions()
found = {}
for code in range(2000, 32767, 7):
    s = osr.SpatialReference()
    try: s.ImportFromEPSG(code)
    except RuntimeError: continue
    if s.IsProjected() and not s.IsCompound(): found[code] = s.ExportToWkt(["FORMAT=WKT2_2019"])
print(json.dumps(found))
`;

Deno.test({
  name: gdalName("a code means what PROJ has for it, deprecated ones what is in their place"),
  ignore: gdalMissing !== false,
}, async () => {
  const table = await loadEpsgTable();
  const systems = Object.entries(JSON.parse(await runPython(SYSTEMS)) as Record<string, string>);
  assert(systems.length > 600);
  for (const [code, wkt] of systems) {
    const ours = table.current(Number(code));
    const theirs = definitionOfWkt(wkt);
    assert(ours !== undefined, code);
    assert(theirs !== undefined, code);
    assertEquals(crsDifference(ours!, theirs!, table), undefined, code);
  }
});

Deno.test("the table is loaded once, and has no code that is not EPSG's", async () => {
  const table = await loadEpsgTable();
  assertEquals(await loadEpsgTable(), table);
  assertEquals(table.current(12345), undefined);
  assertEquals(table.geodetic(32633), undefined);
  assertEquals(table.datum(1), undefined);
  assertEquals(table.ellipsoid(1), undefined);
  assertEquals(table.meridian(1), undefined);
  assertEquals(table.conversion(1, false), undefined);
  assertEquals(table.projected(2155)?.code, 2155);
  assertEquals(table.current(2155)?.code, 2194);
});

Deno.test("datums are found by all their names, and one that several datums have finds none", async () => {
  const table = await loadEpsgTable();
  const names = {
    "WGS_1984": 6326,
    "World Geodetic System 1984": 6326,
    "D_WGS_1984": 6326,
    "North_American_Datum_1983": 6269,
    "D_North_American_1983": 6269,
    "CH1903": 6149,
    "CH1903+": 6150,
    "D_CH1903+": 6150,
    "Nouvelle Triangulation Francaise (Paris)": 6807,
    "no datum": undefined,
    "": undefined,
  };
  for (const [name, code] of Object.entries(names)) assertEquals(table.datumOfName(name), code, name);
});
