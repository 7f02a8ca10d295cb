import { assertEquals } from "@std/assert";
import type { ApplierControls } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import { expectedFocalMean, expectedMosaic, expectedNdvi } from "./apply_expected.ts";
import {
  assertSamePixels,
  example,
  filesIn,
  makeRaster,
  readRaster,
  run,
  shifted,
  STYLES,
  THREADS,
} from "./apply_support.ts";

/** Window sizes, width by height, with tiles made to fit: many small blocks, not square, one larger than the image. */
const WINDOWS: readonly (readonly [number, number])[] = [[16, 16], [48, 112], [144, 32], [512, 512]];

function window([windowxsize, windowysize]: readonly [number, number]): ApplierControls {
  return { windowxsize, windowysize, windowExact: true };
}

for (const [style, concurrency] of Object.entries(STYLES)) {
  Deno.test(`${style} gives the NDVI of a whole-image computation, to the last bit`, async () => {
    using folder = tempFolder();
    const [scene, out] = [folder.file("scene.tif"), folder.file("ndvi.tif")];
    const image = makeRaster(scene, { width: 301, height: 203, bands: 4, nodata: 0 });
    const { blocks, workers } = await run({
      ...{ userFunction: example("ndvi.ts"), infiles: { img: scene }, outfiles: { ndvi: out }, concurrency },
      controls: { ...window([48, 112]), outputNoData: NaN },
    });
    assertEquals(blocks, { total: 14, done: 14, resumed: 0, retried: 0 });
    assertEquals([workers.kind, workers.lost], [concurrency.computeWorkerKind ?? "CW_NONE", 0]);
    const made = await readRaster(out);
    assertSamePixels(made.pixels, expectedNdvi(image), style);
    assertEquals([made.width, made.height, made.bands, made.nodata], [301, 203, 1, NaN]);
    assertEquals(filesIn(folder.path), ["ndvi.tif", "scene.tif"]);
  });

  Deno.test(`${style} gives the 5 x 5 mean of a whole-image computation, block edges included`, async () => {
    using folder = tempFolder();
    const [scene, out] = [folder.file("scene.tif"), folder.file("mean.tif")];
    const image = makeRaster(scene, {
      ...{ width: 157, height: 111, bands: 2, dataType: "int16", nodata: -1, holes: 0.4 },
    });
    await run({
      ...{ userFunction: example("focal_mean.ts"), infiles: { img: scene }, outfiles: { mean: out } },
      ...{ controls: { ...window([32, 48]), overlap: 2, outputNoData: -1 }, concurrency },
    });
    const made = await readRaster(out);
    assertEquals(made.bands, 2);
    assertSamePixels(made.pixels, expectedFocalMean(image), style);
  });

  Deno.test(`${style} gives the mean of a mosaic with holes over the union of its scenes`, async () => {
    using folder = tempFolder();
    const scenes = [
      { width: 90, height: 70, col: 0, row: 0, seed: 2, nodata: 7 },
      // Its nodata value is another one, and so are its tiles.
      { width: 61, height: 83, col: 75, row: 33, seed: 3, nodata: 0, options: ["TILED=NO", "BLOCKYSIZE=7"] },
      // Left of and above the first one.
      { width: 40, height: 40, col: -31, row: -9, seed: 4, nodata: 65535, options: ["INTERLEAVE=PIXEL"] },
    ];
    const paths = scenes.map(({ seed }) => folder.file(`${seed}.tif`));
    const images = scenes.map((scene, i) => ({
      ...makeRaster(paths[i]!, { ...scene, bands: 2, geotransform: shifted(scene.col, scene.row) }),
      ...{ col: scene.col + 31, row: scene.row + 9 },
    }));
    const out = folder.file("mean.tif");
    const { workinggrid } = await run({
      ...{ userFunction: example("mosaic_mean.ts"), infiles: { imgs: paths }, outfiles: { mean: out } },
      ...{ controls: { ...window([64, 32]), footprint: "union", outputNoData: NaN }, concurrency },
    });
    assertEquals([workinggrid.ncols, workinggrid.nrows, workinggrid.geotransform], [
      ...[167, 125, shifted(-31, -9)],
    ]);
    const made = await readRaster(out);
    assertEquals(made.info.geotransform, shifted(-31, -9));
    const expected = expectedMosaic(images, { width: 167, height: 125 });
    assertEquals(expected.some(Number.isNaN), true, "the test must have pixels that no scene covers");
    assertSamePixels(made.pixels, expected, style);
  });
}

Deno.test("the pixels are the same whatever the window and the number of workers", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  const image = makeRaster(scene, { width: 130, height: 95, nodata: 0, holes: 0.3 });
  const expected = expectedFocalMean(image);
  for (const size of WINDOWS) {
    for (const numComputeWorkers of [0, 1, 3]) {
      const out = folder.file(`${size}-${numComputeWorkers}.tif`);
      const concurrency = numComputeWorkers === 0 ? {} : { ...THREADS, numComputeWorkers };
      await run({
        ...{ userFunction: example("focal_mean.ts"), infiles: { img: scene }, outfiles: { mean: out } },
        ...{ controls: { ...window(size), overlap: 2 }, concurrency },
      });
      const made = await readRaster(out);
      assertEquals([made.info.tileWidth, made.info.tileHeight], size);
      assertSamePixels(made.pixels, expected, `${size} with ${numComputeWorkers} workers`);
    }
  }
});

Deno.test("images of all odd sizes, down to one pixel, come out whole", async () => {
  using folder = tempFolder();
  for (const [width, height] of [[1, 1], [17, 1], [1, 33], [16, 16], [255, 257], [511, 3]] as const) {
    const [scene, out] = [folder.file("scene.tif"), folder.file("mean.tif")];
    const image = makeRaster(scene, { width, height, nodata: 0 });
    for (const controls of [{ overlap: 2 }, { ...window([16, 16]), overlap: 2 }]) {
      await run({
        userFunction: example("focal_mean.ts"),
        infiles: { img: scene },
        outfiles: { mean: out },
        controls,
      });
      const made = await readRaster(out);
      assertEquals([made.width, made.height], [width, height]);
      assertSamePixels(made.pixels, expectedFocalMean(image), `${width} x ${height}`);
    }
  }
});

Deno.test("the 5 x 5 mean is that of 64-bit whole numbers too", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("mean.tif")];
  const image = makeRaster(scene, { width: 20, height: 18, dataType: "int64", nodata: 5n });
  await run({
    ...{ userFunction: example("focal_mean.ts"), infiles: { img: scene }, outfiles: { mean: out } },
    controls: { overlap: 2, outputNoData: 5 },
  });
  assertSamePixels((await readRaster(out)).pixels, expectedFocalMean(image), "int64");
});

Deno.test("a margin wider than the image and the window is filled on all sides", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("sums.tif")];
  const image = makeRaster(scene, { width: 20, height: 18, nodata: 5, holes: 0 });
  await run({
    userFunction(_info, { img }, outputs) {
      let sum = 0;
      let outside = 0;
      for (const value of img.data) {
        if (value === img.nodata) outside++;
        else sum += value;
      }
      outputs.sums = new Float64Array(img.rows * img.cols).fill(sum * 1e6 + outside);
    },
    ...{ infiles: { img: scene }, outfiles: { sums: out }, controls: { ...window([16, 16]), overlap: 40 } },
  });
  const total = Array.from(image.pixels, Number).reduce((sum, value) => sum + value);
  const made = await readRaster(out);
  // Every block with its margin holds the whole image; what is more of it is nodata.
  const outsideOf = (cols: number, rows: number) => (cols + 80) * (rows + 80) - 20 * 18;
  assertEquals(made.pixels[0], total * 1e6 + outsideOf(16, 16));
  assertEquals(made.pixels[20 * 18 - 1], total * 1e6 + outsideOf(4, 2));
});
