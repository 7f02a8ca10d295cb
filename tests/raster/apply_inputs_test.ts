import { assertEquals } from "@std/assert";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { DATA_TYPES, type DataType, newPixelArray, type PixelArray } from "../../raster/data_type.ts";
import { tempFolder } from "../gdal.ts";
import {
  assertSamePixels,
  FED_THREADS,
  type Image,
  makeRaster,
  readRaster,
  run,
  shifted,
  STYLES,
  THREADS,
} from "./apply_support.ts";

const SMALL_BLOCKS = { windowxsize: 32, windowysize: 16, windowExact: true } as const;

const copyAll: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
  outputs.out = img;
};

/** The bands of an image in another order, from 1. */
function bandsOf({ width, height, pixels }: Image, order: readonly number[]): PixelArray {
  const size = width * height;
  const picked = pixels.slice(0, size * order.length);
  order.forEach((band, at) => {
    picked.set(pixels.subarray((band - 1) * size, band * size) as never, at * size);
  });
  return picked;
}

Deno.test("layers are read in the order given, also more than once, from one input or from all", async () => {
  using folder = tempFolder();
  for (const options of [["INTERLEAVE=PIXEL"], ["TILED=NO"], ["COMPRESS=NONE", "INTERLEAVE=PIXEL"]]) {
    const [scene, out] = [folder.file("scene.tif"), folder.file("out.tif")];
    const image = makeRaster(scene, { width: 60, height: 41, bands: 5, options });
    for (const order of [[4], [5, 1], [3, 3, 1], [1, 2, 3, 4, 5]]) {
      for (const layers of [order, { img: order }, { "*": order }]) {
        await run({
          ...{ userFunction: copyAll, infiles: { img: scene }, outfiles: { out } },
          controls: { ...SMALL_BLOCKS, overlap: 1, layers },
        });
        const made = await readRaster(out);
        assertSamePixels(made.pixels, bandsOf(image, order), `${order} of ${options}`);
      }
    }
  }
});

Deno.test("layers and nodata of one input leave the others as they are", async () => {
  using folder = tempFolder();
  const [a, b, out] = ["a.tif", "b.tif", "out.tif"].map((name) => folder.file(name)) as [
    string,
    string,
    string,
  ];
  makeRaster(a, { width: 40, height: 30, bands: 3, nodata: 1 });
  makeRaster(b, { width: 40, height: 30, bands: 2, nodata: 2, seed: 2 });
  const jobs = [
    { inputNoData: { a: 55 }, layers: { a: [2] }, seen: [1, 55, 2, 2] },
    { inputNoData: { "*": 66, b: null }, layers: { "*": [1, 1, 1], a: [3] }, seen: [1, 66, 3, -1] },
    { inputNoData: null, layers: [1], seen: [1, -1, 1, -1] },
    { inputNoData: 7, layers: {}, seen: [3, 7, 2, 7] },
  ];
  for (const { seen, ...controls } of jobs) {
    await run({
      userFunction(_info, { a, b }, outputs) {
        outputs.out = new Float32Array(a.rows * a.cols)
          .fill(((a.bands * 100 + Number(a.nodata ?? -1)) * 10 + b.bands) * 100 + Number(b.nodata ?? -1));
      },
      ...{ infiles: { a, b }, outfiles: { out }, controls },
    });
    const [bandsA, nodataA, bandsB, nodataB] = seen as [number, number, number, number];
    const expected = ((bandsA * 100 + nodataA) * 10 + bandsB) * 100 + nodataB;
    assertEquals((await readRaster(out)).pixels[0], expected);
  }
});

/** What stands outside an input, for nodata values of every kind. */
const OUTSIDE: readonly {
  readonly dataType: DataType;
  readonly file?: number | bigint;
  readonly given?: number | bigint | null;
  readonly nodata: number | bigint | null;
  readonly outside: number | bigint;
}[] = [
  { dataType: "uint8", nodata: null, outside: 0 },
  { dataType: "uint8", file: 255, nodata: 255, outside: 255 },
  { dataType: "uint8", file: -9999, nodata: null, outside: 0 },
  { dataType: "uint8", file: 256, nodata: null, outside: 0 },
  { dataType: "uint8", file: 1.5, nodata: null, outside: 0 },
  { dataType: "uint16", file: NaN, nodata: null, outside: 0 },
  { dataType: "uint8", file: -9999, given: 255, nodata: 255, outside: 255 },
  { dataType: "int16", file: -32768, given: 12n, nodata: 12, outside: 12 },
  { dataType: "int16", file: -32768, given: null, nodata: null, outside: 0 },
  { dataType: "uint32", given: 4294967295, nodata: 4294967295, outside: 4294967295 },
  { dataType: "float32", file: NaN, nodata: NaN, outside: NaN },
  { dataType: "float32", file: -Infinity, nodata: -Infinity, outside: -Infinity },
  { dataType: "float32", given: 0.1, nodata: Math.fround(0.1), outside: Math.fround(0.1) },
  { dataType: "float64", given: 0.1, nodata: 0.1, outside: 0.1 },
  { dataType: "float64", nodata: null, outside: 0 },
  { dataType: "int64", file: -(2n ** 63n), nodata: -(2n ** 63n), outside: -(2n ** 63n) },
  { dataType: "int64", given: 5, nodata: 5n, outside: 5n },
  { dataType: "uint64", given: 2n ** 64n - 1n, nodata: 2n ** 64n - 1n, outside: 2n ** 64n - 1n },
];

Deno.test("pixels outside an input are its nodata value; what a file says and its type can't hold is none, and 0", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  for (const { dataType, file = null, given, nodata, outside } of OUTSIDE) {
    const image = makeRaster(scene, { width: 20, height: 17, dataType, nodata: file, holes: 0 });
    const what = `${dataType}, nodata ${file}, given ${given}`;
    for (const concurrency of [{}, FED_THREADS]) {
      const { otherArgsList } = await run({
        userFunction(_info, { img }, outputs, seen) {
          seen.nodata = img.nodata;
          outputs.out = img;
        },
        ...{ infiles: { img: scene }, outfiles: { out }, otherArgs: {}, concurrency },
        controls: {
          ...{ footprint: "bounds_from_reference", outputNoData: null },
          referencePixgrid: {
            ...{ ncols: 26, nrows: 19, geotransform: shifted(-4, -1) },
            geoKeys: (await readRaster(scene)).info.geoKeys,
          },
          ...given === undefined ? {} : { inputNoData: given },
        },
      });
      assertEquals((otherArgsList[0] as { nodata: unknown }).nodata, nodata, what);
      const expected = newPixelArray(dataType, 26 * 19);
      expected.fill(outside as never);
      for (let row = 0; row < 17; row++) {
        expected.set(image.pixels.subarray(row * 20, row * 20 + 20) as never, (row + 1) * 26 + 4);
      }
      assertSamePixels((await readRaster(out)).pixels, expected, what);
    }
  }
});

Deno.test("blocks are of each file's own type, with shape (bands, rows, cols) margin included", async () => {
  using folder = tempFolder();
  const types = Object.keys(DATA_TYPES) as DataType[];
  const images = types.map((dataType, i) =>
    makeRaster(folder.file(`${dataType}.tif`), { width: 45, height: 38, bands: 1 + i % 3, dataType, seed: i })
  );
  for (const concurrency of [{}, THREADS, FED_THREADS]) {
    await run({
      userFunction(info, inputs, outputs) {
        const [cols, rows] = info.getBlockSize();
        for (const [type, block] of Object.entries(inputs)) {
          const { data, bands } = block;
          const shape = [block.rows, block.cols, data.length].join();
          if (shape !== [rows + 2, cols + 2, bands * (rows + 2) * (cols + 2)].join()) {
            throw new Error(`${type} has ${shape}`);
          }
          for (let band = 0; band < bands; band++) {
            const pixels = block.band(band);
            if (pixels.length !== block.rows * block.cols || pixels.buffer !== data.buffer) {
              throw new Error(`band ${band} of ${type} is no view on its data`);
            }
          }
          outputs[`${type}_out`] = block;
        }
      },
      infiles: Object.fromEntries(types.map((type) => [type, folder.file(`${type}.tif`)])),
      outfiles: Object.fromEntries(types.map((type) => [`${type}_out`, folder.file(`${type}_out.tif`)])),
      ...{ controls: { ...SMALL_BLOCKS, overlap: 1 }, concurrency },
    });
    for (const [i, type] of types.entries()) {
      const made = await readRaster(folder.file(`${type}_out.tif`));
      assertSamePixels(made.pixels, images[i]!.pixels, type);
    }
  }
});

Deno.test("a list of one file is a list, and one file twice in a list gives two blocks", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  const image = makeRaster(scene, { width: 40, height: 30 });
  await run({
    userFunction(_info, { one, two }, outputs) {
      if (one.length !== 1 || two.length !== 2 || two[0] === two[1]) throw new Error("not as lists");
      two[0].data.fill(0);
      outputs.out = Uint32Array.from(one[0].data, (value: number, i: number) => value + two[1].data[i]);
    },
    ...{ infiles: { one: [scene], two: [scene, scene] }, outfiles: { out } },
  });
  const expected = Uint32Array.from(image.pixels as Uint16Array, (value) => 2 * value);
  assertSamePixels((await readRaster(out)).pixels, expected, "sum");
});

Deno.test("a mosaic of more files than are opened at once is read in the order given", async () => {
  using folder = tempFolder();
  const paths = Array.from({ length: 40 }, (_, i) => folder.file(`${i}.tif`));
  paths.forEach((path, i) =>
    makeRaster(path, { width: 10, height: 10, geotransform: shifted(7 * i, 3 * i), nodata: i, holes: 1 })
  );
  const out = folder.file("out.tif");
  for (const concurrency of Object.values(STYLES)) {
    await run({
      userFunction(info, { tiles }, outputs) {
        tiles.forEach((tile: { data: Uint16Array }, i: number) => {
          if (!tile.data.every((value) => value === i)) throw new Error(`file ${i} is not in its place`);
          if (!info.getFilenameFor(tiles[i]).endsWith(`/${i}.tif`)) throw new Error(`not the name of ${i}`);
        });
        outputs.out = tiles[39];
      },
      ...{ infiles: { tiles: paths }, outfiles: { out }, concurrency },
      controls: { ...SMALL_BLOCKS, footprint: "union" },
    });
  }
  const made = await readRaster(out);
  assertEquals([made.width, made.height], [283, 127]);
});

Deno.test("an input and an output may have one name, as in RIOS; each has options of its own", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  const { pixels } = makeRaster(scene, { width: 40, height: 30, holes: 0 });
  await run({
    userFunction: (_info, { img }, outputs) => {
      if (img.nodata !== 3) throw new Error(`the input's nodata value is ${img.nodata}`);
      outputs.img = img;
    },
    infiles: { img: scene },
    outfiles: { img: out },
    controls: { inputNoData: { img: 3 }, outputNoData: { img: 5 } },
  });
  const made = await readRaster(out);
  assertEquals(made.nodata, 5);
  assertSamePixels(made.pixels, pixels, "copy");
});
