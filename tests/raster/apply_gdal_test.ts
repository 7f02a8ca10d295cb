import { assertEquals } from "@std/assert";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { DATA_TYPES, type DataType } from "../../raster/data_type.ts";
import { gdalMissing, gdalName, runPythonWithStderr, sharedFile, tempFolder } from "../gdal.ts";
import { example, FED_THREADS, makeRaster, run, THREADS } from "./apply_support.ts";

const BLOCKS = { windowxsize: 64, windowysize: 48, windowExact: true } as const;

const copy: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
  outputs.out = img;
};

/** Runs a script with `eq(path, array, bands?)`, which compares a file's pixels bit by bit, and expects no warning. */
async function inGdal(script: string, ...args: string[]): Promise<unknown> {
  const { stdout, stderr } = await runPythonWithStderr(
    `
import sys, json
import numpy as np
from osgeo import gdal, osr
gdal.UseExceptions()
args = sys.argv[1:]
def read(path):
    a = gdal.Open(path).ReadAsArray()
    return a if a.ndim == 3 else a[None]
def eq(path, expected):
    got = read(path)
    expected = np.asarray(expected)
    if expected.ndim == 2: expected = expected[None]
    return bool(got.dtype == expected.dtype and got.shape == expected.shape and got.tobytes() == np.ascontiguousarray(expected).tobytes())
def nodata(path):
    d = gdal.Open(path)
    return d.GetRasterBand(1).GetNoDataValue()
def place(path):
    d = gdal.Open(path)
    s = d.GetSpatialRef()
    return [list(d.GetGeoTransform()), s.ExportToWkt() if s else None]
${script}`,
    ...args,
  );
  assertEquals(stderr, "", "GDAL had something to say");
  return JSON.parse(stdout);
}

function gdalTest(name: string, fn: (folder: ReturnType<typeof tempFolder>) => Promise<void>): void {
  Deno.test({
    name: gdalName(name),
    ignore: gdalMissing !== false,
    fn: async () => {
      using folder = tempFolder();
      await fn(folder);
    },
  });
}

gdalTest(
  "GDAL reads outputs of every type and layout as they were computed, without a warning",
  async (folder) => {
    const types = Object.keys(DATA_TYPES) as DataType[];
    const layouts = [
      ["COMPRESS=NONE", "INTERLEAVE=PIXEL"],
      ["COMPRESS=DEFLATE", "PREDICTOR=2"],
      ["COMPRESS=ZSTD", "TILED=NO", "BLOCKYSIZE=16"],
      ["COMPRESS=ZSTD", "INTERLEAVE=PIXEL", "PREDICTOR=2", "BIGTIFF=YES"],
    ];
    const pairs: string[] = [];
    for (const dataType of types) {
      // GDAL 3.6 has no 8-bit signed type of its own.
      if (dataType === "int8") continue;
      const scene = folder.file(`${dataType}.tif`);
      makeRaster(scene, {
        width: 131,
        height: 77,
        bands: 3,
        dataType,
        nodata: 7,
      });
      const outfiles = Object.fromEntries(
        layouts.map((_, i) => [`o${i}`, folder.file(`${dataType}_${i}.tif`)]),
      );
      await run({
        userFunction(_info, { img }, outputs) {
          outputs.o0 =
            outputs.o1 =
            outputs.o2 =
            outputs.o3 =
              img;
        },
        ...{ infiles: { img: scene }, outfiles, concurrency: dataType === "uint16" ? FED_THREADS : {} },
        controls: {
          ...{ ...BLOCKS, windowxsize: 32, windowysize: 16, outputNoData: 7 },
          creationOptions: Object.fromEntries(layouts.map((layout, i) => [`o${i}`, layout])),
        },
      });
      pairs.push(...Object.values(outfiles).flatMap((path) => [scene, path]));
    }
    const result = await inGdal(
      `print(json.dumps([[b for a, b in zip(args[::2], args[1::2])
      if not (eq(b, read(a)) and place(a) == place(b) and nodata(b) == 7
      and osr.SpatialReference(place(b)[1]).GetAuthorityCode(None) == "32633")], len(args)]))`,
      ...pairs,
    );
    assertEquals(result, [[], 9 * 4 * 2]);
  },
);

gdalTest("files that GDAL made are mosaicked over their union as numpy does it", async (folder) => {
  const names = ["a", "b", "c"].map((name) => folder.file(`${name}.tif`));
  const out = folder.file("out.tif");
  await inGdal(
    `
def make(path, col, row, w, h, seed, nodata, options):
    r = np.random.RandomState(seed)
    a = r.randint(1, 60000, (2, h, w)).astype("uint16")
    a[r.rand(2, h, w) < 0.3] = nodata
    d = gdal.GetDriverByName("GTiff").Create(path, w, h, 2, gdal.GDT_UInt16, options)
    d.SetGeoTransform([600000 + 10 * col, 10, 0, 7000000 - 10 * row, 0, -10])
    s = osr.SpatialReference(); s.ImportFromEPSG(28356); d.SetProjection(s.ExportToWkt())
    for i in range(2):
        d.GetRasterBand(i + 1).SetNoDataValue(nodata); d.GetRasterBand(i + 1).WriteArray(a[i])
make(args[0], 0, 0, 101, 67, 1, 0, ["COMPRESS=LZW", "PREDICTOR=2", "TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=16"])
make(args[1], 60, 31, 90, 80, 2, 65535, ["INTERLEAVE=BAND", "ENDIANNESS=BIG", "BLOCKYSIZE=3"])
make(args[2], -20, 50, 55, 43, 3, 7, ["COMPRESS=PACKBITS", "BIGTIFF=YES"])
print("null")`,
    ...names,
  );
  for (const concurrency of [{}, THREADS, FED_THREADS]) {
    await run({
      ...{ userFunction: example("mosaic_mean.ts"), infiles: { imgs: names }, outfiles: { mean: out } },
      ...{ controls: { ...BLOCKS, footprint: "union", outputNoData: NaN }, concurrency },
    });
    const result = await inGdal(
      `
places = [(0, 0), (60, 31), (-20, 50)]
total = np.zeros((2, 111, 170)); count = np.zeros((2, 111, 170))
for path, (col, row), nodata in zip(args, places, [0, 65535, 7]):
    a = read(path).astype("float64"); valid = a != nodata
    part = np.s_[:, row:row + a.shape[1], col + 20:col + 20 + a.shape[2]]
    total[part] += np.where(valid, a, 0); count[part] += valid
with np.errstate(invalid="ignore"):
    mean = (total / count).astype("float32")
got = read(args[3])
print(json.dumps([bool(np.array_equal(got, mean, equal_nan=True)), str(got.dtype), int(np.isnan(got).sum()) > 0,
  place(args[3]) == [[599800.0, 10.0, 0.0, 7000000.0, 0.0, -10.0], place(args[0])[1]]]))`,
      ...[...names, out],
    );
    assertEquals(result, [true, "float32", true, true]);
  }
});

const landsat = sharedFile("data/L7_ETMs.tif");

Deno.test({
  name:
    gdalName("NDVI of a real Landsat scene is that of numpy to the last bit, and lies where the scene does") +
    (landsat === undefined ? " (skipped: ../shared/data/L7_ETMs.tif is not there)" : ""),
  ignore: gdalMissing !== false || landsat === undefined,
  fn: async () => {
    using folder = tempFolder();
    const [ndvi, same] = [folder.file("ndvi.tif"), folder.file("same.tif")];
    for (const concurrency of [{}, THREADS, FED_THREADS]) {
      await run({
        ...{ userFunction: example("ndvi.ts"), infiles: { img: landsat! }, outfiles: { ndvi } },
        ...{ controls: { ...BLOCKS, outputNoData: NaN }, concurrency },
      });
      await run({
        ...{ userFunction: copy, infiles: { img: landsat! }, outfiles: { out: same } },
        ...{ controls: { overlap: 5, creationOptions: ["COMPRESS=ZSTD", "INTERLEAVE=PIXEL"] }, concurrency },
      });
      const result = await inGdal(
        `
scene = read(args[0]); red = scene[2].astype("float64"); nir = scene[3].astype("float64")
hole = nodata(args[0])
with np.errstate(invalid="ignore", divide="ignore"):
    ndvi = ((nir - red) / (nir + red)).astype("float32")
ndvi[(nir + red == 0) | (red == hole) | (nir == hole)] = np.nan
print(json.dumps([bool(np.array_equal(read(args[1])[0], ndvi, equal_nan=True)), eq(args[2], scene),
  place(args[1]) == place(args[0]), place(args[2]) == place(args[0]), float(np.nanstd(ndvi)) > 0.1]))`,
        ...[landsat!, ndvi, same],
      );
      assertEquals(result, [true, true, true, true, true]);
    }
  },
});
