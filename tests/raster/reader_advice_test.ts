import { assert, assertEquals, assertRejects } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import { apply } from "../../raster/apply.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { CURE } from "../../raster/geotiff/refusals.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { runAdvice } from "../gdal_advice.ts";
import { buildTiff, changeField, type Field, imageFields } from "./tiny_tiff.ts";

/** Files of GDAL's that are not read, by name. */
const MAKE_FILES = `
import sys
from osgeo import gdal
import numpy as np
gdal.UseExceptions()
pixels = np.arange(200).reshape(10, 20)
def make(name, kind, values, *options, bands=1):
    made = gdal.GetDriverByName("GTiff").Create(f"{sys.argv[1]}/{name}.tif", 20, 10, bands, kind, list(options))
    for band in range(bands): made.GetRasterBand(band + 1).WriteArray(values)
make("17 bits", gdal.GDT_UInt32, pixels * 600, "NBITS=17")
make("31 bits", gdal.GDT_UInt32, pixels * 10000000, "NBITS=31", "COMPRESS=LZW")
make("complex float", gdal.GDT_CFloat32, pixels + 7j)
make("complex double", gdal.GDT_CFloat64, pixels + 7j)
make("complex int", gdal.GDT_CInt16, pixels + 7j)
make("CMYK", gdal.GDT_Byte, pixels, "PHOTOMETRIC=CMYK", bands=4)
make("CIELAB", gdal.GDT_Byte, pixels, "PHOTOMETRIC=CIELAB", bands=3)
make("ICCLAB", gdal.GDT_Byte, pixels, "PHOTOMETRIC=ICCLAB", bands=3)
make("ITULAB", gdal.GDT_Byte, pixels, "PHOTOMETRIC=ITULAB", bands=3)
make("fax 3", gdal.GDT_Byte, pixels % 2, "NBITS=1", "COMPRESS=CCITTFAX3")
make("fax 4", gdal.GDT_Byte, pixels % 2, "NBITS=1", "COMPRESS=CCITTFAX4")
make("fax RLE", gdal.GDT_Byte, pixels % 2, "NBITS=1", "COMPRESS=CCITTRLE")
make("JPEG of 4 bands", gdal.GDT_Byte, pixels, "COMPRESS=JPEG", "INTERLEAVE=PIXEL", "PHOTOMETRIC=RGB", bands=4)
make("JPEG of 2 bands", gdal.GDT_Byte, pixels, "COMPRESS=JPEG", "INTERLEAVE=PIXEL", bands=2)
make("JPEG of CMYK", gdal.GDT_Byte, pixels, "COMPRESS=JPEG", "INTERLEAVE=PIXEL", "PHOTOMETRIC=CMYK", bands=4)
codecs = gdal.GetDriverByName("GTiff").GetMetadataItem("DMD_CREATIONOPTIONLIST")
if "LZMA" in codecs: make("LZMA", gdal.GDT_Byte, pixels, "COMPRESS=LZMA")
if "WEBP" in codecs: make("WebP", gdal.GDT_Byte, pixels, "COMPRESS=WEBP", "INTERLEAVE=PIXEL", bands=3)
make("YCbCr JPEG", gdal.GDT_Byte, pixels, "COMPRESS=JPEG", "INTERLEAVE=PIXEL", "PHOTOMETRIC=YCBCR", bands=3)
`;

/** GDAL's pixels of a file, of its first band (of a complex one the real part) as text; "unreadable" if it can't. */
const FIRST_BAND = `
import sys, json
from osgeo import gdal
gdal.PushErrorHandler("CPLQuietErrorHandler")
opened = gdal.Open(sys.argv[1])
values = None if opened is None else opened.GetRasterBand(1).ReadAsArray()
print("unreadable" if values is None else json.dumps(values.real.astype("float64").ravel().tolist()))
`;

const RAMP = Uint8Array.from({ length: 400 }, (_, i) => i % 256);

/** A file of one strip of the bytes 0, 1, 2 ... */
function ramp(size: Parameters<typeof imageFields>[0], extra: readonly Field[]): Uint8Array<ArrayBuffer> {
  return buildTiff({ directories: [{ fields: imageFields(size, extra), chunks: [RAMP] }] });
}

/** Codes of 9 bits as in files from before 1988: the least significant bit of a code comes first. */
function oldStyleLzw(pixels: readonly number[]): Uint8Array<ArrayBuffer> {
  const codes = [256, ...pixels, 257];
  const bytes = new Uint8Array(Math.ceil(codes.length * 9 / 8));
  codes.forEach((code, i) => {
    for (let bit = 0; bit < 9; bit++) {
      const at = 9 * i + bit;
      bytes[at >> 3]! |= ((code >> bit) & 1) << (at & 7);
    }
  });
  return bytes;
}

/** Files made by hand that GDAL reads and blockfleet does not. */
function handMade(): Record<string, Uint8Array<ArrayBuffer>> {
  const size = { width: 20, height: 10 };
  const lzw = imageFields({ width: 8, height: 2 }, [[259, 3, [5]]]);
  const chunks = [oldStyleLzw([...RAMP.slice(0, 16)])];
  return {
    "FillOrder 2": ramp(size, [[266, 3, [2]]]),
    "YCbCr": ramp({ width: 10, height: 10, bands: 3 }, [[262, 3, [6]], [530, 3, [1, 1]]]),
    "LogL": ramp({ width: 10, height: 10, bits: 16, format: 2 }, [[262, 3, [32844]]]),
    "old-style LZW": buildTiff({ directories: [{ fields: lzw, chunks }] }),
  };
}

/** Files that GDAL does not read either. */
function hopeless(): Record<string, Uint8Array<ArrayBuffer>> {
  const size = { width: 10, height: 10 };
  return {
    "depths": ramp(size, [[258, 3, [8, 16]], [277, 3, [2]], [339, 3, [1, 1]]]),
    "formats": ramp(size, [[258, 3, [8, 8]], [277, 3, [2]], [339, 3, [1, 2]]]),
    "SampleFormat 7": ramp(size, [[339, 3, [7]]]),
    "PlanarConfiguration 3": ramp(size, [[284, 3, [3]]]),
    "Predictor 3 of bytes": ramp(size, [[259, 3, [8]], [317, 3, [3]]]),
    "Predictor 9": ramp(size, [[259, 3, [8]], [317, 3, [9]]]),
    "Predictor 2 of 4 bits": ramp({ ...size, bits: 4 }, [[259, 3, [8]], [317, 3, [2]]]),
  };
}

/** The message with which a file is refused when it is opened or read. */
async function refusal(path: string): Promise<string> {
  const { message } = await assertRejects(() => firstBand(path), RasterError);
  return message;
}

async function firstBand(path: string): Promise<number[]> {
  await using reader = await GeoTiffReader.open(path);
  const { width, height } = reader.info;
  const pixels = await reader.readWindow({ left: 0, top: 0, ncols: width, nrows: height }, { bands: [1] });
  return Array.from(pixels, Number);
}

Deno.test({
  name: gdalName(
    "the command that a refusal names makes a file that is read, with the pixels that GDAL reads",
  ),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    await runPython(MAKE_FILES, folder.path);
    const byGdal = [...Deno.readDirSync(folder.path)].map(({ name }) => name.replace(".tif", ""));
    const own = handMade();
    for (const [name, bytes] of Object.entries(own)) Deno.writeFileSync(folder.file(`${name}.tif`), bytes);
    for (const name of [...byGdal, ...Object.keys(own)]) {
      if (name === "YCbCr JPEG") continue;
      const path = folder.file(`${name}.tif`);
      const message = await refusal(path);
      const cured = folder.file(`${name} cured.tif`);
      await runAdvice(message, path, cured);
      assertEquals(
        await firstBand(cured),
        JSON.parse(await runPython(FIRST_BAND, path)),
        `${name}: ${message}`,
      );
    }
  },
});

Deno.test({
  name: gdalName(
    "where GDAL reads a file as little as blockfleet does, the refusal says so and names no command",
  ),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    await runPython(MAKE_FILES, folder.path);
    const subsampled = Deno.readFileSync(folder.file("YCbCr JPEG.tif"));
    const files = { ...hopeless(), "subsampled": changeField(subsampled, 262, { firstValue: 1 }) };
    for (const [name, bytes] of Object.entries(files)) {
      const path = folder.file(`${name}.tif`);
      Deno.writeFileSync(path, bytes);
      const message = await refusal(path);
      assert(message.endsWith(`; ${CURE.anew}`), message);
      assertEquals((await runPython(FIRST_BAND, path)).trim(), "unreadable", name);
    }
  },
});

Deno.test("JPEG with subsampled components that is not tagged YCbCr is refused by name", async () => {
  // A frame header of three components with factors 2x2, 1x1 and 1x1, and nothing that could be decoded.
  const frame = [0xff, 0xc0, 0, 17, 8, 0, 16, 0, 16, 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0];
  const strip = Uint8Array.of(0xff, 0xd8, ...frame, 0xff, 0xda, 0, 0);
  const fields = imageFields({ width: 16, height: 16, bands: 3 }, [[259, 3, [7]], [262, 3, [2]]]);
  using folder = tempFolder();
  Deno.writeFileSync(folder.file("x.tif"), buildTiff({ directories: [{ fields, chunks: [strip] }] }));
  assertEquals(
    (await refusal(folder.file("x.tif"))).replace(folder.path, ""),
    "Strip 0 of '/x.tif' can't be decoded: JPEG with subsampled components in an image that is not YCbCr " +
      `(photometric 2) is not supported; ${CURE.anew}`,
  );
});

Deno.test("signed samples of odd sizes, which GDAL takes as unsigned, are refused without a command", async () => {
  using folder = tempFolder();
  for (const [bits, format] of [[12, 2], [4, 2], [24, 3], [128, 1]]) {
    Deno.writeFileSync(folder.file("x.tif"), ramp({ width: 4, height: 4, bits: bits!, format: format! }, []));
    const message = await refusal(folder.file("x.tif"));
    assert(message.startsWith(`Pixels of ${bits} bits`) && message.endsWith(`; ${CURE.otherType}`), message);
  }
});

Deno.test({
  name: gdalName(
    "a file whose rows and columns run the same way is refused, and the command gives it a place",
  ),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    const matrix = [10, 10, 0, 500, 10, 10, 0, 600, 0, 0, 0, 0, 0, 0, 0, 1];
    Deno.writeFileSync(folder.file("in.tif"), ramp({ width: 20, height: 10 }, [[34264, 12, matrix]]));
    const job = {
      userFunction: "data:text/javascript,export default (i, { img }, o) => { o.out = img.data }",
      infiles: { img: folder.file("in.tif") },
      outfiles: { out: folder.file("out.tif") },
    };
    const { message } = await assertRejects(() => apply(job), RasterError);
    assert(
      message.includes("has the geotransform [500, 10, 10, 600, 10, 10], which places no pixels"),
      message,
    );
    const command = message.replace("ULX ULY LRX LRY", "500 600 700 500");
    await runAdvice(command, folder.file("in.tif"), folder.file("cured.tif"));
    await using reader = await GeoTiffReader.open(folder.file("cured.tif"));
    assertEquals(reader.info.geotransform, [500, 10, 0, 600, 0, -10]);
  },
});
