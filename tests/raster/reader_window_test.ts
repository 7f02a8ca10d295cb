import { assertEquals, assertRejects } from "@std/assert";
import { deflateSync } from "node:zlib";
import { RasterError } from "../../core/errors.ts";
import { GeoTiffReader, type GeoTiffReaderOptions } from "../../raster/geotiff/geotiff_reader.ts";
import { MemorySource } from "./memory_source.ts";
import { buildTiff, imageFields } from "./tiny_tiff.ts";

const WIDTH = 64;
const HEIGHT = 48;
const BANDS = 2;
const TILE = 16;

function valueAt(band: number, row: number, column: number): number {
  return (band * 91 + row * 7 + column * 3) & 255;
}

/** Two planar bands of 4 x 3 tiles, incompressible enough that each tile has bytes of its own. */
function planarTiles(compression: 1 | 8): { bytes: Uint8Array<ArrayBuffer>; tileBytes: number[] } {
  const chunks: Uint8Array[] = [];
  for (let band = 0; band < BANDS; band++) {
    for (let y = 0; y < HEIGHT; y += TILE) {
      for (let x = 0; x < WIDTH; x += TILE) {
        const tile = Uint8Array.from(
          { length: TILE * TILE },
          (_, i) => valueAt(band, y + Math.floor(i / TILE), x + i % TILE),
        );
        chunks.push(compression === 8 ? new Uint8Array(deflateSync(tile)) : tile);
      }
    }
  }
  const fields = imageFields({ width: WIDTH, height: HEIGHT, bands: BANDS }, [
    [259, 3, [compression]],
    [284, 3, [2]],
    [322, 3, [TILE]],
    [323, 3, [TILE]],
  ]);
  return {
    bytes: buildTiff({ directories: [{ fields, chunks, tiled: true }] }),
    tileBytes: chunks.map((c) => c.length),
  };
}

function expected(
  window: { left: number; top: number; ncols: number; nrows: number },
  bands: number[],
): number[] {
  return bands.flatMap((band) =>
    Array.from(
      { length: window.ncols * window.nrows },
      (_, i) => valueAt(band - 1, window.top + Math.floor(i / window.ncols), window.left + i % window.ncols),
    )
  );
}

async function open(compression: 1 | 8, options: GeoTiffReaderOptions & { later?: boolean } = {}) {
  const { bytes, tileBytes } = planarTiles(compression);
  const source = new MemorySource(bytes, options);
  const reader = await GeoTiffReader.openSource(source, options);
  // The index of tiles is read once, with the first window.
  await reader.readWindow({ left: 0, top: 0, ncols: 1, nrows: 1 });
  source.takeByteCount();
  return { reader, source, tileBytes };
}

Deno.test("only the tiles of a window are read, and neighbours in one go", async () => {
  for (const later of [false, true]) {
    const { reader, source, tileBytes } = await open(8, { later });
    const window = { left: 17, top: 17, ncols: 20, nrows: 10 };
    assertEquals([...await reader.readWindow(window, { bands: [1] })], expected(window, [1]));
    assertEquals(source.reads.length, 1);
    assertEquals(source.takeByteCount(), tileBytes[5]! + tileBytes[6]!);
  }
});

Deno.test("of an uncompressed tile only the rows and columns of the window are read", async () => {
  const { reader, source } = await open(1);
  const window = { left: 18, top: 20, ncols: 5, nrows: 3 };
  assertEquals([...await reader.readWindow(window)], expected(window, [1, 2]));
  assertEquals(source.takeByteCount(), 2 * 3 * 5);
});

Deno.test("a tile in part of a window is not decoded again for the next one, a whole one only if asked for", async () => {
  const part = { left: 0, top: 16, ncols: 8, nrows: 8 };
  const whole = { left: 16, top: 16, ncols: TILE, nrows: TILE };
  for (const cacheWholeTiles of [false, true]) {
    const { reader, source, tileBytes } = await open(8, { cacheWholeTiles });
    await reader.readWindow(part, { bands: [1] });
    assertEquals(source.takeByteCount(), tileBytes[4]!);
    await reader.readWindow({ ...part, left: 4 }, { bands: [1] });
    assertEquals(source.takeByteCount(), 0);
    await reader.readWindow(whole, { bands: [1] });
    assertEquals(source.takeByteCount(), tileBytes[5]!);
    assertEquals([...await reader.readWindow(whole, { bands: [1] })], expected(whole, [1]));
    assertEquals(source.takeByteCount(), cacheWholeTiles ? 0 : tileBytes[5]!);
  }
});

Deno.test("the cache gives up the least recently used tiles and can be off", async () => {
  const at = (column: number) => ({ left: column * TILE, top: 0, ncols: 1, nrows: 1 });
  // Room for two tiles.
  const { reader, source } = await open(8, { cacheBytes: 2 * TILE * TILE + 200 });
  const misses = async (column: number) => {
    await reader.readWindow(at(column), { bands: [2] });
    return source.takeByteCount() > 0;
  };
  const seen: boolean[] = [];
  for (const column of [1, 2, 1, 3, 1, 2]) seen.push(await misses(column));
  assertEquals(seen, [true, true, false, true, false, true]);
  const off = await open(8, { cacheBytes: 0 });
  await off.reader.readWindow(at(1), { bands: [1] });
  off.source.takeByteCount();
  await off.reader.readWindow(at(1), { bands: [1] });
  assertEquals(off.source.takeByteCount() > 0, true);
});

Deno.test("a window can go into the middle of a larger block", async () => {
  for (const compression of [1, 8] as const) {
    const { reader } = await open(compression);
    const window = { left: 10, top: 12, ncols: 9, nrows: 7 };
    const into = new Uint8Array(2 * 20 * 20).fill(99);
    const result = await reader.readWindow(window, {
      bands: [2, 1],
      into,
      intoOffset: 3 * 20 + 4,
      intoRowStride: 20,
      intoBandStride: 400,
    });
    assertEquals(result === into, true);
    const [second, first] = [expected(window, [2]), expected(window, [1])];
    const want = new Uint8Array(800).fill(99);
    for (const [slot, pixels] of [second, first].entries()) {
      pixels.forEach((value, i) => want[slot * 400 + (3 + Math.floor(i / 9)) * 20 + 4 + i % 9] = value);
    }
    assertEquals(into, want);
  }
});

Deno.test("a band can be asked for twice", async () => {
  const { reader } = await open(8);
  const window = { left: 30, top: 30, ncols: 4, nrows: 4 };
  assertEquals([...await reader.readWindow(window, { bands: [2, 2, 1] })], expected(window, [2, 2, 1]));
});

Deno.test("windows, bands and arrays that do not fit are refused", async () => {
  const { reader } = await open(8);
  const window = { left: 0, top: 0, ncols: 4, nrows: 4 };
  for (const wrong of [{ left: -1 }, { ncols: 0 }, { left: 61 }, { top: 45 }, { nrows: 1.5 }]) {
    await assertRejects(
      () => reader.readWindow({ ...window, ...wrong }),
      RangeError,
      "is not inside 'x.tif'",
    );
  }
  await assertRejects(
    () => reader.readWindow(window, { bands: [3] }),
    RangeError,
    "Band 3 is not in 'x.tif'",
  );
  await assertRejects(() => reader.readWindow(window, { bands: [] }), RangeError);
  await assertRejects(() => reader.readWindow(window, { into: new Int16Array(32) }), TypeError, "Int16Array");
  await assertRejects(
    () => reader.readWindow(window, { into: new Uint8Array(31) }),
    RangeError,
    "32 are needed",
  );
  await assertRejects(() => reader.readWindow(window, { intoRowStride: 3 }), RangeError, "intoRowStride");
  await assertRejects(() => reader.readWindow(window, { intoBandStride: 3 }), RangeError, "intoBandStride");
});

Deno.test("windows read at the same time do not disturb each other", async () => {
  const { reader } = await open(8, { later: true });
  const windows = Array.from({ length: 12 }, (_, i) => ({ left: i * 4, top: i * 3, ncols: 15, nrows: 13 }));
  const results = await Promise.all(windows.map((window) => reader.readWindow(window)));
  results.forEach((pixels, i) => assertEquals([...pixels], expected(windows[i]!, [1, 2])));
});

Deno.test("a long index of tiles is read only where it is needed", async () => {
  const columns = 40_000;
  const chunks = new Array<Uint8Array | undefined>(columns).fill(undefined);
  chunks[30_000] = new Uint8Array(256).fill(5);
  const fields = imageFields({ width: columns * TILE, height: TILE }, [[322, 3, [TILE]], [323, 3, [TILE]]]);
  const source = new MemorySource(buildTiff({ directories: [{ fields, chunks, tiled: true }] }));
  await using reader = await GeoTiffReader.openSource(source);
  assertEquals(source.takeByteCount() < 2000, true);
  const pixels = await reader.readWindow({ left: 30_000 * TILE, top: 0, ncols: TILE, nrows: TILE });
  assertEquals([...pixels], new Array(256).fill(5));
  assertEquals(source.takeByteCount() < 8192 * 8 + 1000, true);
});

Deno.test("a damaged index that is found while another read is under way leaves no rejection behind", async () => {
  const held = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  /** Answers the next read when the test says so, and all others at once, as a server's first bytes are. */
  class HeldSource extends MemorySource {
    holdsNext = false;
    override read(offset: number, byteLength: number) {
      if (!this.holdsNext) return super.read(offset, byteLength);
      this.holdsNext = false;
      return held.promise;
    }
  }
  const fields = imageFields({ width: 8, height: 3, rowsPerStrip: 1 }, [
    [273, 4, [8, 16, 24]],
    [279, 16, [2n ** 60n, 2n ** 60n, 2n ** 60n]],
  ]);
  const source = new HeldSource(buildTiff({ directories: [{ fields }] }));
  const reader = await GeoTiffReader.openSource(source);
  source.holdsNext = true;
  const read = reader.readWindow({ left: 0, top: 0, ncols: 8, nrows: 3 });
  await assertRejects(() => read, RasterError, "it refers to byte or count");
  held.reject(new Error("the source was closed"));
  await new Promise((resolve) => setTimeout(resolve));
});
