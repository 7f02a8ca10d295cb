import { assert, assertEquals, assertRejects } from "@std/assert";
import { deflateSync } from "node:zlib";
import { RasterError } from "../../core/errors.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { MemorySource } from "./memory_source.ts";
import { buildTiff, changeField, type Field, imageFields } from "./tiny_tiff.ts";

const [OFFSETS, COUNTS, TILE_OFFSETS, TILE_COUNTS] = [273, 279, 324, 325];
/** Puts a field out of sight: a tag that means nothing. */
const NO_TAG = { tag: 65000 };

async function read(bytes: Uint8Array<ArrayBuffer>): Promise<number[]> {
  await using reader = await GeoTiffReader.openSource(new MemorySource(bytes));
  const { width, height } = reader.info;
  return [...await reader.readWindow({ left: 0, top: 0, ncols: width, nrows: height })].map(Number);
}

async function refusal(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return (await assertRejects(() => read(bytes), RasterError)).message;
}

function ramp(length: number, from = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => from + i % 250);
}

/** 8 x 6 pixels, 1 to 48, in strips. */
function strips(rowsPerStrip: number, compression: 1 | 8 = 1, extra: readonly Field[] = []) {
  const fields = imageFields({ width: 8, height: 6, rowsPerStrip }, [[259, 3, [compression]], ...extra]);
  const chunks = Array.from({ length: 6 / rowsPerStrip }, (_, i) => {
    const pixels = ramp(8 * rowsPerStrip, 1 + 8 * rowsPerStrip * i);
    return compression === 1 ? pixels : new Uint8Array(deflateSync(pixels));
  });
  return buildTiff({ directories: [{ fields, chunks }] });
}

const PIXELS = [...ramp(48)];

const MAKE_ONE_STRIP = `
import sys
from osgeo import gdal
import numpy as np
driver = gdal.GetDriverByName("GTiff")
pixels = (np.arange(2000).reshape(40, 50) * 7 % 250 + 1).astype("uint8")
for compression in ("NONE", "DEFLATE", "LZW", "PACKBITS", "ZSTD", "LERC", "JPEG"):
    made = driver.Create(f"{sys.argv[1]}/{compression}.tif", 50, 40, 1, options=["COMPRESS=" + compression, "BLOCKYSIZE=40"])
    made.GetRasterBand(1).WriteArray(pixels)
    made = None
`;

Deno.test({
  name: gdalName("the byte count of an image that is one strip may be 0 or left out, with every compression"),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    await runPython(MAKE_ONE_STRIP, folder.path);
    for (const compression of ["NONE", "DEFLATE", "LZW", "PACKBITS", "ZSTD", "LERC", "JPEG"]) {
      const bytes = Deno.readFileSync(folder.file(`${compression}.tif`));
      const pixels = await read(bytes);
      assert(pixels.some((pixel) => pixel > 100), compression);
      assertEquals(await read(changeField(bytes, COUNTS, { firstValue: 0 })), pixels, compression);
      assertEquals(await read(changeField(bytes, COUNTS, NO_TAG)), pixels, compression);
    }
  },
});

Deno.test("a byte count of 0 leaves out one of several strips, and a strip without an offset", async () => {
  const hole = [...new Array(16).fill(0), ...PIXELS.slice(16)];
  for (const compression of [1, 8] as const) {
    assertEquals(await read(changeField(strips(2, compression), COUNTS, { firstValue: 0 })), hole);
  }
  const oneStrip = changeField(strips(6), COUNTS, { firstValue: 0 });
  assertEquals(await read(changeField(oneStrip, OFFSETS, { firstValue: 0 })), new Array(48).fill(0));
});

Deno.test("byte counts of uncompressed strips may be wrong, missing, too few or no whole numbers", async () => {
  for (const rows of [6, 2, 1]) {
    const bytes = strips(rows);
    for (const firstValue of [1, 8 * rows - 1, 70_000, 0xffffffff]) {
      assertEquals(await read(changeField(bytes, COUNTS, { firstValue })), PIXELS, `${rows}: ${firstValue}`);
    }
    assertEquals(await read(changeField(bytes, COUNTS, NO_TAG)), PIXELS);
    assertEquals(await read(changeField(bytes, COUNTS, { count: 1 })), PIXELS);
    for (const type of [2, 7, 11]) assertEquals(await read(changeField(bytes, COUNTS, { type })), PIXELS);
  }
});

Deno.test("a strip of which less is there than it must have is refused, not filled with what comes next", async () => {
  const fields = imageFields({ width: 8, height: 6, rowsPerStrip: 3 });
  const short = buildTiff({ directories: [{ fields, chunks: [ramp(24), ramp(20)] }] });
  assertEquals(
    await refusal(short),
    "Strip 1 of 'x.tif' can't be read: it has 20 of 24 bytes; get a good copy of the file",
  );
  const firstShort = buildTiff({ directories: [{ fields, chunks: [ramp(20), ramp(24)] }] });
  assert((await refusal(firstShort)).startsWith("Strip 0 of 'x.tif' can't be read: it has 20 of 24 bytes"));
});

Deno.test("compressed strips whose byte counts are too few are read up to what comes next", async () => {
  for (const count of [1, 2]) {
    assertEquals(await read(changeField(strips(2, 8), COUNTS, { count })), PIXELS);
  }
});

Deno.test("compressed strips without byte counts, or with some that are no whole numbers, are refused", async () => {
  const bytes = strips(2, 8);
  assertEquals(
    await refusal(changeField(bytes, COUNTS, NO_TAG)),
    "'x.tif' is damaged: StripByteCounts (279) has 0 values for 3 strips of 8 x 2 pixels",
  );
  for (const type of [2, 5, 7, 11, 12]) {
    const message = await refusal(changeField(bytes, COUNTS, { type }));
    assert(/StripByteCounts \(279\) (is of field type|refers to bytes)/.test(message), message);
  }
});

Deno.test("offsets that are no whole numbers, too few, negative or 0 with a length are refused", async () => {
  const bytes = strips(2);
  for (const type of [2, 7, 11]) {
    assert((await refusal(changeField(bytes, OFFSETS, { type }))).includes(`is of field type ${type}`));
  }
  assert(
    (await refusal(changeField(bytes, OFFSETS, { count: 2 }))).includes("StripOffsets (273) has 2 values"),
  );
  const negative = changeField(changeField(bytes, OFFSETS, { type: 9 }), OFFSETS, { firstValue: 0xfffffff0 });
  assert((await refusal(negative)).includes("is said to be at byte -16"), await refusal(negative));
  assert((await refusal(changeField(bytes, OFFSETS, { firstValue: 0 }))).includes("is said to be at byte 0"));
});

Deno.test("offsets may be signed or of the type for directories", async () => {
  for (const type of [9, 13]) {
    const bytes = changeField(changeField(strips(2), OFFSETS, { type }), COUNTS, { type });
    assertEquals(await read(bytes), PIXELS);
  }
});

Deno.test("strips may have the tags of tiles and tiles those of strips; an image's own tags go before the others", async () => {
  const asTiles = changeField(changeField(strips(2), OFFSETS, { tag: TILE_OFFSETS }), COUNTS, {
    tag: TILE_COUNTS,
  });
  assertEquals(await read(asTiles), PIXELS);
  const both = strips(2, 1, [[TILE_OFFSETS, 4, [9]], [TILE_COUNTS, 4, [3]]]);
  assertEquals(await read(both), PIXELS);
  const tiles = imageFields({ width: 16, height: 16 }, [[322, 4, [16]], [323, 4, [16]]]);
  const asStrips = buildTiff({ directories: [{ fields: tiles, chunks: [ramp(256)] }] });
  assertEquals(await read(asStrips), [...ramp(256)]);
});

Deno.test("the lowest tiles may be cut to the image's rows", async () => {
  for (const compression of [1, 8]) {
    const fields = imageFields({ width: 20, height: 10, bands: 3 }, [
      [259, 3, [compression]],
      [322, 4, [16]],
      [323, 4, [16]],
    ]);
    const pixels = [ramp(16 * 10 * 3), ramp(16 * 10 * 3, 100)];
    const whole = pixels.map((cut) => {
      const tile = new Uint8Array(16 * 16 * 3);
      tile.set(cut);
      return tile;
    });
    const build = (tiles: Uint8Array<ArrayBuffer>[]) => {
      const chunks = tiles.map((tile) => (compression === 1 ? tile : new Uint8Array(deflateSync(tile))));
      return buildTiff({ directories: [{ fields, chunks, tiled: true }] });
    };
    const expected = await read(build(whole));
    assertEquals(expected.slice(0, 3), [1, 4, 7]);
    assertEquals(await read(build(pixels)), expected, `compression ${compression}`);
  }
});
