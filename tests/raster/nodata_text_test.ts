import { assertEquals } from "@std/assert";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { parseNodata } from "../../raster/geotiff/nodata_text.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { buildTiff, imageFields } from "./tiny_tiff.ts";
import { MemorySource } from "./memory_source.ts";

/** Texts of GDAL_NODATA that begin with a number, and the number. */
const NUMBERS: Readonly<Record<string, number>> = {
  ...{
    "0,5": 0.5,
    "-3,4028230607370965e+038": -3.4028230607370965e38,
    "1,5e3": 1500,
    "5,000000": 5,
    "1,": 1,
  },
  // The sign that comes first is the decimal one.
  ...{ "1,234.5": 1.234, "1.234,5": 1.234, "1e+2,5": 100, "1e5,": 100000 },
  ...{ "0x10": 16, "0X1F": 31, "-0x10": -16, "0x1.8p3": 12, "0x1p-2": 0.25, "0x1,8": 1.5, "0x": 0, "0xg": 0 },
  ...{
    "1e3": 1000,
    "1E3": 1000,
    "1.5e": 1.5,
    "1.5e+": 1.5,
    ".5": 0.5,
    "-.5": -0.5,
    "5.": 5,
    "+5": 5,
    "010": 10,
  },
  ...{
    " 5": 5,
    "  -9999  ": -9999,
    "\t5": 5,
    "\n5": 5,
    "5 6": 5,
    "5abc": 5,
    "1_000": 1,
    "255|": 255,
    "1;5": 1,
  },
  ...{
    nan: NaN,
    NaN: NaN,
    "-nan": NaN,
    NAN: NaN,
    "nan(123)": NaN,
    "1.#QNAN": NaN,
    "-1.#IND": NaN,
    "1.#SNAN": NaN,
  },
  ...{
    inf: Infinity,
    "-INF": -Infinity,
    Infinity: Infinity,
    "+inf": Infinity,
    "1.#INF": Infinity,
    "-1.#INF": -Infinity,
  },
  ...{ "1e400": Infinity, "-1e400": -Infinity, "1e-400": 0, "-0": -0, "-9999,0": -9999 },
  [`5${" ".repeat(60)},5`]: 5,
  [`${"0".repeat(57)}1,5`]: 1,
};

const NO_NUMBERS = [
  "",
  " ",
  "abc",
  "none",
  "None",
  "null",
  "-",
  "+",
  ".",
  ",",
  "--5",
  "+-5",
  "- 5",
  '"255"',
  "n",
  "i",
  "Na",
];

Deno.test("the nodata value is the number that its text begins with, in the forms that GDAL takes", () => {
  for (const [text, expected] of Object.entries(NUMBERS)) {
    assertEquals(parseNodata(text, "float64"), expected, text);
  }
  for (const text of NO_NUMBERS) assertEquals(parseNodata(text, "float64"), null, text);
});

Deno.test("a nodata text of a megabyte takes no time", () => {
  const million = 1_000_000;
  const texts = [
    "\0".repeat(million) + "x",
    " ".repeat(million) + "5",
    "1".repeat(million),
    `0x${"f".repeat(million)}`,
  ];
  const startMs = performance.now();
  for (const text of [...texts, `${"1,".repeat(million)}`]) {
    for (const type of ["float64", "int64", "uint8"] as const) parseNodata(text, type);
  }
  // A quadratic reading takes minutes.
  assertEquals(performance.now() - startMs < 5000, true);
});

const READ_NODATA = `
import sys, json
from osgeo import gdal
gdal.PushErrorHandler("CPLQuietErrorHandler")
values = []
for path in sys.argv[1:]:
    opened = gdal.Open(path)
    values.append(repr(opened.GetRasterBand(1).GetNoDataValue()))
print(json.dumps(values))
`;

Deno.test({
  name: gdalName("the nodata values of files with odd texts are GDAL's"),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    const texts = Object.keys(NUMBERS);
    const paths = texts.map((text, i) => {
      const fields = imageFields({ width: 1, height: 1, bits: 64, format: 3 }, [[42113, 2, text]]);
      Deno.writeFileSync(
        folder.file(`${i}.tif`),
        buildTiff({ directories: [{ fields, chunks: [new Uint8Array(8)] }] }),
      );
      return folder.file(`${i}.tif`);
    });
    const gdal: string[] = JSON.parse(await runPython(READ_NODATA, ...paths));
    for (const [i, text] of texts.entries()) {
      const expected = Number(gdal[i]!.replace("inf", "Infinity"));
      assertEquals(parseNodata(text, "float64"), expected, `${JSON.stringify(text)}: GDAL says ${gdal[i]}`);
    }
  },
});

Deno.test("a nodata text that is no number is told, without control characters, and ends at the first NUL", async () => {
  const infoOf = async (text: string, format = 3) => {
    const fields = imageFields({ width: 1, height: 1, bits: 64, format }, [[42113, 2, text]]);
    const tiff = buildTiff({ directories: [{ fields, chunks: [new Uint8Array(8)] }] });
    await using reader = await GeoTiffReader.openSource(new MemorySource(tiff));
    return reader.info;
  };
  assertEquals((await infoOf("a\x1b[31mb")).unread, [{
    kind: "nodata",
    what: 'the nodata value "a\\x1b[31mb"',
  }]);
  assertEquals((await infoOf("nan", 2)).unread, [{ kind: "nodata", what: 'the nodata value "nan"' }]);
  const { nodata, unread } = await infoOf("5\0abc");
  assertEquals([nodata, unread], [5, []]);
  assertEquals((await infoOf(" ")).unread, []);
});
