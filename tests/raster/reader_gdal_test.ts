import { assertEquals } from "@std/assert";
import { DATA_TYPES, type DataType, type PixelArray } from "../../raster/data_type.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import type { PixelWindow } from "../../raster/raster_info.ts";
import { gdalMissing, gdalName, runPython, sharedFile, tempFolder } from "../gdal.ts";
import { MATRIX_SCRIPT } from "./reader_matrix.ts";
import { seededRandom } from "./seeded_random.ts";

interface Made {
  name: string;
  options: string;
  type: DataType;
  width: number;
  height: number;
  bands: number;
}

/** The bytes of `bands` of a window, cut out of planar pixels. */
function cut(raw: Uint8Array, file: Made, window: PixelWindow, bands: readonly number[]): Uint8Array {
  const size = DATA_TYPES[file.type].bytes;
  const rowBytes = window.ncols * size;
  const out = new Uint8Array(bands.length * window.nrows * rowBytes);
  let at = 0;
  for (const band of bands) {
    for (let row = 0; row < window.nrows; row++, at += rowBytes) {
      const from = (((band - 1) * file.height + window.top + row) * file.width + window.left) * size;
      out.set(raw.subarray(from, from + rowBytes), at);
    }
  }
  return out;
}

function bytesOf(pixels: PixelArray): Uint8Array {
  return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

/** A cheap comparison: the assertion's own is slow on many bytes. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return 0;
  return a.findIndex((value, i) => value !== b[i]);
}

Deno.test({
  name: gdalName(
    "pixels of every kind of file that GDAL writes are GDAL's to the last bit, whole and by windows",
  ),
  ignore: gdalMissing !== false,
  async fn(t) {
    using folder = tempFolder();
    const files = JSON.parse(await runPython(MATRIX_SCRIPT, folder.path)) as Made[];
    const random = seededRandom(7);
    const pick = (below: number) => Math.floor(random() * below);
    const failures: string[] = [];
    for (const file of files) {
      const raw = Deno.readFileSync(folder.file(`${file.name}.raw`));
      await using reader = await GeoTiffReader.open(folder.file(`${file.name}.tif`), { cacheBytes: 20_000 });
      assertEquals(reader.info.dataType, file.type, file.options);
      const whole = { left: 0, top: 0, ncols: file.width, nrows: file.height };
      const windows: [PixelWindow, number[]][] = [[
        whole,
        Array.from({ length: file.bands }, (_, i) => i + 1),
      ]];
      for (let n = 0; n < 4; n++) {
        const [left, top] = [pick(file.width), pick(file.height)];
        const window = { left, top, ncols: 1 + pick(file.width - left), nrows: 1 + pick(file.height - top) };
        windows.push([window, Array.from({ length: 1 + pick(2) }, () => 1 + pick(file.bands))]);
      }
      for (const [window, bands] of windows) {
        const got = bytesOf(await reader.readWindow(window, { bands }));
        const difference = firstDifference(got, cut(raw, file, window, bands));
        if (difference >= 0) {
          failures.push(`${file.type} x ${file.bands} ${file.options}: byte ${difference}`);
        }
      }
    }
    await t.step(`${files.length} files`, () => assertEquals([...new Set(failures)].slice(0, 20), []));
  },
});

for (const name of ["data/L7_ETMs.tif", "data/elev.tif"]) {
  const path = sharedFile(name);
  const skip = gdalMissing !== false || path === undefined;
  Deno.test({
    name: path === undefined
      ? `${name} reads as with GDAL (skipped: not there)`
      : gdalName(`${name} reads as with GDAL`),
    ignore: skip,
    async fn() {
      using folder = tempFolder();
      const script = `
import json, sys
from osgeo import gdal
d = gdal.Open(sys.argv[1])
n = d.RasterCount
open(sys.argv[2], "wb").write(b"".join(bytes(d.GetRasterBand(b + 1).ReadRaster()) for b in range(n)))
print(json.dumps(dict(gt=d.GetGeoTransform(), nodata=d.GetRasterBand(1).GetNoDataValue(), size=[d.RasterXSize, d.RasterYSize, n],
  code=d.GetSpatialRef().GetAuthorityCode(None))))`;
      const expected = JSON.parse(await runPython(script, path!, folder.file("raw")));
      await using reader = await GeoTiffReader.open(path!);
      const { width, height, bands, geotransform, nodata } = reader.info;
      assertEquals([width, height, bands], expected.size);
      assertEquals(geotransform, expected.gt);
      assertEquals(nodata, expected.nodata);
      const got = bytesOf(await reader.readWindow({ left: 0, top: 0, ncols: width, nrows: height }));
      assertEquals(firstDifference(got, Deno.readFileSync(folder.file("raw"))), -1);
    },
  });
}
