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
