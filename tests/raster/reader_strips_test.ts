import { assert, assertEquals, assertRejects } from "@std/assert";
import { deflateSync } from "node:zlib";
import { RasterError } from "../../core/errors.ts";
import type { PixelArray } from "../../raster/data_type.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import type { PixelWindow } from "../../raster/raster_info.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { MemorySource } from "./memory_source.ts";
import { seededRandom } from "./seeded_random.ts";
import { buildTiff } from "./tiny_tiff.ts";

const SIDE = 256;

/** Windows of 256 x 256, row by row. */
function windowsOf({ width, height }: { width: number; height: number }): PixelWindow[] {
  const windows: PixelWindow[] = [];
  for (let top = 0; top < height; top += SIDE) {
    for (let left = 0; left < width; left += SIDE) {
      windows.push({ left, top, ncols: Math.min(SIDE, width - left), nrows: Math.min(SIDE, height - top) });
    }
  }
  return windows;
}

/** A window of planar pixels. */
function cut(whole: PixelArray, image: { width: number; height: number }, window: PixelWindow): PixelArray {
  const bands = whole.length / (image.width * image.height);
  const part = whole.slice(0, bands * window.nrows * window.ncols);
  let at = 0;
  for (let band = 0; band < bands; band++) {
    for (let row = window.top; row < window.top + window.nrows; row++, at += window.ncols) {
      const start = (band * image.height + row) * image.width + window.left;
      part.set(whole.subarray(start, start + window.ncols) as never, at);
    }
  }
  return part;
}

/** Whether two arrays hold the same bytes; an assertion of its own would be slow on so many. */
function sameBytes(a: PixelArray, b: PixelArray): boolean {
  const [left, right] = [a, b].map((pixels) =>
    new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength)
  );
  return left!.length === right!.length && left!.every((byte, at) => byte === right![at]);
}

/** A chunky image of bytes in deflated strips; each strip's damage is up to the test. */
function stripImage(
  options: {
    width: number;
    height: number;
    bands: number;
    stripRows: number;
    planar?: boolean;
    damage?: (encoded: Uint8Array, strip: number) => Uint8Array | undefined;
  },
): { file: Uint8Array<ArrayBuffer>; whole: Uint8Array<ArrayBuffer> } {
  const { width, height, bands, stripRows, planar = false, damage = (encoded) => encoded } = options;
  const random = seededRandom(width + height);
  const whole = Uint8Array.from(
    { length: width * height * bands },
    (_, at) => (at >> 4) + Math.floor(random() * 3),
  );
  const pixel = (band: number, row: number, col: number) => whole[(band * height + row) * width + col]!;
  const chunks: (Uint8Array | undefined)[] = [];
  const groups = planar ? Array.from({ length: bands }, (_, band) => [band]) : [[...Array(bands).keys()]];
  for (const group of groups) {
    for (let top = 0; top < height; top += stripRows) {
      const rows = Math.min(stripRows, height - top);
      const strip = new Uint8Array(rows * width * group.length);
      for (let at = 0; at < strip.length; at++) {
        const [place, sample] = [Math.floor(at / group.length), at % group.length];
        strip[at] = pixel(group[sample]!, top + Math.floor(place / width), place % width);
      }
      chunks.push(damage(deflateSync(strip), chunks.length));
    }
  }
  const file = buildTiff({
    directories: [{
      fields: [
        [256, 4, [width]],
        [257, 4, [height]],
        [258, 3, Array(bands).fill(8)],
        [259, 3, [8]],
        [262, 3, [1]],
        [277, 3, [bands]],
        [278, 4, [stripRows]],
        [284, 3, [planar ? 2 : 1]],
      ],
      chunks,
    }],
  });
  return { file, whole };
}

Deno.test("a row of windows reads each strip once, however wide the image is, if its rows fit into the memory", async () => {
  const image = { width: 3000, height: 600, bands: 2, stripRows: 3 };
  const { file, whole } = stripImage(image);
  const source = new MemorySource(file);
  await using reader = await GeoTiffReader.openSource(source, { cacheBytes: 3000 * 2 * 260 });
  source.takeByteCount();
  for (const window of windowsOf(image)) {
    assert(sameBytes(await reader.readWindow(window), cut(whole, image, window)), JSON.stringify(window));
  }
  // Two of 200 strips have rows of two rows of windows; strips are read whole.
  assert(source.takeByteCount() <= file.length * 1.02);
});

Deno.test("rows that do not fit into the memory are decoded a few times, and not for each window", async () => {
  const image = { width: 6000, height: 256, bands: 2, stripRows: 1 };
  const { file, whole } = stripImage(image);
  const source = new MemorySource(file);
  // A third of the rows' 3 MiB: three parts, and not 24 windows.
  await using reader = await GeoTiffReader.openSource(source, { cacheBytes: (2048 + 10) * 2 * 256 });
  source.takeByteCount();
  for (const window of windowsOf(image)) {
    assert(sameBytes(await reader.readWindow(window), cut(whole, image, window)), JSON.stringify(window));
  }
  assert(source.takeByteCount() <= file.length * 3);
});

Deno.test("one strip that is larger than the memory is decoded on from row to row, once", async () => {
  for (const later of [false, true]) {
    const image = { width: 1300, height: 1500, bands: 1, stripRows: 1500 };
    const { file, whole } = stripImage(image);
    const source = new MemorySource(file, { later });
    await using reader = await GeoTiffReader.openSource(source, { cacheBytes: 1 << 20 });
    source.takeByteCount();
    for (const window of windowsOf(image)) {
      assert(sameBytes(await reader.readWindow(window), cut(whole, image, window)), JSON.stringify(window));
    }
    assert(source.takeByteCount() <= file.length);
  }
});

Deno.test("windows of strips may come in any order, overlap, name any bands, and be read at the same time", async () => {
  const random = seededRandom(5);
  const pick = (below: number) => Math.floor(random() * below);
  const images = [
    { width: 2100, height: 900, bands: 3, stripRows: 2 },
    { width: 2100, height: 900, bands: 3, stripRows: 700, planar: true },
    { width: 2100, height: 900, bands: 1, stripRows: 900 },
  ];
  for (const image of images) {
    const { file, whole } = stripImage(image);
    await using reader = await GeoTiffReader.openSource(new MemorySource(file), { cacheBytes: 1 << 20 });
    const windows = [...windowsOf(image).reverse(), { left: 3, top: 1, ncols: 2000, nrows: 890 }];
    for (let i = 0; i < 60; i++) {
      const [left, top] = [pick(2099), pick(899)];
      windows.push({ left, top, ncols: 1 + pick(2100 - left), nrows: 1 + pick(Math.min(300, 900 - top)) });
    }
    const results = await Promise.all(windows.map(async (window) => {
      const bands = [1 + pick(image.bands), 1 + pick(image.bands)];
      const pixels = await reader.readWindow(window, { bands });
      const all = cut(whole, image, window);
      const size = window.ncols * window.nrows;
      return bands.every((band, at) =>
        sameBytes(pixels.subarray(at * size, (at + 1) * size), all.subarray((band - 1) * size, band * size))
      );
    }));
    assertEquals(results.indexOf(false), -1);
  }
});

Deno.test("a damaged strip is told by name each time, the windows of others are read, and one that is left out is 0", async () => {
  for (const stripRows of [4, 600]) {
    const image = { width: 3000, height: 1200, bands: 1, stripRows };
    const broken = stripRows === 4 ? 100 : 0;
    const leftOut = stripRows === 4 ? 200 : 1;
    const { file, whole } = stripImage({
      ...image,
      damage: (encoded, strip) =>
        strip === broken
          ? encoded.map((byte, at) => at > 300 ? byte ^ 0x55 : byte)
          : strip === leftOut
          ? undefined
          : encoded,
    });
    whole.fill(0, leftOut * stripRows * 3000, (leftOut + 1) * stripRows * 3000);
    await using reader = await GeoTiffReader.openSource(new MemorySource(file), { cacheBytes: 1 << 20 });
    const isBroken = ({ top, nrows }: PixelWindow) =>
      top < (broken + 1) * stripRows && top + nrows > broken * stripRows;
    for (const window of windowsOf(image)) {
      if (!isBroken(window)) {
        assert(sameBytes(await reader.readWindow(window), cut(whole, image, window)), JSON.stringify(window));
      } else if (stripRows === 4 || window.top > 0) {
        const { message } = await assertRejects(() => reader.readWindow(window), RasterError);
        assert(message.startsWith(`Strip ${broken} of 'x.tif' can't be decoded: `), message);
      }
    }
  }
});

Deno.test("a strip that ends too early is told by how much of it is there", async () => {
  const image = { width: 2000, height: 1000, bands: 1, stripRows: 1000 };
  const { file } = stripImage({ ...image, damage: (encoded) => encoded.subarray(0, encoded.length >> 1) });
  await using reader = await GeoTiffReader.openSource(new MemorySource(file), { cacheBytes: 1 << 20 });
  const { message } = await assertRejects(
    () => reader.readWindow({ left: 0, top: 900, ncols: 100, nrows: 100 }),
    RasterError,
  );
  assert(/^Strip 0 of 'x.tif' can't be decoded: it holds only \d+ of 2000000 bytes;/.test(message), message);
});

/** Python; argv: folder. Single strips of every codec and predictor, larger than what is kept; prints their names. */
const SINGLE_STRIPS = `
import itertools, json, os, sys
import numpy
from osgeo import gdal
gdal.UseExceptions()
W, H = 700, 600
rng = numpy.random.default_rng(4)
y, x = numpy.mgrid[0:H, 0:W]
made = []
for (dtype, gtype), codec, interleave, endian in itertools.product(
    [("uint16", gdal.GDT_UInt16), ("float32", gdal.GDT_Float32)],
    ["LZW", "DEFLATE", "ZSTD", "PACKBITS", "LERC"], ["PIXEL", "BAND"], ["LITTLE", "BIG"]):
    # GDAL can't read what it writes of LERC in the other byte order.
    if codec == "LERC" and endian == "BIG": continue
    for predictor in [1] if codec in ("PACKBITS", "LERC") else [1, 2] if dtype == "uint16" else [1, 2, 3]:
        name = "%d.tif" % len(made)
        options = ["COMPRESS=" + codec, "INTERLEAVE=" + interleave, "ENDIANNESS=" + endian, "BLOCKYSIZE=%d" % H]
        if predictor > 1: options.append("PREDICTOR=%d" % predictor)
        image = gdal.GetDriverByName("GTiff").Create(os.path.join(sys.argv[1], name), W, H, 2, gtype, options)
        for band in (1, 2):
            pixels = (numpy.sin(x / 90 + band) + numpy.cos(y / 70)) * 3000 + 8000 + rng.integers(0, 9, x.shape)
            image.GetRasterBand(band).WriteArray(pixels.astype(dtype))
        image = None
        image = gdal.Open(os.path.join(sys.argv[1], name))
        image.ReadAsArray().tofile(os.path.join(sys.argv[1], name + ".raw"))
        made.append(dict(name=name, options=" ".join(options)))
print(json.dumps(made))
`;

Deno.test({
  name: gdalName("a single strip of any codec and predictor has GDAL's pixels, window by window"),
  ignore: gdalMissing !== false,
  async fn() {
    using folder = tempFolder();
    const made = JSON.parse(await runPython(SINGLE_STRIPS, folder.path)) as {
      name: string;
      options: string;
    }[];
    for (const { name, options } of made) {
      await using reader = await GeoTiffReader.open(folder.file(name), { cacheBytes: 1 << 20 });
      const raw = Deno.readFileSync(folder.file(`${name}.raw`));
      const whole = reader.info.dataType === "uint16"
        ? new Uint16Array(raw.buffer)
        : new Float32Array(raw.buffer);
      const windows = windowsOf(reader.info);
      for (const window of [...windows, windows[4]!, windows[1]!]) {
        const pixels = await reader.readWindow(window);
        assert(sameBytes(pixels, cut(whole, reader.info, window)), `${options} ${JSON.stringify(window)}`);
      }
    }
  },
});
