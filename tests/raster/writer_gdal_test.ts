import { assert, assertEquals } from "@std/assert";
import { DATA_TYPES } from "../../raster/data_type.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { sha256, writeImage, writerCases } from "./writer_pixels.ts";

/** Reads every file of a list whole and prints those whose pixels or layout are not as expected, and all warnings. */
const COMPARE = `
import sys, json, hashlib
from osgeo import gdal
gdal.UseExceptions()
said = []
gdal.PushErrorHandler(lambda kind, code, text: said.append(text))
bad = []
for f in json.load(open(sys.argv[1])):
    said.clear()
    try:
        d = gdal.Open(f["path"])
        data = d.ReadRaster()
        b = d.GetRasterBand(1)
        got = dict(sha=hashlib.sha256(data).hexdigest(), bands=d.RasterCount, type=gdal.GetDataTypeName(b.DataType),
            block=b.GetBlockSize(), compress=d.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE") or "NONE",
            interleave=d.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE"))
        want = {k: f[k] for k in got}
        if f["type"] == "Int8" and int(gdal.VersionInfo()) < 3070000: want["type"] = "Byte"
        if got != want: bad.append([f["name"], got, want])
    except Exception as e:
        bad.append([f["name"], repr(e)])
    if said: bad.append([f["name"], list(said)])
print(json.dumps(bad))
`;

Deno.test({
  name: gdalName("GDAL reads every type, compression, predictor, interleaving and tiling as it was written"),
  ignore: gdalMissing !== false,
}, async () => {
  using folder = tempFolder();
  const list: unknown[] = [];
  for (const { name, image } of writerCases()) {
    const path = folder.file(`${list.length}.tif`);
    writeImage(path, image);
    const { width, height, bands, dataType, options } = image;
    const value = (key: string) => options.find((each) => each.startsWith(`${key}=`))?.split("=")[1];
    const tiled = value("TILED") !== "NO";
    const rows = Number(value("BLOCKYSIZE") ?? 256);
    list.push({
      ...{ path, name, bands, type: DATA_TYPES[dataType].gdalName },
      sha: await sha256(image.pixels),
      block: tiled ? [Number(value("BLOCKXSIZE") ?? 256), rows] : [width, Math.min(rows, height)],
      compress: value("COMPRESS") ?? "DEFLATE",
      interleave: bands === 1 ? "BAND" : value("INTERLEAVE") ?? "BAND",
    });
  }
  assert(list.length > 600, String(list.length));
  Deno.writeTextFileSync(folder.file("list.json"), JSON.stringify(list));
  assertEquals(JSON.parse(await runPython(COMPARE, folder.file("list.json"))), []);
});

Deno.test("our own reader reads what was written, without GDAL", async () => {
  using folder = tempFolder();
  let index = 0;
  for (const { name, image } of writerCases()) {
    // A prime step, so that all values of each option come along.
    if (index++ % 7 !== 0) continue;
    const path = folder.file(`${index}.tif`);
    writeImage(path, image);
    await using reader = await GeoTiffReader.open(path);
    const { width, height } = image;
    const pixels = await reader.readWindow({ left: 0, top: 0, ncols: width, nrows: height });
    assertEquals(reader.info.dataType, image.dataType, name);
    assertEquals(await sha256(pixels), await sha256(image.pixels), name);
    Deno.removeSync(path);
  }
});
