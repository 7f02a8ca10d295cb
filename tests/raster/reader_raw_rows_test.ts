import { assert, assertEquals, assertRejects } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { tempFolder } from "../gdal.ts";
import { MemorySource } from "./memory_source.ts";
import { seededRandom } from "./seeded_random.ts";
import { buildTiff, changeField, imageFields } from "./tiny_tiff.ts";

const [WIDTH, HEIGHT, BANDS] = [300, 200, 3];
/** As much as of a local file. */
const WORTH_SKIPPING = 16384;
const NODATA = 7;
const STRIP_BYTE_COUNTS = 279;

/** The value of a pixel: another one nearly everywhere. */
function valueAt(band: number, row: number, col: number): number {
  return (band * 20011 + row * 307 + col) % 65536;
}

/** An image of uint16 in uncompressed strips; `leftOut` says which of them the file does not have. */
function image(
  options: {
    planar: boolean;
    stripRows: number;
    littleEndian?: boolean;
    leftOut?: (strip: number) => boolean;
  },
): Uint8Array<ArrayBuffer> {
  const { planar, stripRows, littleEndian = true, leftOut = () => false } = options;
  const chunks: (Uint8Array | undefined)[] = [];
  for (const bands of planar ? [[0], [1], [2]] : [[0, 1, 2]]) {
    for (let top = 0; top < HEIGHT; top += stripRows) {
      const rows = Math.min(stripRows, HEIGHT - top);
      const view = new DataView(new ArrayBuffer(rows * WIDTH * bands.length * 2));
      for (let at = 0; at < view.byteLength / 2; at++) {
        const pixel = Math.floor(at / bands.length);
        const [row, col] = [top + Math.floor(pixel / WIDTH), pixel % WIDTH];
        view.setUint16(at * 2, valueAt(bands[at % bands.length]!, row, col), littleEndian);
      }
      chunks.push(leftOut(chunks.length) ? undefined : new Uint8Array(view.buffer));
    }
  }
  return buildTiff({
    littleEndian,
    directories: [{
      fields: [
        [256, 4, [WIDTH]],
        [257, 4, [HEIGHT]],
        [258, 3, Array(BANDS).fill(16)],
        [259, 3, [1]],
        [262, 3, [1]],
        [277, 3, [BANDS]],
        [278, 4, [stripRows]],
        [284, 3, [planar ? 2 : 1]],
        [42113, 2, String(NODATA)],
      ],
      chunks,
    }],
  });
}

/** Reads windows of any place, size and bands, some at the same time; gives the first with a wrong pixel. */
async function firstWrong(
  reader: GeoTiffReader,
  isLeftOut: (band: number, row: number) => boolean = () => false,
): Promise<string | undefined> {
  const random = seededRandom(3);
  const pick = (below: number) => Math.floor(random() * below);
  const windows = Array.from({ length: 60 }, () => {
    const [left, top] = [pick(WIDTH - 1), pick(HEIGHT - 1)];
    const window = { left, top, ncols: 1 + pick(WIDTH - left), nrows: 1 + pick(Math.min(90, HEIGHT - top)) };
    return { window, bands: Array.from({ length: 1 + pick(BANDS) }, () => 1 + pick(BANDS)) };
  });
  const results = await Promise.all(windows.map(async ({ window, bands }) => {
    const pixels = await reader.readWindow(window, { bands });
    const expected = bands.flatMap((band) =>
      Array.from({ length: window.ncols * window.nrows }, (_, at) => {
        const row = window.top + Math.floor(at / window.ncols);
        if (isLeftOut(band - 1, row)) return NODATA;
        return valueAt(band - 1, row, window.left + at % window.ncols);
      })
    );
    return expected.every((value, at) => value === pixels[at])
      ? undefined
      : JSON.stringify({ window, bands });
  }));
  return results.find((wrong) => wrong !== undefined);
}

Deno.test("the short rows of uncompressed strips are read once for all windows beside one another", async () => {
  for (const planar of [true, false]) {
    for (const later of [true, false]) {
      const source = new MemorySource(image({ planar, stripRows: 4 }), {
        later,
        worthSkippingBytes: WORTH_SKIPPING,
      });
      await using reader = await GeoTiffReader.openSource(source);
      await reader.readWindow({ left: 0, top: 0, ncols: 1, nrows: 1 });
      source.takeByteCount();
      for (let top = 1; top < HEIGHT; top += 64) {
        for (let left = 0; left < WIDTH; left += 64) {
          const [ncols, nrows] = [Math.min(64, WIDTH - left), Math.min(64, HEIGHT - top)];
          await reader.readWindow({ left, top, ncols, nrows });
        }
      }
      assertEquals(
        source.takeByteCount(),
        WIDTH * (HEIGHT - 1) * BANDS * 2,
        `planar ${planar}, later ${later}`,
      );
    }
  }
});

Deno.test("kept rows of uncompressed strips have the right pixels for windows of any place, order and bands", async () => {
  using folder = tempFolder();
  for (const planar of [true, false]) {
    for (const stripRows of [3, HEIGHT]) {
      for (const littleEndian of [true, false]) {
        const file = image({ planar, stripRows, littleEndian });
        const what = JSON.stringify({ planar, stripRows, littleEndian });
        for (const later of [true, false]) {
          const source = new MemorySource(file, { later, worthSkippingBytes: WORTH_SKIPPING });
          await using reader = await GeoTiffReader.openSource(source);
          assertEquals(await firstWrong(reader), undefined, what);
        }
        // A local file's bytes go straight into the memory for them.
        const path = folder.file(`${planar}_${stripRows}_${littleEndian}.tif`);
        Deno.writeFileSync(path, file);
        await using reader = await GeoTiffReader.open(path, { cacheBytes: WIDTH * 90 * 2 * 2 });
        assertEquals(await firstWrong(reader), undefined, what);
      }
    }
  }
});

Deno.test("uncompressed strips that a file leaves out are nodata between those that it has", async () => {
  for (const planar of [true, false]) {
    for (const littleEndian of [true, false]) {
      const leftOut = (strip: number) => strip % 3 === 1;
      const file = image({ planar, stripRows: 8, littleEndian, leftOut });
      const source = new MemorySource(file, { worthSkippingBytes: WORTH_SKIPPING });
      await using reader = await GeoTiffReader.openSource(source);
      const strips = HEIGHT / 8;
      const isLeftOut = (band: number, row: number) =>
        leftOut((planar ? band * strips : 0) + Math.floor(row / 8));
      assertEquals(await firstWrong(reader, isLeftOut), undefined, `planar ${planar}`);
    }
  }
});

Deno.test("no more than the window's columns is read where rows are long or there is no memory to keep them", async () => {
  const file = image({ planar: true, stripRows: 4 });
  const window = { left: 20, top: 0, ncols: 10, nrows: 8 };
  const long = new MemorySource(file, { worthSkippingBytes: 100 });
  await using reader = await GeoTiffReader.openSource(long);
  await reader.readWindow(window);
  long.takeByteCount();
  await reader.readWindow(window);
  assertEquals(long.takeByteCount(), 10 * 8 * BANDS * 2);

  const poor = new MemorySource(file, { worthSkippingBytes: WORTH_SKIPPING });
  await using other = await GeoTiffReader.openSource(poor, { cacheBytes: WIDTH * 8 * 2 * BANDS - 1 });
  await other.readWindow(window);
  poor.takeByteCount();
  await other.readWindow(window);
  assert(poor.takeByteCount() > 0, "nothing was kept");
});

Deno.test("a read of uncompressed rows that failed leaves no wrong pixels for the next one", async () => {
  class Failing extends MemorySource {
    isDown = false;
    override read(offset: number, byteLength: number) {
      if (this.isDown) throw new RasterError("down");
      return super.read(offset, byteLength);
    }
  }
  const source = new Failing(image({ planar: true, stripRows: 4 }), { worthSkippingBytes: WORTH_SKIPPING });
  await using reader = await GeoTiffReader.openSource(source);
  await reader.readWindow({ left: 0, top: 0, ncols: 10, nrows: 40 });
  source.isDown = true;
  await assertRejects(
    () => reader.readWindow({ left: 0, top: 20, ncols: 10, nrows: 40 }),
    RasterError,
    "down",
  );
  source.isDown = false;
  assertEquals(await firstWrong(reader), undefined);
});

Deno.test("the byte counts of uncompressed strips that are read by rows may be too small, but not the strips", async () => {
  const file = image({ planar: true, stripRows: 4 });
  const window = { left: 5, top: 0, ncols: 10, nrows: 8 };
  const open = (bytes: Uint8Array<ArrayBuffer>) =>
    GeoTiffReader.openSource(new MemorySource(bytes, { worthSkippingBytes: WORTH_SKIPPING }));
  await using right = await open(file);
  await using small = await open(changeField(file, STRIP_BYTE_COUNTS, { firstValue: 3 }));
  assertEquals(await small.readWindow(window), await right.readWindow(window));

  const fields = imageFields({ width: 8, height: 6, rowsPerStrip: 3 });
  const chunks = [new Uint8Array(24), new Uint8Array(20)];
  await using short = await open(buildTiff({ directories: [{ fields, chunks }] }));
  await short.readWindow({ left: 0, top: 0, ncols: 4, nrows: 3 });
  const { message } = await assertRejects(
    () => short.readWindow({ left: 0, top: 0, ncols: 4, nrows: 4 }),
    RasterError,
  );
  assertEquals(
    message,
    "Strip 1 of 'x.tif' can't be read: it has 20 of 24 bytes; get a good copy of the file",
  );
});
