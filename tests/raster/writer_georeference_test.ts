import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { DataType } from "../../raster/data_type.ts";
import type { MetadataItem } from "../../raster/geotiff/gdal_metadata_encode.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import type { GeoKeys, GeoTransform } from "../../raster/raster_info.ts";
import { gdalMissing, gdalName, runPythonWithStderr, sharedFile, tempFolder } from "../gdal.ts";
import { randomPixels, seededRandom, writeImage } from "./writer_pixels.ts";

const INFO = `
import sys, json
from osgeo import gdal
out = {}
for p in sys.argv[1:]:
    d = gdal.Open(p)
    s = d.GetSpatialRef()
    out[p] = dict(gt=d.GetGeoTransform(can_return_null=True), wkt=s.ExportToWkt() if s else None,
      axes=s.GetDataAxisToSRSAxisMapping() if s else None,
      epsg=s.GetAuthorityCode(None) if s else None, area=d.GetMetadataItem("AREA_OR_POINT"), meta=d.GetMetadata(),
      nodata=[repr(d.GetRasterBand(i+1).GetNoDataValue()) for i in range(d.RasterCount)],
      names=[d.GetRasterBand(i+1).GetDescription() for i in range(d.RasterCount)],
      colours=[gdal.GetColorInterpretationName(d.GetRasterBand(i+1).GetColorInterpretation()) for i in range(d.RasterCount)],
      bandmeta=[d.GetRasterBand(i+1).GetMetadata() for i in range(d.RasterCount)],
      blocks=[d.GetRasterBand(1).GetMetadataItem("BLOCK_OFFSET_%d_%d" % (x, y), "TIFF") for y in range(2) for x in range(2)],
      sum=int(sum(d.ReadRaster()) % 65521), magic=open(p, "rb").read(4).hex())
print(json.dumps(out))
`;

interface Info {
  gt: number[] | null;
  wkt: string | null;
  axes: number[] | null;
  epsg: string | null;
  area: string | null;
  meta: Record<string, string>;
  nodata: string[];
  names: string[];
  colours: string[];
  bandmeta: Record<string, string>[];
  blocks: (string | null)[];
  sum: number;
  magic: string;
}

/** What GDAL says of files, and that it had nothing to say on stderr. */
async function gdalInfo(...paths: string[]): Promise<Info[]> {
  const { stdout, stderr } = await runPythonWithStderr(INFO, ...paths);
  assertEquals(stderr, "");
  const all = JSON.parse(stdout) as Record<string, Info>;
  return paths.map((path) => all[path]!);
}

const UTM_25S: GeoKeys = {
  // PixelIsPoint on purpose: the writer must say PixelIsArea.
  directory: [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 2, 3072, 0, 1, 31985],
  doubles: [],
  ascii: "",
};
/** Geographic, user-defined, with doubles and text and no raster type key. */
const USER_DEFINED: GeoKeys = {
  directory: [
    ...[1, 1, 0, 7],
    ...[1024, 0, 1, 2, 2048, 0, 1, 32767, 2049, 34737, 9, 0, 2050, 0, 1, 6326],
    ...[2054, 0, 1, 9102, 2057, 34736, 1, 0, 2059, 34736, 1, 1],
  ],
  doubles: [6378137, 298.257223563],
  ascii: "My WGS84|",
};
const NORTH_UP: GeoTransform = [288776.25000080315, 28.499999999274539, 0, 9120760.7500287369, 0, -28.5];

interface WriteOptions {
  options?: string[];
  geotransform?: GeoTransform;
  geoKeys?: GeoKeys | null;
  nodata?: number | bigint | null;
  bandNames?: string[];
  metadata?: MetadataItem[];
  bands?: number;
  dataType?: DataType;
}

function write(path: string, given: WriteOptions = {}): string {
  const { options = [], nodata = null, bands = 1, dataType = "uint8", ...rest } = given;
  const pixels = randomPixels(dataType, 40 * 30 * bands, seededRandom(5));
  writeImage(path, { ...{ width: 40, height: 30, bands, dataType, pixels, options, nodata } }, rest);
  return path;
}

const gdalTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: gdalName(name), ignore: gdalMissing !== false, fn });

gdalTest("GDAL sees the geotransform and the coordinate system as they were given", async () => {
  using folder = tempFolder();
  const rotated: GeoTransform = [100.5, 0.9, 0.1, 200.25, 0.2, -0.8];
  const southUp: GeoTransform = [-180, 0.1, 0, -90, 0, 0.1];
  const [north, turned, up, user, bare] = await gdalInfo(
    write(folder.file("north.tif"), { geotransform: NORTH_UP, geoKeys: UTM_25S }),
    write(folder.file("rotated.tif"), { geotransform: rotated, geoKeys: UTM_25S, options: ["BIGTIFF=YES"] }),
    write(folder.file("up.tif"), { geotransform: southUp, geoKeys: USER_DEFINED }),
    write(folder.file("user.tif"), { geoKeys: USER_DEFINED }),
    write(folder.file("bare.tif")),
  );
  assertEquals(north!.gt, [...NORTH_UP]);
  assertEquals(north!.epsg, "31985");
  assertEquals(north!.area, "Area");
  assertEquals(turned!.gt, [...rotated]);
  assertEquals(turned!.epsg, "31985");
  assertEquals(up!.gt, [...southUp]);
  assertEquals(user!.gt, null);
  assertEquals(user!.wkt?.includes("My WGS84"), true, user!.wkt ?? "");
  assertEquals([bare!.gt, bare!.wkt], [null, null]);
});

gdalTest("BIGTIFF=YES makes a BigTIFF and everything else of this size a classic one", async () => {
  using folder = tempFolder();
  const rules = ["YES", "NO", "IF_NEEDED", "IF_SAFER"];
  const infos = await gdalInfo(
    ...rules.map((rule) => write(folder.file(`${rule}.tif`), { options: [`BIGTIFF=${rule}`] })),
  );
  assertEquals(infos.map(({ magic }) => magic), ["49492b00", "49492a00", "49492a00", "49492a00"]);
  assertEquals(new Set(infos.map(({ sum }) => sum)).size, 1);
});

gdalTest("GDAL reads every kind of nodata value back", async () => {
  using folder = tempFolder();
  const cases: [DataType, number | bigint, string][] = [
    ["uint8", 255, "255.0"],
    ["int16", -32768, "-32768.0"],
    ["float32", NaN, "nan"],
    ["float32", -3.4028234663852886e38, "-3.4028234663852886e+38"],
    ["float64", -1.7976931348623157e308, "-1.7976931348623157e+308"],
    ["float64", 0.1, "0.1"],
    ["float64", Infinity, "inf"],
    ["float64", 1e-7, "1e-07"],
    ["int64", -9223372036854775808n, "-9223372036854775808"],
    ["uint64", 18446744073709551615n, "18446744073709551615"],
    ["int64", -1, "-1"],
    ["uint16", 0, "0.0"],
  ];
  const paths = cases.map(([dataType, nodata], index) =>
    write(folder.file(`${index}.tif`), { dataType, nodata, bands: 2 })
  );
  const infos = await gdalInfo(...paths);
  infos.forEach((info, index) => assertEquals(info.nodata, [cases[index]![2], cases[index]![2]]));
});

gdalTest("GDAL reads band names, metadata and statistics back, whatever characters they hold", async () => {
  using folder = tempFolder();
  const names = ['red <&> "quoted"', "", "höchst 植生 'x'"];
  const metadata = [
    { name: "CREATOR", value: "a & b" },
    { band: 1, name: "STATISTICS_MEAN", value: "12.5" },
    { band: 3, name: "STATISTICS_STDDEV", value: "0.25" },
  ];
  const [info] = await gdalInfo(write(folder.file("n.tif"), { bands: 3, bandNames: names, metadata }));
  assertEquals(info!.names, names);
  assertEquals(info!.meta["CREATOR"], "a & b");
  assertEquals(info!.bandmeta, [{ STATISTICS_MEAN: "12.5" }, {}, { STATISTICS_STDDEV: "0.25" }]);
});

gdalTest("SPARSE_OK leaves out tiles of nodata only, and GDAL reads them as nodata", async () => {
  using folder = tempFolder();
  const pixels = new Float32Array(40 * 30).fill(-9999);
  pixels[39] = 1;
  const image = { width: 40, height: 30, bands: 1, dataType: "float32", pixels, nodata: -9999 } as const;
  const sparse = ["BLOCKXSIZE=32", "BLOCKYSIZE=16", "SPARSE_OK=TRUE"];
  writeImage(folder.file("sparse.tif"), { ...image, options: sparse });
  writeImage(folder.file("full.tif"), { ...image, options: sparse.slice(0, 2) });
  const [thin, full] = await gdalInfo(folder.file("sparse.tif"), folder.file("full.tif"));
  assertEquals(thin!.blocks.map((offset) => offset !== null), [false, true, false, false]);
  assertEquals(full!.blocks.map((offset) => offset !== null), [true, true, true, true]);
  assertEquals(thin!.sum, full!.sum);
});

for (const name of ["data/L7_ETMs.tif", "data/elev.tif"]) {
  const path = sharedFile(name);
  const missing = path === undefined ? ` (skipped: needs ../shared/${name})` : "";
  Deno.test({
    name: gdalName(`An output says of its place what ${name} says${missing}`),
    ignore: gdalMissing !== false || path === undefined,
  }, async () => {
    using folder = tempFolder();
    await using reader = await GeoTiffReader.open(path!);
    const { geotransform, geoKeys } = reader.info;
    const copy = write(folder.file("copy.tif"), { geotransform: geotransform!, geoKeys });
    const [before, after] = await gdalInfo(path!, copy);
    assertEquals(after!.wkt, before!.wkt);
    assertEquals(after!.axes, before!.axes);
    after!.gt!.forEach((value, index) => assertAlmostEquals(value, before!.gt![index]!, 0));
  });
}
