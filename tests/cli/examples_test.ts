import { assertEquals, assertThrows } from "@std/assert";
import countPixels, { type CountArgs, mergeOtherArgs } from "../../examples/count_pixels.ts";
import focalMean from "../../examples/focal_mean.ts";
import makeScene from "../../examples/make_scene.ts";
import mosaicMean from "../../examples/mosaic_mean.ts";
import ndvi from "../../examples/ndvi.ts";
import type { BlockOutputs } from "../../raster/apply_options.ts";
import type { PixelArray } from "../../raster/data_type.ts";
import { NO_GEOTRANSFORM } from "../../raster/pixel_grid.ts";
import { RasterBlock } from "../../raster/raster_block.ts";
import { ReaderInfo } from "../../raster/reader_info.ts";

interface InfoOptions {
  readonly size: number;
  readonly window?: number;
  readonly overlap?: number;
  readonly index?: number;
}

function infoOf({ size, window = size, overlap = 0, index = 0 }: InfoOptions): ReaderInfo {
  const workinggrid = { geotransform: NO_GEOTRANSFORM, ncols: size, nrows: size, geoKeys: null };
  const blocks = { ncols: size, nrows: size, windowxsize: window, windowysize: window };
  return new ReaderInfo({ workinggrid, blocks, overlap, worker: 0, jobName: undefined }, index, new Map());
}

function block(data: PixelArray, bands: number, nodata: number | null = null): RasterBlock {
  const side = Math.sqrt(data.length / bands);
  return new RasterBlock(data, { bands, rows: side, cols: side }, nodata);
}

Deno.test("NDVI is NaN without data and where both bands are zero", () => {
  const outputs: BlockOutputs = {};
  // blue, green, red, nir of 2 x 2 pixels
  const data = Uint16Array.of(9, 9, 9, 9, 9, 9, 9, 9, 100, 7, 0, 300, 300, 50, 0, 100);
  ndvi(infoOf({ size: 2 }), { img: block(data, 4, 7) }, outputs);
  assertEquals(outputs.ndvi, Float32Array.of(0.5, NaN, NaN, -0.5));
});

Deno.test("the focal mean takes the 25 pixels around one, without those that have no data", () => {
  const outputs: BlockOutputs = {};
  const data = Int16Array.from({ length: 49 }, (_, i) => i === 24 ? -1 : i * i);
  focalMean(infoOf({ size: 3, overlap: 2 }), { img: block(data, 1, -1) }, outputs);
  const means = (outputs.mean as RasterBlock).data;
  let [sum, count] = [0, 0];
  for (let row = 0; row < 5; row++) {
    for (let col = 0; col < 5; col++) {
      const value = data[row * 7 + col]!;
      if (value >= 0) [sum, count] = [sum + value, count + 1];
    }
  }
  assertEquals(count, 24);
  assertEquals(means[2 * 7 + 2], Math.fround(sum / count));
  assertThrows(
    () => focalMean(infoOf({ size: 7 }), { img: block(data, 1) }, outputs),
    RangeError,
    "overlap of 2",
  );
});

Deno.test("the focal mean of a place without any data is the nodata value", () => {
  const outputs: BlockOutputs = {};
  focalMean(infoOf({ size: 1, overlap: 2 }), { img: block(new Uint8Array(25).fill(255), 1, 255) }, outputs);
  assertEquals((outputs.mean as RasterBlock).data[12], 255);
});

Deno.test("the mosaic mean counts each scene where it has data", () => {
  const outputs: BlockOutputs = {};
  const imgs = [block(Uint8Array.of(1, 0, 0, 4), 1, 0), block(Uint8Array.of(3, 5, 0, 9), 1, 9)];
  mosaicMean(infoOf({ size: 2 }), { imgs }, outputs);
  assertEquals((outputs.mean as RasterBlock).data, Float32Array.of(2, 5, 0, 4));
  mosaicMean(infoOf({ size: 2 }), { imgs: imgs.slice(0, 1) }, outputs);
  assertEquals((outputs.mean as RasterBlock).data, Float32Array.of(1, NaN, NaN, 4));
});

Deno.test("pixels are counted in a block and added up over blocks", () => {
  const args: CountArgs = { above: 2 };
  countPixels(infoOf({ size: 2 }), { img: block(Uint8Array.of(0, 1, 3, 4), 1, 0) }, {}, args);
  assertEquals(args, { above: 2, valid: 3, counted: 2 });
  assertEquals(mergeOtherArgs(mergeOtherArgs({ above: 2 }, args), args), { above: 2, valid: 6, counted: 4 });
  const noArgs = undefined as unknown as CountArgs;
  assertThrows(
    () => countPixels(infoOf({ size: 1 }), { img: block(new Uint8Array(1), 1) }, {}, noArgs),
    TypeError,
    "--args",
  );
});

Deno.test("a made scene is the same however it is cut into blocks", () => {
  const size = 160;
  const whole = sceneOf(size, size);
  assertEquals(sceneOf(size, 48), whole);
  assertEquals(sceneOf(size, 67), whole);
  const valid = whole.filter((value) => value > 0).length / whole.length;
  assertEquals(valid > 0.8 && valid < 1, true, `${valid}`);
});

function sceneOf(size: number, window: number): Uint16Array {
  const scene = new Uint16Array(4 * size * size);
  const across = Math.ceil(size / window);
  for (let index = 0; index < across * across; index++) {
    const info = infoOf({ size, window, index });
    const outputs: BlockOutputs = {};
    makeScene(info, {}, outputs);
    const { data } = outputs.scene as unknown as { data: Uint16Array };
    const { left, top, ncols, nrows } = info.getBlockDefn();
    for (let band = 0; band < 4; band++) {
      for (let row = 0; row < nrows; row++) {
        const from = (band * nrows + row) * ncols;
        scene.set(data.subarray(from, from + ncols), (band * size + top + row) * size + left);
      }
    }
  }
  return scene;
}
