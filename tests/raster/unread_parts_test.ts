import { assert, assertEquals } from "@std/assert";
import { infoFacts, infoLines } from "../../cli/info_facts.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import type { RasterInfo } from "../../raster/raster_info.ts";
import { unreadNotices } from "../../raster/unread_parts.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { runAdvice } from "../gdal_advice.ts";
import { run, THREADS } from "./apply_support.ts";
import { buildTiff, imageFields } from "./tiny_tiff.ts";

const MAKE_FILES = `
import sys
from osgeo import gdal, osr
import numpy as np
gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
driver = gdal.GetDriverByName("GTiff")
pixels = np.arange(200, dtype="uint8").reshape(10, 20)
utm = osr.SpatialReference(); utm.ImportFromEPSG(32633)
def make(name, bands=1, kind=gdal.GDT_Byte):
    made = driver.Create(sys.argv[1] + "/" + name + ".tif", 20, 10, bands, kind)
    for band in range(bands): made.GetRasterBand(band + 1).WriteArray(pixels)
    return made

made = make("mask"); made.CreateMaskBand(gdal.GMF_PER_DATASET)
valid = np.full((10, 20), 255, "uint8"); valid[0:2] = 0
made.GetRasterBand(1).GetMaskBand().WriteArray(valid); made = None
made = make("scaleAndOffset", 2, gdal.GDT_Int16)
made.GetRasterBand(2).SetScale(0.5); made.GetRasterBand(2).SetOffset(5); made = None
made = make("colourTable"); table = gdal.ColorTable()
for i in range(256): table.SetColorEntry(i, (i, 255 - i, 7, 255))
made.GetRasterBand(1).SetColorTable(table); made = None
made = make("rationalPolynomials")
coefficients = lambda *first: " ".join(str(one) for one in first + (0,) * (20 - len(first)))
made.SetMetadata({"LINE_OFF": "5", "SAMP_OFF": "10", "LAT_OFF": "50", "LONG_OFF": "10", "HEIGHT_OFF": "0", "LINE_SCALE": "5",
    "SAMP_SCALE": "10", "LAT_SCALE": "1", "LONG_SCALE": "1", "HEIGHT_SCALE": "100", "LINE_NUM_COEFF": coefficients(0, 0, 1),
    "LINE_DEN_COEFF": coefficients(1), "SAMP_NUM_COEFF": coefficients(0, 1), "SAMP_DEN_COEFF": coefficients(1)}, "RPC")
made = None
made = make("groundControlPoints")
points = [(0, 0), (20, 0), (0, 10), (20, 10)]
made.SetGCPs([gdal.GCP(5e5 + 30 * x, 5e6 - 30 * y, 0, x, y) for x, y in points], utm.ExportToWkt()); made = None
made = make("pages"); made.BuildOverviews("NEAREST", [2]); made = None
made = make("second"); made.GetRasterBand(1).WriteArray(pixels + 7); made = None
driver.CreateCopy(sys.argv[1] + "/pages.tif", gdal.Open(sys.argv[1] + "/second.tif"), options=["APPEND_SUBDATASET=YES"])
`;

const WHAT: Record<string, string> = {
  mask: "a mask of valid pixels",
  scaleAndOffset: "a scale and an offset in 1 of 2 bands",
  colourTable: "a colour table",
  rationalPolynomials: "rational polynomial coefficients (RPCs)",
  groundControlPoints: "4 ground control points",
};

async function infoOf(path: string): Promise<RasterInfo> {
  await using reader = await GeoTiffReader.open(path);
  return reader.info;
}

async function firstColumn(path: string): Promise<number[]> {
  await using reader = await GeoTiffReader.open(path);
  return Array.from(await reader.readWindow({ left: 0, top: 0, ncols: 1, nrows: 10 }), Number);
}

Deno.test({
  name: gdalName("what is not used of GDAL's files is told, and the command that the notice names cures it"),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    await runPython(MAKE_FILES, folder.path);
    for (const [kind, what] of Object.entries(WHAT)) {
      const path = folder.file(`${kind}.tif`);
      const info = await infoOf(path);
      assertEquals<unknown>(info.unread, [{ kind, what }]);
      if (kind === "groundControlPoints") assertEquals([info.geotransform, info.geoKeys], [null, null]);
      assertEquals(infoFacts(info).unread, [...info.unread]);
      assert(infoLines(info).some((line) => /^ {2}not used +/.test(line) && line.endsWith(what)));
      const [notice, ...others] = unreadNotices([info]);
      assertEquals(others, []);
      assert(notice!.startsWith(`'${path}' has ${what}, which`), notice);
      const cured = folder.file(`${kind}_cured.tif`);
      await runAdvice(notice!, path, cured);
      assertEquals((await infoOf(cured)).unread, [], kind);
      if (kind === "mask") assertEquals(await firstColumn(cured), [0, 0, ...new Array(8).fill(255)]);
    }
  },
});

Deno.test({
  name: gdalName(
    "further images are told, and the command that the notice names takes one out from behind the overviews",
  ),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    await runPython(MAKE_FILES, folder.path);
    const info = await infoOf(folder.file("pages.tif"));
    const pages = info.unread.filter(({ kind }) => kind === "pages");
    assertEquals(pages, [{ kind: "pages", what: "one more image (directory 3)" }]);
    const notice = unreadNotices([{ location: info.location, unread: pages }])[0]!;
    const command = notice.replace("GTIFF_DIR:N:", "GTIFF_DIR:3:");
    await runAdvice(command, folder.file("pages.tif"), folder.file("second.tif"));
    assertEquals(await firstColumn(folder.file("second.tif")), [7, 27, 47, 67, 87, 107, 127, 147, 167, 187]);
  },
});

Deno.test({
  name: gdalName("a place that is not finite is told, and the command that the notice names gives one"),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    const [scale, point] = [[33550, 12, [NaN, 10, 0]], [33922, 12, [0, 0, 0, 5, 6, 0]]] as const;
    const matrix = [34264, 12, [1, 0, 0, Infinity, 0, -1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1]] as const;
    for (const extra of [[scale, point], [matrix]]) {
      const fields = imageFields({ width: 20, height: 10 }, extra);
      const bytes = buildTiff({ directories: [{ fields, chunks: [new Uint8Array(200)] }] });
      Deno.writeFileSync(folder.file("a.tif"), bytes);
      const info = await infoOf(folder.file("a.tif"));
      assertEquals([info.geotransform, info.unread.map(({ kind }) => kind)], [null, ["damagedPlace"]]);
      const command = unreadNotices([info])[0]!.replace("ULX ULY LRX LRY", "500 600 700 500");
      await runAdvice(command, folder.file("a.tif"), folder.file("cured.tif"));
      const { geotransform, unread } = await infoOf(folder.file("cured.tif"));
      assertEquals([geotransform, unread], [[500, 10, 0, 600, 0, -10], []]);
    }
  },
});

Deno.test("a run tells each kind once, with the number of files", () => {
  const mask = { kind: "mask", what: "a mask of valid pixels" } as const;
  const pages = { kind: "pages", what: "3 more images (from directory 2 on)" } as const;
  const notices = unreadNotices([
    { location: "a.tif", unread: [] },
    { location: "b.tif", unread: [mask] },
    { location: "c.tif", unread: [pages, mask] },
    { location: "d.tif", unread: [mask] },
    // The same file under two names counts once.
    { location: "b.tif", unread: [mask] },
  ]);
  assertEquals(notices.map((line) => line.slice(0, line.indexOf(","))), [
    "'b.tif' (and 2 more files) has a mask of valid pixels",
    "'c.tif' has 3 more images (from directory 2 on)",
  ]);
});

Deno.test({
  name: gdalName("a run on files of which something is not used says so in its notices"),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    await runPython(MAKE_FILES, folder.path);
    const { notices } = await run({
      userFunction: (_info, { img }, outputs) => void (outputs.out = img),
      infiles: { img: folder.file("mask.tif") },
      outfiles: { out: folder.file("out.tif") },
      concurrency: THREADS,
    });
    assertEquals(notices.map((line) => line.slice(0, line.indexOf(", "))), [
      `'${folder.file("mask.tif")}' has a mask of valid pixels`,
    ]);
  },
});
