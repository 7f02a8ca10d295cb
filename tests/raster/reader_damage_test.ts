import { assert, assertEquals, assertRejects } from "@std/assert";
import { deflateSync, zstdCompressSync } from "node:zlib";
import { RasterError } from "../../core/errors.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { MemorySource } from "./memory_source.ts";
import { seededRandom } from "./seeded_random.ts";
import { buildTiff, changeField, type Field, imageFields } from "./tiny_tiff.ts";

/** Reads what can be read; gives the kind of the end. Anything but success and RasterError is thrown on. */
async function attempt(bytes: Uint8Array<ArrayBuffer>): Promise<"read" | "refused"> {
  try {
    await using reader = await GeoTiffReader.openSource(new MemorySource(bytes));
    const { width, height, bands } = reader.info;
    const window = { left: 0, top: 0, ncols: Math.min(width, 64), nrows: Math.min(height, 64) };
    await reader.readWindow(window, {
      bands: bands > 5 ? [1, bands] : Array.from({ length: bands }, (_, i) => i + 1),
    });
    return "read";
  } catch (error) {
    if (!(error instanceof RasterError)) throw error;
    if (error.message.includes("\n")) throw new Error(`more than one line: ${error.message}`);
    return "refused";
  }
}

async function assertNothingWorse(
  bytes: Uint8Array<ArrayBuffer>,
  options: { flips: number; step: number; label: string },
) {
  assertEquals(await attempt(bytes), "read", options.label);
  const started = performance.now();
  for (let length = 0; length < bytes.length; length += options.step) await attempt(bytes.slice(0, length));
  const random = seededRandom(bytes.length);
  for (let n = 0; n < options.flips; n++) {
    const damaged = bytes.slice();
    for (let k = 1 + Math.floor(random() * 4); k > 0; k--) {
      damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
    }
    await attempt(damaged);
  }
  // No damage may make a tiny file take long; the limit is for a slow and busy machine.
  assertEquals(performance.now() - started < 60_000, true, options.label);
}

function tinyFiles(): [string, Uint8Array<ArrayBuffer>][] {
  const pixels = Uint8Array.from({ length: 32 * 16 * 2 }, (_, i) => (i * 7) & 255);
  const geo: Field[] = [
    [33550, 12, [2, 2, 0]],
    [33922, 12, [0, 0, 0, 100, 200, 0]],
    [34735, 3, [1, 1, 0, 3, 1024, 0, 1, 1, 1026, 34737, 4, 0, 3072, 0, 1, 32633]],
    [34737, 2, "abc|"],
    [
      42112,
      2,
      '<GDALMetadata><Item name="DESCRIPTION" sample="0" role="description">a&amp;b</Item></GDALMetadata>',
    ],
    [42113, 2, "255"],
  ];
  const tile = (compression: number) => {
    const chunk = pixels.slice(0, 256);
    if (compression === 8) return new Uint8Array(deflateSync(chunk));
    return compression === 50000 ? new Uint8Array(zstdCompressSync(chunk)) : chunk;
  };
  return [true, false].flatMap((littleEndian) =>
    [1, 8, 50000].map((compression): [string, Uint8Array<ArrayBuffer>] => {
      const size = { width: 20, height: 10, bands: 2 };
      const extra: Field[] = [...geo, [259, 3, [compression]], [284, 3, [2]], [317, 3, [2]], [322, 3, [16]], [
        323,
        3,
        [16],
      ]];
      const chunks = [tile(compression), tile(compression), undefined, tile(compression)];
      const overview = {
        fields: imageFields({ width: 10, height: 5 }, [[254, 4, [1]]]),
        chunks: [pixels.slice(0, 50)],
      };
      const directories = [{ fields: imageFields(size, extra), chunks, tiled: true }, overview];
      return [`compression ${compression}`, buildTiff({ littleEndian, bigTiff: littleEndian, directories })];
    })
  );
}

Deno.test("a file cut off at any byte, or with bytes changed, is read or refused, and nothing else", async () => {
  for (const [label, bytes] of tinyFiles()) await assertNothingWorse(bytes, { flips: 1500, step: 1, label });
});

Deno.test("a file cut off anywhere before the end of its image's fields is refused", async () => {
  const fields = imageFields({ width: 8, height: 8 });
  const bytes = buildTiff({ directories: [{ fields, chunks: [new Uint8Array(64)] }] });
  // Its last four bytes say where the next directory is: without them the image is sound.
  for (let length = 0; length < bytes.length - 4; length++) {
    assertEquals(await attempt(bytes.slice(0, length)), "refused", `${length} of ${bytes.length} bytes`);
  }
});

Deno.test({
  name: gdalName("damaged files of every compression are read or refused, and nothing else"),
  ignore: gdalMissing !== false,
  async fn() {
    using folder = tempFolder();
    const script = `
import sys, numpy
from osgeo import gdal
y, x = numpy.mgrid[0:24, 0:40]
a = ((numpy.sin(x / 5) + numpy.cos(y / 3)) * 50 + 110).astype("uint8")
for c in ["LZW", "PACKBITS", "DEFLATE", "ZSTD", "JPEG", "LERC", "LERC_ZSTD"]:
    d = gdal.GetDriverByName("GTiff").Create(sys.argv[1] + "/" + c, 40, 24, 3, gdal.GDT_Byte, ["COMPRESS=" + c, "TILED=YES",
      "BLOCKXSIZE=16", "BLOCKYSIZE=16", "INTERLEAVE=PIXEL"] + (["PHOTOMETRIC=YCBCR"] if c == "JPEG" else []))
    for b in (1, 2, 3): d.GetRasterBand(b).WriteRaster(0, 0, 40, 24, (a + b).tobytes())
    d = None`;
    await runPython(script, folder.path);
    for (const { name } of Deno.readDirSync(folder.path)) {
      await assertNothingWorse(Deno.readFileSync(folder.file(name)), { flips: 600, step: 5, label: name });
    }
  },
});

Deno.test("a field that says how pixels lie and has no value, or one of an unknown type, is damage, not a default", async () => {
  const fields = imageFields({ width: 4, height: 4, bands: 2, rowsPerStrip: 4 }, [[284, 3, [1]]]);
  const good = buildTiff({ directories: [{ fields, chunks: [new Uint8Array(32)] }] });
  assertEquals(await attempt(good), "read");
  for (const tag of [256, 257, 258, 259, 277, 278, 284, 339]) {
    assertEquals(await attempt(changeField(good, tag, { count: 0 })), "refused", `${tag} without a value`);
    assertEquals(await attempt(changeField(good, tag, { type: 99 })), "refused", `${tag} of type 99`);
  }
  // Others are passed over, as TIFF 6.0 asks.
  assertEquals(await attempt(changeField(good, 262, { type: 99 })), "read");
});

Deno.test("a place whose numbers are of another field type is damage, not a place", async () => {
  const tags = { ModelPixelScale: 33550, ModelTiepoint: 33922, ModelTransformation: 34264 };
  for (const [name, tag] of Object.entries(tags)) {
    for (const type of [7, 13]) {
      const fields = imageFields({ width: 2, height: 2 }, [[tag, type, new Array(16).fill(1)]]);
      const source = new MemorySource(buildTiff({ directories: [{ fields, chunks: [new Uint8Array(4)] }] }));
      const { message } = await assertRejects(() => GeoTiffReader.openSource(source), RasterError);
      assert(message.includes(`${name} (${tag}) is of field type ${type}, not of numbers`), message);
    }
  }
});
