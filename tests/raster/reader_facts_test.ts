import { assertEquals } from "@std/assert";
import { bandNamesOf, parseGdalMetadata } from "../../raster/geotiff/gdal_metadata.ts";
import { crsName, epsgCode, sameKeys } from "../../raster/geotiff/geo_keys.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import type { GeoKeys } from "../../raster/raster_info.ts";
import { buildTiff, imageFields } from "./tiny_tiff.ts";
import { MemorySource } from "./memory_source.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";

/** A directory of keys: numbers stand as they are, texts and doubles go into their lists. */
function geoKeys(keys: Record<number, number | number[] | string>, order: "up" | "down" = "up"): GeoKeys {
  const directory = [1, 1, 0, Object.keys(keys).length];
  const doubles: number[] = [];
  let ascii = "";
  const entries = Object.entries(keys);
  for (const [id, value] of order === "up" ? entries : entries.reverse()) {
    if (typeof value === "number") directory.push(Number(id), 0, 1, value);
    else if (typeof value === "string") {
      directory.push(Number(id), 34737, value.length + 1, ascii.length);
      ascii += `${value}|`;
    } else {
      directory.push(Number(id), 34736, value.length, doubles.length);
      doubles.push(...value);
    }
  }
  return { directory, doubles, ascii };
}

const UTM = { 1024: 1, 1025: 1, 1026: "UTM 25S", 3072: 31985, 3076: 9001 };
const ALBERS = {
  1024: 1,
  1026: "Some Albers",
  2048: 4326,
  3072: 32767,
  3074: 32767,
  3075: 11,
  3078: [29.5],
  3079: [45.5],
};

Deno.test("a coordinate system is named by its EPSG code, else by its citation", () => {
  assertEquals(crsName(geoKeys(UTM)), "EPSG:31985");
  assertEquals(epsgCode(geoKeys(UTM)), 31985);
  assertEquals(crsName(geoKeys({ 1024: 2, 2048: 4326 })), "EPSG:4326");
  assertEquals(crsName(geoKeys(ALBERS)), "user-defined (Some Albers)");
  assertEquals(epsgCode(geoKeys(ALBERS)), undefined);
  assertEquals(crsName(null), "none");
  assertEquals(crsName(geoKeys({ 1024: 0, 1025: 2 })), "none");
});

Deno.test("a system's name is what its citations say of it, in any writer's form, and its unit where it is its own", () => {
  const text = 'ESRI PE String = PROJCS["My_Cone",GEOGCS["GCS_WGS_1984"]]';
  assertEquals(
    crsName(geoKeys({ 1024: 32767, 1026: "PCS Name = Other", 3073: text })),
    "user-defined (My_Cone)",
  );
  assertEquals(
    crsName(geoKeys({ 1024: 1, 3072: 32767, 1026: "PCS Name = My cone" })),
    "user-defined (My cone)",
  );
  const geographic = { 1024: 2, 2048: 32767, 2049: "GCS Name = Bessel|Datum = D|Ellipsoid = E|" };
  assertEquals(crsName(geoKeys(geographic)), "user-defined (Bessel)");
  assertEquals(
    crsName(geoKeys({ ...ALBERS, 1026: "unknown", 2049: "LUnits = ft" })),
    "user-defined on EPSG:4326",
  );
  assertEquals(crsName(geoKeys({ 1024: 1, 3072: 32767, 1026: "a\u001b[31m\nb" })), "user-defined (a [31m b)");
  assertEquals(crsName(geoKeys({ ...UTM, 3076: 9003 })), "EPSG:31985 in US survey feet");
  assertEquals(crsName(geoKeys({ ...UTM, 3076: 32767, 3077: [0.5] })), "EPSG:31985 in a unit of its own");
  assertEquals(crsName(geoKeys({ 1024: 2, 2048: 4326, 2054: 9105 })), "EPSG:4326 in grads");
  assertEquals(crsName(geoKeys({ 1024: 2, 2048: 4326, 2054: 9122 })), "EPSG:4326");
});

Deno.test("keys are the same in any order, whatever they say for people and of heights", () => {
  assertEquals(sameKeys(geoKeys(UTM), geoKeys({ ...UTM, 1025: 2, 1026: "another name" }, "down")), true);
  assertEquals(sameKeys(geoKeys(UTM), geoKeys({ ...UTM, 4096: 5773, 4097: "EGM96" })), true);
  // GDAL writes a base's unit and ellipsoid beside a code in GeoTIFF 1.0, and not in 1.1.
  const withBase = { ...UTM, 2054: 9102, 2057: [6378137], 2059: [298.257222101] };
  assertEquals(sameKeys(geoKeys(UTM), geoKeys(withBase)), true);
  assertEquals(sameKeys(geoKeys({ ...UTM, 2048: 4674 }), geoKeys({ ...withBase, 2048: 4674 })), false);
  assertEquals(sameKeys(geoKeys(UTM), geoKeys({ ...UTM, 3072: 31984 })), false);
  assertEquals(sameKeys(geoKeys(UTM), geoKeys({ ...UTM, 3076: 9002 })), false);
  assertEquals(sameKeys(geoKeys(ALBERS), geoKeys({ ...ALBERS, 3079: [45.5 + 1e-13] }, "down")), true);
  assertEquals(sameKeys(geoKeys(ALBERS), geoKeys({ ...ALBERS, 3079: [45.6] })), false);
  assertEquals(sameKeys(geoKeys(ALBERS), geoKeys({ ...ALBERS, 3080: [1] })), false);
  assertEquals(sameKeys(null, null), true);
  assertEquals(sameKeys(null, geoKeys({ 1024: 0, 1025: 1 })), true);
  assertEquals(sameKeys(null, geoKeys(UTM)), false);
});

Deno.test("keys that point outside their lists are left out", () => {
  const damaged = {
    directory: [1, 1, 0, 2, 3072, 34736, 5, 3, 1024, 0, 1, 1, 2048],
    doubles: [1],
    ascii: "",
  };
  assertEquals(epsgCode(damaged), undefined);
});

Deno.test("band names come from GDAL_METADATA with entities decoded", () => {
  const xml = `<GDALMetadata>
    <Item name="DESCRIPTION" sample="0" role="description">red &amp; &lt;hot&gt; &#x41;&#66;</Item>
    <Item name='DESCRIPTION' sample='2' role='description'>n&apos;ir</Item>
    <Item name="DESCRIPTION" sample="7" role="description">no such band</Item>
    <Item name="STATISTICS_MEAN" sample="1">3.5</Item></GDALMetadata>`;
  assertEquals(bandNamesOf(parseGdalMetadata(xml), 3), ["red & <hot> AB", "", "n'ir"]);
  assertEquals(parseGdalMetadata(xml)[3], { name: "STATISTICS_MEAN", sample: 1, role: "", value: "3.5" });
});

Deno.test({
  name: gdalName("geotransform, nodata, names, sizes and coordinate system are what GDAL says"),
  ignore: gdalMissing !== false,
  async fn() {
    using folder = tempFolder();
    const script = `
import json, os, sys
from osgeo import gdal, osr
gdal.UseExceptions()
out = []
def make(name, gt=None, epsg=None, nodata=None, gtype=gdal.GDT_Byte, options=(), meta=None, sparse=False, overviews=False):
    path = os.path.join(sys.argv[1], name)
    d = gdal.GetDriverByName("GTiff").Create(path, 40, 30, 2, gtype, list(options))
    if gt: d.SetGeoTransform(gt)
    if epsg:
        s = osr.SpatialReference(); s.ImportFromEPSG(epsg); d.SetProjection(s.ExportToWkt())
    if meta: d.SetMetadataItem(*meta)
    if nodata is not None: d.GetRasterBand(1).SetNoDataValue(nodata)
    d.GetRasterBand(2).SetDescription('a <b> & "c" \\u00e9')
    if not sparse: d.GetRasterBand(1).Fill(3)
    d.FlushCache()
    if overviews: d.BuildOverviews("NEAREST", [2, 4])
    d = None
    d = gdal.Open(path)
    b = d.GetRasterBand(1)
    s = d.GetSpatialRef()
    out.append(dict(file=path, gt=d.GetGeoTransform(can_return_null=True), nodata=str(b.GetNoDataValue()), code=s and s.GetAuthorityCode(None),
      names=[d.GetRasterBand(i).GetDescription() for i in (1, 2)], block=b.GetBlockSize(), interleave=d.GetMetadata("IMAGE_STRUCTURE")["INTERLEAVE"],
      overviews=[[b.GetOverview(i).XSize, b.GetOverview(i).YSize] for i in range(b.GetOverviewCount())],
      corner=int.from_bytes(bytes(b.ReadRaster(0, 0, 1, 1)), "little")))
north_up = [288776.25, 28.5, 0, 9120760.75, 0, -28.5]
make("plain.tif", north_up, 31985, 255)
make("point.tif", north_up, 31985, -1, meta=("AREA_OR_POINT", "Point"))
make("rotated.tif", [100, 2, 0.5, 200, -0.25, -3], 32633)
make("rotated_point.tif", [100, 2, 0.5, 200, -0.25, -3], 32633, meta=("AREA_OR_POINT", "Point"))
make("south_up.tif", [100, 2, 0, 200, 0, 3], 32633)
make("degrees.tif", [-180, 0.1, 0, 90, 0, -0.1], 4326, 3.5, gdal.GDT_Float64, ["TILED=YES", "INTERLEAVE=BAND"])
make("none.tif")
make("sparse.tif", north_up, 31985, 9, gdal.GDT_UInt16, ["SPARSE_OK=TRUE", "TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"], sparse=True)
make("overviews.tif", north_up, 3857, overviews=True, options=["BIGTIFF=YES", "ENDIANNESS=BIG"])
print(json.dumps(out))`;
    for (const expected of JSON.parse(await runPython(script, folder.path))) {
      await using reader = await GeoTiffReader.open(expected.file);
      const { info } = reader;
      const corner = await reader.readWindow({ left: 0, top: 0, ncols: 1, nrows: 1 }, { bands: [1] });
      assertEquals(
        {
          file: info.location,
          gt: info.geotransform,
          nodata: info.nodata === null ? "None" : Number(info.nodata).toFixed(1),
          code: epsgCode(info.geoKeys)?.toString() ?? null,
          names: info.bandNames,
          block: [info.tileWidth, info.tileHeight],
          interleave: info.interleave,
          overviews: info.overviews.map(({ width, height }) => [width, height]),
          corner: info.dataType === "float64" ? expected.corner : Number(corner[0]),
        },
        expected,
      );
    }
  },
});

Deno.test("band names are UTF-8, or Latin-1 where they can't be, and are cut where nobody reads on", async () => {
  const tag = (name: Uint8Array) => {
    const [before, after] = ['<GDALMetadata><Item sample="0" role="description">', "</Item></GDALMetadata>"]
      .map((text) => new TextEncoder().encode(text));
    return [...before!, ...name, ...after!, 0];
  };
  const infoOf = async (metadata: number[]) => {
    const fields = imageFields({ width: 1, height: 1 }, [[42112, 1, metadata]]);
    const tiff = buildTiff({ directories: [{ fields, chunks: [Uint8Array.of(1)] }] });
    await using reader = await GeoTiffReader.openSource(new MemorySource(tiff));
    return reader.info;
  };
  const utf8 = new TextEncoder().encode("caf\u00e9");
  assertEquals((await infoOf(tag(utf8))).bandNames, ["caf\u00e9"]);
  assertEquals((await infoOf(tag(Uint8Array.of(0x63, 0x61, 0x66, 0xe9)))).bandNames, ["caf\u00e9"]);
  assertEquals((await infoOf(tag(new Uint8Array(5000).fill(0x61)))).bandNames, ["a".repeat(1000)]);
});

Deno.test("metadata beyond four megabytes is not looked at, and that is told", async () => {
  // Two bytes a character, so that the cut falls into one of them.
  const text = `<GDALMetadata> <Item sample="0" role="description">n</Item>${"\u00e9".repeat(2_200_000)}`;
  const fields = imageFields({ width: 1, height: 1 }, [[42112, 2, text]]);
  const tiff = buildTiff({ directories: [{ fields, chunks: [Uint8Array.of(1)] }] });
  await using reader = await GeoTiffReader.openSource(new MemorySource(tiff));
  assertEquals(reader.info.bandNames, ["n"]);
  assertEquals(reader.info.unread, [{ kind: "longMetadata", what: "4400060 bytes of metadata" }]);
});
