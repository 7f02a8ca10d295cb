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
