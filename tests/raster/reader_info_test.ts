import { assertEquals, assertThrows } from "@std/assert";
import { RasterBlock } from "../../raster/raster_block.ts";
import type { GeoTransform } from "../../raster/raster_info.ts";
import { ReaderInfo, type ReaderInfoRun } from "../../raster/reader_info.ts";
import { GEOTRANSFORM, UTM_33N } from "./apply_support.ts";

/** 100 x 70 pixels in windows of 48 x 32: 3 x 3 blocks, those at the edges of 4 columns and 6 rows. */
function infoOf(
  index: number,
  changes: Partial<ReaderInfoRun> & { geotransform?: GeoTransform } = {},
  files: ReadonlyMap<RasterBlock, string> = new Map(),
): ReaderInfo {
  const { geotransform = GEOTRANSFORM, ...rest } = changes;
  return new ReaderInfo(
    {
      workinggrid: { geotransform, ncols: 100, nrows: 70, geoKeys: UTM_33N },
      blocks: { ncols: 100, nrows: 70, windowxsize: 48, windowysize: 32 },
      ...{ overlap: 0, worker: 0, jobName: undefined, ...rest },
    },
    index,
    files,
  );
}

Deno.test("sizes, counts and the place of a block among the others", () => {
  const info = infoOf(5);
  assertEquals(info.getTotalSize(), [100, 70]);
  assertEquals(info.getTotalBlocks(), [3, 3]);
  assertEquals(info.getWindowSize(), [48, 32]);
  assertEquals(info.getBlockCount(), [2, 1]);
  assertEquals(info.getBlockSize(), [4, 32]);
  assertEquals(info.getBlockDefn(), { left: 96, top: 32, ncols: 4, nrows: 32 });
  assertEquals(info.getOverlapSize(), 0);
  assertEquals(infoOf(8).getBlockSize(), [4, 6]);
  assertEquals(infoOf(4, { overlap: 3 }).getBlockSize(), [48, 32], "the margin is not part of the block");
  assertEquals(infoOf(4, { overlap: 3 }).getOverlapSize(), 3);
});

Deno.test("first and last block, and percent, are by the place in the list", () => {
  const all = Array.from({ length: 9 }, (_, index) => infoOf(index));
  assertEquals(all.map((info) => info.isFirstBlock()), [true, ...new Array(8).fill(false)]);
  assertEquals(all.map((info) => info.isLastBlock()), [...new Array(8).fill(false), true]);
  assertEquals(all.map((info) => info.getPercent()), [0, 11, 22, 33, 44, 55, 66, 77, 88]);
});

Deno.test("transform, pixel size, projection, worker and job name are those of the run", () => {
  const info = infoOf(0, { worker: 3, jobName: "ndvi" });
  assertEquals(info.getTransform(), GEOTRANSFORM);
  assertEquals(info.getPixelSize(), [30, 30]);
  assertEquals(info.getProjection(), "EPSG:32633");
  assertEquals([info.getWorkerNumber(), info.getJobName()], [3, "ndvi"]);
  assertEquals(infoOf(0).getJobName(), undefined);
});

Deno.test("coordinates are those of the pixels' centres, margin included, also on a rotated grid", () => {
  const rotated: GeoTransform = [1000, 2, 0.5, 2000, 0.25, -4];
  for (const geotransform of [GEOTRANSFORM, rotated]) {
    for (const overlap of [0, 2]) {
      const info = infoOf(5, { geotransform, overlap });
      const arrays = info.getBlockCoordArrays();
      const { x, y } = arrays;
      assertEquals([arrays[0], arrays[1]], [x, y]);
      const [cols, rows] = [4 + 2 * overlap, 32 + 2 * overlap];
      assertEquals([x.length, y.length], [cols * rows, cols * rows]);
      for (const [row, col] of [[0, 0], [0, cols - 1], [7, 3], [rows - 1, cols - 1]] as const) {
        const [column, line] = [96 - overlap + col + 0.5, 32 - overlap + row + 0.5];
        const [x0, dx, rx, y0, ry, dy] = geotransform;
        assertEquals(x[row * cols + col], x0 + column * dx + line * rx);
        assertEquals(y[row * cols + col], y0 + column * ry + line * dy);
        assertEquals(info.getPixRowColBlock(x[row * cols + col]!, y[row * cols + col]!), [row, col]);
      }
    }
  }
});

Deno.test("a coordinate outside the block and its margin has no row and column", () => {
  const info = infoOf(4, { overlap: 1 });
  // Columns 47 to 96 and rows 31 to 64 of the grid, margin included.
  const at = (col: number, row: number) =>
    info.getPixRowColBlock(500_000 + (col + 0.5) * 30, 5_300_000 - (row + 0.5) * 30);
  assertEquals(at(47, 31), [0, 0]);
  assertEquals(at(96, 64), [33, 49]);
  for (const [col, row] of [[46, 40], [97, 40], [50, 30], [50, 65], [-1, -1]] as const) {
    assertEquals(at(col, row), [null, null]);
  }
  const corner = (col: number, row: number) =>
    info.getPixRowColBlock(500_000 + col * 30, 5_300_000 - row * 30);
  assertEquals(corner(48, 32), [1, 1], "a pixel's upper left corner belongs to it");
});

Deno.test("a column and row of the block lead to those of the grid, with the margin before its first", () => {
  assertEquals(infoOf(5).getPixColRow(0, 0), [96, 32]);
  assertEquals(infoOf(5).getPixColRow(3, 31), [99, 63]);
  assertEquals(infoOf(0, { overlap: 2 }).getPixColRow(0, 0), [-2, -2]);
  assertEquals(infoOf(4, { overlap: 2 }).getPixColRow(2, 5), [48, 35]);
});

Deno.test("file name and nodata of an input block", () => {
  const block = new RasterBlock(new Uint8Array(12), { bands: 2, rows: 2, cols: 3 }, 7);
  const other = new RasterBlock(new Uint8Array(12), { bands: 2, rows: 2, cols: 3 }, null);
  const info = infoOf(0, {}, new Map([[block, "/data/a.tif"], [other, "https://example.com/b.tif"]]));
  assertEquals(info.getFilenameFor(block), "/data/a.tif");
  assertEquals(info.getFilenameFor(other), "https://example.com/b.tif");
  assertEquals([info.getNoDataValueFor(block), info.getNoDataValueFor(block, 2)], [7, 7]);
  assertEquals(info.getNoDataValueFor(other), null);
  for (const band of [0, 3, 1.5]) {
    assertThrows(() => info.getNoDataValueFor(block, band), RangeError, `band ${band}`);
  }
  const copy = new RasterBlock(block.data, block, block.nodata);
  assertThrows(() => info.getFilenameFor(copy), TypeError, "one of the blocks in inputs");
});

Deno.test("a grid of one block is first and last in one", () => {
  const info = new ReaderInfo(
    {
      workinggrid: { geotransform: [0, 1, 0, 0, 0, 1], ncols: 5, nrows: 4, geoKeys: null },
      blocks: { ncols: 5, nrows: 4, windowxsize: 256, windowysize: 256 },
      ...{ overlap: 0, worker: 0, jobName: undefined },
    },
    0,
    new Map(),
  );
  assertEquals([info.isFirstBlock(), info.isLastBlock(), info.getPercent()], [true, true, 0]);
  assertEquals([info.getBlockSize(), info.getTotalBlocks(), info.getProjection()], [[5, 4], [1, 1], "none"]);
});
