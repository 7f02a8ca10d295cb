import { assertEquals } from "@std/assert";
import {
  blockCount,
  blockDefn,
  type BlockGrid,
  describeBlock,
  totalBlocks,
} from "../../raster/block_list.ts";

Deno.test("blocks go row by row, and every pixel is in exactly one", () => {
  for (
    const [ncols, nrows, windowxsize, windowysize] of [
      ...[[100, 70, 48, 32], [1, 1, 256, 256], [7, 5, 1, 1], [64, 64, 64, 16], [65, 63, 64, 64]],
    ] as [number, number, number, number][]
  ) {
    const grid: BlockGrid = { ncols, nrows, windowxsize, windowysize };
    const { x, y } = totalBlocks(grid);
    const seen = new Uint8Array(ncols * nrows);
    for (let index = 0; index < x * y; index++) {
      assertEquals(blockCount(grid, index), { x: index % x, y: Math.floor(index / x) });
      const { left, top, ...size } = blockDefn(grid, index);
      assertEquals([left, top], [(index % x) * windowxsize, Math.floor(index / x) * windowysize]);
      for (let row = top; row < top + size.nrows; row++) {
        for (let col = left; col < left + size.ncols; col++) seen[row * ncols + col]! += 1;
      }
    }
    assertEquals(seen.every((times) => times === 1), true, `${ncols} x ${nrows}`);
  }
});

Deno.test("a block is described by its count and its pixels", () => {
  const grid = { ncols: 100, nrows: 70, windowxsize: 48, windowysize: 32 };
  assertEquals(describeBlock(grid, 8), "block (2, 2) (4 x 6 pixels from column 96, row 64)");
});
