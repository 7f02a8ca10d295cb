import { assert, assertEquals } from "@std/assert";
import { groupedOrder, planReading } from "../../raster/block_groups.ts";
import { totalBlocks } from "../../raster/block_list.ts";
import type { InputFile, InputTiles } from "../../raster/raster_job.ts";

const MIB = 1 << 20;

function fileOf(width: number, height: number, changes: Partial<InputFile & InputTiles> = {}): InputFile {
  const { tiled = false, planar = false, bands = 1, compression = "DEFLATE" } = changes;
  const tiles = { tiled, planar, bands, compression, width, height: 1 };
  return {
    ...{ location: "a.tif", openAs: "a.tif", server: undefined, beside: undefined, version: "1" },
    ...{ width, height, dataType: "uint16", offset: { col: 0, row: 0 } },
    layers: Array.from({ length: bands }, (_, band) => band + 1),
    nodata: Array(bands).fill(null),
    bandNodata: undefined,
    tiles,
    ...changes,
  };
}

/** The plan's group, and MiB that each file is given. */
function plan(files: readonly InputFile[], options: { window?: number; overlap?: number } = {}) {
  const { window = 256, overlap = 0 } = options;
  const { width: ncols, height: nrows } = files[0]!;
  const blocks = { ncols, nrows, windowxsize: window, windowysize: window };
  const planned = planReading([{ name: "a", isList: true, files }], { blocks, overlap });
  const sizes = planned.inputs[0]!.files.map(({ cacheBytes }) => cacheBytes! / MIB);
  return { ...planned.group, sizes, sum: sizes.reduce((sum, size) => sum + size, 0) };
}

Deno.test("tiles that windows take whole need no company and no memory", () => {
  for (const side of [64, 128, 256]) {
    const tiles = { tiled: true, width: side, height: side, planar: false, bands: 1, compression: "LZW" };
    const { across, down, sizes } = plan([fileOf(5000, 5000, { tiles })]);
    assertEquals([across, down, sizes], [1, 1, [1 / 8]]);
  }
});

Deno.test("a tile larger than a window has all its windows in one group", () => {
  const tiles = { tiled: true, width: 512, height: 1024, planar: false, bands: 1, compression: "LZW" };
  const { across, down, sizes } = plan([fileOf(5000, 5000, { tiles })]);
  assertEquals([across, down, sizes], [2, 4, [1]]);
});

Deno.test("a tile of hundreds of megabytes keeps its windows together, however much that is", () => {
  const tiles = { tiled: true, width: 8192, height: 8192, planar: false, bands: 4, compression: "ZSTD" };
  const { across, down } = plan([fileOf(20000, 20000, { tiles })]);
  assertEquals([across, down], [32, 32]);
});

Deno.test("strips whose row of windows fits into the memory make groups of whole rows", () => {
  const { across, down, sizes } = plan([fileOf(10980, 10980)]);
  assertEquals([across, down], [43, 1]);
  assertEquals(sizes, [10980 * 256 * 2 / MIB]);
});

Deno.test("strips whose row of windows is too large are shared out, in parts of one size for all inputs", () => {
  const wide = plan([fileOf(20000, 1024, { bands: 6 })]);
  assertEquals([wide.across, wide.down], [40, 1]);
  assert(wide.sum <= 32);
  const eight = plan(Array.from({ length: 8 }, () => fileOf(10980, 10980)));
  assertEquals(eight.across, 22);
  assert(eight.sum <= 32);
  const year = plan(Array.from({ length: 73 }, () => fileOf(10980, 10980)));
  assertEquals(year.across, 11);
  assert(year.sum <= 128);
});

Deno.test("one great strip makes one group of all its rows, and is kept by rows where its codec can go on", () => {
  const tiles = { tiled: false, width: 4000, height: 4000, planar: true, bands: 3, compression: "DEFLATE" };
  const deflate = plan([fileOf(4000, 4000, { tiles, layers: [1, 2, 3] })]);
  assertEquals([deflate.across, deflate.down, deflate.sizes], [16, 16, [4000 * 256 * 3 * 2 / MIB]]);
  const lerc = plan([fileOf(2000, 2000, { tiles: { ...tiles, compression: "LERC", height: 2000 } })]);
  assertEquals([lerc.across, lerc.down], [8, 8]);
  assert(lerc.sizes[0]! >= 2000 * 2000 * 2 / MIB);
});

Deno.test("uncompressed pixels and bands that are not read count nothing", () => {
  assertEquals(plan([fileOf(20000, 2000, { bands: 6, compression: "NONE" })]).across, 1);
  const tiles = { tiled: false, width: 10980, height: 1, planar: true, bands: 12, compression: "LZW" };
  assertEquals(plan([fileOf(10980, 5000, { tiles, layers: [4, 8] })]).sizes, [10980 * 256 * 2 * 2 / MIB]);
});

Deno.test("short rows of uncompressed strips in a local file are kept for a row of windows, if nothing else needs the memory", () => {
  const beside = { path: "/a.tif", version: "1", hasPlace: true };
  const stored = (width: number, changes: Partial<InputFile & InputTiles> = {}) =>
    fileOf(width, 2000, { compression: "NONE", beside, ...changes });
  const one = plan([stored(8192)]);
  assertEquals([one.across, one.down, one.sizes], [32, 1, [4]]);
  assertEquals(plan([stored(8193)]).across, 1);
  assertEquals(plan([stored(8192, { beside: undefined })]).across, 1);
  // Half of twelve bands of 4 MiB each.
  const tiles = { tiled: false, width: 8192, height: 1, planar: true, bands: 12, compression: "NONE" };
  assertEquals(plan([stored(8192, { tiles, layers: [1, 2, 3, 4, 5, 6] })]).sizes, [24]);
  const many = plan(Array.from({ length: 9 }, () => stored(8192)));
  assertEquals(many.sizes, [...Array(8).fill(4), 1 / 8]);
  const deflate = fileOf(8192, 2000, { bands: 7 });
  assertEquals(plan([deflate, stored(8192)]).sizes, [28, 4]);
  const larger = fileOf(8192, 2000, { bands: 9 });
  assertEquals(plan([larger, stored(8192)]), {
    ...plan([larger]),
    sizes: [...plan([larger]).sizes, 1 / 8],
    sum: plan([larger]).sum + 1 / 8,
  });
});

Deno.test("inputs of different layouts in one run share groups that suit all of them", () => {
  const tiles = { tiled: true, width: 512, height: 512, planar: false, bands: 1, compression: "LZW" };
  const { across, down, sizes } = plan([fileOf(6000, 6000), fileOf(6000, 6000, { tiles })]);
  assertEquals([across, down], [24, 2]);
  assertEquals(sizes.map(Math.ceil), [3, 6]);
});

Deno.test("windows that cut tiles, by an overlap or an offset, are read in square groups", () => {
  const tiles = { tiled: true, width: 256, height: 256, planar: false, bands: 1, compression: "LZW" };
  const margin = plan([fileOf(9000, 9000, { tiles })], { overlap: 2 });
  assertEquals([margin.across, margin.down], [8, 8]);
  const shifted = plan([fileOf(9000, 9000, { tiles, offset: { col: 100, row: 0 } })]);
  assertEquals([shifted.across, shifted.down], [8, 8]);
});

Deno.test("the order of groups has each block once, and each group's blocks side by side", () => {
  for (const [ncols, nrows] of [[10, 7], [1, 9], [16, 1], [5, 5]] as const) {
    const blocks = { ncols, nrows, windowxsize: 1, windowysize: 1 };
    for (const group of [{ across: 4, down: 1 }, { across: 3, down: 2 }, { across: 16, down: 9 }]) {
      const order = groupedOrder(blocks, group)!;
      const { x, y } = totalBlocks(blocks);
      assertEquals(order.groupStart(order.groups), x * y);
      const seen = new Set<number>();
      for (let at = 0; at < order.groups; at++) {
        const members = [];
        for (let place = order.groupStart(at); place < order.groupStart(at + 1); place++) {
          members.push(order.blockAt(place));
        }
        const columns = members.map((block) => Math.floor((block % x) / group.across));
        const rows = members.map((block) => Math.floor(Math.floor(block / x) / group.down));
        assertEquals([new Set(columns).size, new Set(rows).size], [1, 1]);
        assertEquals(members, members.toSorted((a, b) => a - b));
        for (const block of members) seen.add(block);
      }
      assertEquals(seen.size, x * y);
    }
  }
  assertEquals(
    groupedOrder({ ncols: 9, nrows: 9, windowxsize: 1, windowysize: 1 }, { across: 1, down: 1 }),
    undefined,
  );
});
