import { assertEquals } from "@std/assert";
import { infoFacts, infoLines } from "../../cli/info_facts.ts";
import type { RasterInfo } from "../../raster/raster_info.ts";

/** A raster in EPSG:4326 whose geodetic citation is given. */
function cited(citation: string): RasterInfo {
  const ascii = `${citation}|`;
  const directory = [1, 1, 0, 3, 1024, 0, 1, 2, 2048, 0, 1, 4326, 2049, 34737, ascii.length, 0];
  return {
    ...{ location: "a.tif", width: 4, height: 3, bands: 1, dataType: "uint8", nodata: null, bandNames: [""] },
    ...{ geotransform: [0, 1, 0, 3, 0, -1], geoKeys: { directory, doubles: [], ascii } },
    ...{ tiled: true, tileWidth: 16, tileHeight: 16, interleave: "BAND", compression: "NONE", predictor: 1 },
    ...{
      littleEndian: true,
      bigTiff: false,
      overviews: [],
      unread: [],
      sidecars: [],
      sidecarsVersion: "",
      wkt: null,
      bandNodata: [null],
      byteLength: 300,
      version: "1",
    },
  };
}

Deno.test("a citation that says nothing is left out of the coordinate system's name", () => {
  const line = (info: RasterInfo) => infoLines(info).find((text) => text.startsWith("  crs"));
  for (const citation of ["unknown", "Unnamed", "", " "]) {
    assertEquals(line(cited(citation)), "  crs          EPSG:4326", citation);
    assertEquals(infoFacts(cited(citation)).crs, { name: "EPSG:4326", epsg: 4326 });
  }
  assertEquals(line(cited("WGS 84")), "  crs          WGS 84 (EPSG:4326)");
});

Deno.test("a line for people shows some of many band names and overviews, and long names in part", () => {
  const bandNames = Array.from({ length: 100 }, (_, i) => (i === 0 ? "x".repeat(1000) : `b${i}`));
  const overviews = Array.from({ length: 60000 }, () => ({ width: 7, height: 5 }));
  const info = { ...cited(""), bands: 100, bandNames, overviews };
  const lines = infoLines(info);
  const bands = lines.find((line) => line.startsWith("  bands"))!;
  assertEquals(
    bands.includes(`(${"x".repeat(60)}..., b1, b2,`) && bands.endsWith("b39 and 60 more)"),
    true,
    bands,
  );
  assertEquals(lines.find((line) => line.startsWith("  overviews"))!.endsWith("7 x 5 and 59960 more"), true);
  assertEquals(infoFacts(info).bandNames, bandNames);
});

Deno.test("a file's name steers no terminal and stays in one line", () => {
  const info = { ...cited(""), location: "a\u001b[2J\nb.tif" };
  assertEquals(infoLines(info)[0], "a [2J b.tif");
  assertEquals(infoFacts(info).location, info.location);
});

Deno.test("pixels of fewer bits than their type say how many are stored", () => {
  const line = (info: RasterInfo) => infoLines(info).find((text) => text.startsWith("  bands"));
  const stored = (dataType: RasterInfo["dataType"], storedBits: number) => ({
    ...cited(""),
    dataType,
    storedBits,
  });
  assertEquals(line(stored("uint8", 1)), "  bands        1 of uint8 (1 bit stored)");
  assertEquals(line(stored("uint16", 12)), "  bands        1 of uint16 (12 bits stored)");
  assertEquals(line(cited("")), "  bands        1 of uint8");
  assertEquals(infoFacts(stored("float32", 16)).storedBits, 16);
  assertEquals(infoFacts(cited("")).storedBits, 8);
});
