import { assertEquals, assertThrows } from "@std/assert";
import { RasterBlock } from "../../raster/raster_block.ts";

Deno.test("a band of a block is a view on its pixels", () => {
  const data = Int16Array.from({ length: 12 }, (_, i) => i);
  const block = new RasterBlock(data, { bands: 2, rows: 2, cols: 3 }, -1);
  assertEquals([block.bands, block.rows, block.cols, block.nodata], [2, 2, 3, -1]);
  assertEquals(block.band(1), Int16Array.of(6, 7, 8, 9, 10, 11));
  block.band(1)[0] = 99;
  assertEquals(data[6], 99);
  for (const band of [-1, 2, 0.5, NaN]) {
    assertThrows(() => block.band(band), RangeError, `band(${band}) of a block with 2 band(s)`);
  }
});

Deno.test("a block asked for an element, as if it were an array, says how its pixels are read", () => {
  const block = new RasterBlock(Int16Array.of(1, 2), { bands: 2, rows: 1, cols: 1 }, null);
  // deno-lint-ignore no-explicit-any -- what a function without types does
  const loose = block as any;
  assertThrows(() => loose[1], TypeError, "a block has no [1]: the pixels of a band, from 0, are band(1)");
  assertEquals([loose.length, loose.then, `${loose}`], [undefined, undefined, "[object Object]"]);
  assertEquals(Object.keys(block), ["data", "bands", "rows", "cols", "nodata"]);
  loose.mine = 5;
  assertEquals(loose.mine, 5);
});
