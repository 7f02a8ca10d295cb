import { assert, assertEquals, assertMatch } from "@std/assert";
import { DATA_TYPES, type DataType, newPixelArray, type PixelArray } from "../../raster/data_type.ts";
import { tempFolder } from "../gdal.ts";
import {
  assertSamePixels,
  example,
  FED_THREADS,
  filesIn,
  GEOTRANSFORM,
  makeImage,
  makeRaster,
  readRaster,
  run,
  STYLES,
  THREADS,
  UTM_33N,
} from "./apply_support.ts";

/** Layouts of every kind, by GDAL's creation options. */
const LAYOUTS: readonly (readonly string[])[] = [
  ["COMPRESS=NONE", "INTERLEAVE=PIXEL"],
  ["COMPRESS=DEFLATE", "PREDICTOR=2", "ZLEVEL=1"],
  ["COMPRESS=ZSTD", "INTERLEAVE=PIXEL", "PREDICTOR=2"],
  ["COMPRESS=ZSTD", "PREDICTOR=2", "BLOCKXSIZE=48", "BLOCKYSIZE=16"],
  ["TILED=NO"],
  ["TILED=NO", "BLOCKYSIZE=8", "INTERLEAVE=PIXEL", "BIGTIFF=YES"],
  ["SPARSE_OK=YES"],
];

Deno.test("outputs of all layouts at once hold the same pixels, on every kind of worker", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  const image = makeRaster(scene, { width: 131, height: 77, bands: 3, dataType: "int16", nodata: -9 });
  for (const [style, concurrency] of Object.entries(STYLES)) {
    const names = LAYOUTS.map((_, i) => `out${i}`);
    const { outputs, notices, blocks } = await run({
      userFunction(_info, { img }, outputs) {
        for (let i = 0; i < 7; i++) outputs[`out${i}`] = img;
      },
      infiles: { img: scene },
      outfiles: Object.fromEntries(names.map((name) => [name, folder.file(`${name}.tif`)])),
      controls: {
        ...{ windowxsize: 32, windowysize: 16, windowExact: true, outputNoData: -9 },
        creationOptions: Object.fromEntries(LAYOUTS.map((layout, i) => [`out${i}`, layout])),
      },
      concurrency,
    });
    assertEquals(notices, [
      "Window 32 x 16 rounded up to 131 x 16, whole 32 x 16 tiles and 48 x 16 tiles and 131 x 16 strips and " +
      "131 x 8 strips of the outputs",
    ]);
    assertEquals(blocks.total, 5);
    for (const { name, path, ...summary } of outputs) {
      const made = await readRaster(path);
      const what = `${name} ${LAYOUTS[Number(name.slice(3))]} ${style}`;
      assertSamePixels(made.pixels, image.pixels, what);
      assertEquals(
        [made.info.geotransform, made.info.geoKeys, made.nodata],
        [GEOTRANSFORM, UTM_33N, -9],
        what,
      );
      const bytes = Deno.statSync(path).size;
      assertEquals(summary, { width: 131, height: 77, bands: 3, type: "int16", bytes }, what);
    }
    const made = await readRaster(folder.file("out5.tif"));
    const { tiled, tileHeight, interleave, bigTiff } = made.info;
    assertEquals({ tiled, tileHeight, interleave, bigTiff }, {
      ...{ tiled: false, tileHeight: 8, interleave: "PIXEL", bigTiff: true },
    });
  }
});

Deno.test("outputs take their type and bands from the arrays, every type in one run", async () => {
  using folder = tempFolder();
  const types = Object.keys(DATA_TYPES) as DataType[];
  const scene = folder.file("scene.tif");
  const image = makeRaster(scene, { width: 100, height: 50, dataType: "uint8" });
  for (const concurrency of [{}, THREADS]) {
    const { outputs } = await run({
      userFunction(_info, { img }, outputs) {
        const kinds = {
          ...{
            uint8: Uint8Array,
            int8: Int8Array,
            uint16: Uint16Array,
            int16: Int16Array,
            uint32: Uint32Array,
          },
          ...{ int32: Int32Array, float32: Float32Array, float64: Float64Array },
        };
        for (const [name, kind] of Object.entries(kinds)) {
          outputs[name] = { data: kind.from([...img.data, ...img.data]), bands: 2 };
        }
        const big = [...img.data].map((value) => BigInt(value) * 1_000_000_000_000n);
        outputs.int64 = BigInt64Array.from(big, (value) => -value);
        outputs.uint64 = BigUint64Array.from(big);
      },
      ...{ infiles: { img: scene }, concurrency },
      outfiles: Object.fromEntries(types.map((type) => [type, folder.file(`${type}.tif`)])),
      controls: { windowxsize: 32, windowysize: 32, windowExact: true },
    });
    assertEquals(outputs.map(({ name, type }) => [name, type]), types.map((type) => [type, type]));
    for (const type of types) {
      const big = type.endsWith("64") && type !== "float64";
      const expected = newPixelArray(type, 5000 * (big ? 1 : 2));
      image.pixels.forEach((value: number | bigint, i: number) => {
        if (big) expected[i] = BigInt(value) * (type === "int64" ? -1_000_000_000_000n : 1_000_000_000_000n);
        else expected[i] = expected[i + 5000] = value;
      });
      assertSamePixels((await readRaster(folder.file(`${type}.tif`))).pixels, expected, type);
    }
  }
});

Deno.test("a clamped array, a part of a larger array and a foreign-looking block are all written as they are", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  const image = makeRaster(scene, { width: 40, height: 20, bands: 2, dataType: "uint8" });
  const names = ["clamped", "part", "record", "input"];
  await run({
    userFunction(_info, { img }, outputs) {
      outputs.clamped = { data: Uint8ClampedArray.from(img.data), bands: 2 };
      const larger = new Float64Array(img.data.length + 3).fill(-1);
      larger.set(img.data, 3);
      outputs.part = { data: larger.subarray(3), bands: 2 };
      outputs.record = { ...img };
      outputs.input = img;
    },
    infiles: { img: scene },
    outfiles: Object.fromEntries(names.map((name) => [name, folder.file(`${name}.tif`)])),
    controls: { windowxsize: 16, windowysize: 16, windowExact: true },
  });
  for (const name of names) {
    const { pixels } = await readRaster(folder.file(`${name}.tif`));
    assertSamePixels(pixels, name === "part" ? Float64Array.from(image.pixels, Number) : image.pixels, name);
  }
});

Deno.test("an input that is passed through with a margin loses the margin only", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  const image = makeRaster(scene, { width: 70, height: 45, bands: 2, dataType: "float32", nodata: NaN });
  for (const concurrency of [{}, THREADS, FED_THREADS]) {
    await run({
      userFunction: (_info, { img }, outputs) => {
        outputs.out = img;
      },
      ...{ infiles: { img: scene }, outfiles: { out: folder.file("out.tif") }, concurrency },
      controls: { windowxsize: 16, windowysize: 32, windowExact: true, overlap: 3 },
    });
    assertSamePixels((await readRaster(folder.file("out.tif"))).pixels, image.pixels, "out");
  }
});

Deno.test("a name may stand for a list of outputs, of other types and bands each", async () => {
  using folder = tempFolder();
  const scenes = [1, 2, 3].map((seed) => ({ path: folder.file(`in${seed}.tif`), seed }));
  const images = scenes.map(({ path, seed }) =>
    makeRaster(path, { width: 50, height: 40, bands: seed, seed })
  );
  const paths = ["a", "b", "c"].map((name) => folder.file(`${name}.tif`));
  const { outputs } = await run({
    userFunction(_info, { imgs }, outputs) {
      outputs.outs = [imgs[2], { data: Float32Array.from(imgs[1].data), bands: 2 }, imgs[0].data];
    },
    ...{ infiles: { imgs: scenes.map(({ path }) => path) }, outfiles: { outs: paths }, concurrency: THREADS },
    controls: {
      ...{
        windowxsize: 32,
        windowysize: 32,
        windowExact: true,
        creationOptions: { outs: ["COMPRESS=ZSTD"] },
      },
    },
  });
  assertEquals(outputs.map(({ name, path, bands, type }) => [name, path, bands, type]), [
    ["outs[0]", paths[0], 3, "uint16"],
    ["outs[1]", paths[1], 2, "float32"],
    ["outs[2]", paths[2], 1, "uint16"],
  ]);
  const made = await Promise.all(paths.map((path) => readRaster(path)));
  const expected: PixelArray[] = [
    images[2]!.pixels,
    Float32Array.from(images[1]!.pixels, Number),
    images[0]!.pixels,
  ];
  made.forEach(({ pixels, info }, i) => {
    assertSamePixels(pixels, expected[i]!, `outs[${i}]`);
    assertEquals(info.compression, "ZSTD");
  });
});

Deno.test("defaults are RIOS's: tiles of 256, planar, DEFLATE, nodata 0, classic TIFF", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  makeRaster(scene, { width: 300, height: 40, bands: 2 });
  const { notices, blocks } = await run({
    userFunction: (_info, { img }, outputs) => {
      outputs.out = img;
    },
    ...{ infiles: { img: scene }, outfiles: { out } },
  });
  assertEquals([notices, blocks.total], [[], 2]);
  const { tiled, tileWidth, tileHeight, interleave, compression, predictor, nodata, bigTiff } =
    (await readRaster(out)).info;
  assertEquals({ tiled, tileWidth, tileHeight, interleave, compression, predictor, nodata, bigTiff }, {
    ...{ tiled: true, tileWidth: 256, tileHeight: 256, interleave: "BAND", compression: "DEFLATE" },
    ...{ predictor: 1, nodata: 0, bigTiff: false },
  });
});

Deno.test("nodata, creation options, types and layer names go to all outputs, to one, or to the others", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, { width: 40, height: 30, bands: 2 });
  await run({
    userFunction(_info, { img }, outputs) {
      outputs.a = outputs.b = outputs.c = img;
    },
    infiles: { img: scene },
    outfiles: Object.fromEntries(["a", "b", "c"].map((name) => [name, folder.file(`${name}.tif`)])),
    controls: {
      outputNoData: { a: null, "*": 77 },
      creationOptions: { "*": ["COMPRESS=ZSTD"], c: ["COMPRESS=NONE"] },
      outputType: "uint16",
      layerNames: { a: ["red", "near infrared"], b: ["red"] },
    },
  });
  const info = async (name: string) => (await readRaster(folder.file(`${name}.tif`))).info;
  const seen = await Promise.all(["a", "b", "c"].map(info));
  assertEquals(seen.map(({ nodata, compression, bandNames }) => [nodata, compression, bandNames]), [
    [null, "ZSTD", ["red", "near infrared"]],
    [77, "ZSTD", ["red", ""]],
    [77, "NONE", ["", ""]],
  ]);
});

Deno.test("a window is rounded up to the outputs' tiles, and that is said in one line", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, { width: 600, height: 300 });
  const { notices, blocks } = await run({
    userFunction: (info, { img }, outputs) => {
      if (info.getWindowSize().join() !== "256,300") throw new Error(`window ${info.getWindowSize()}`);
      outputs.out = img;
    },
    ...{ infiles: { img: scene }, outfiles: { out: folder.file("out.tif") } },
    controls: { windowxsize: 16, windowysize: 290 },
  });
  assertEquals([blocks.total, notices.length], [3, 1]);
  assertMatch(notices[0]!, /^Window 16 x 290 rounded up to 256 x 300, whole 256 x 256 tiles of the output$/);
});

Deno.test("without outputs the window is what was asked for, and nothing is written", async () => {
  using folder = tempFolder();
  const scene = folder.file("scene.tif");
  makeRaster(scene, { width: 100, height: 60 });
  const { blocks, outputs, notices } = await run({
    userFunction() {},
    ...{ infiles: { img: scene }, controls: { windowxsize: 7, windowysize: 60 }, concurrency: THREADS },
  });
  assertEquals([blocks.total, blocks.done, outputs, notices], [15, 15, [], []]);
  assertEquals(filesIn(folder.path), ["scene.tif"]);
});

Deno.test("an output that was there is replaced as a whole, also through a symbolic link", async () => {
  using folder = tempFolder();
  const [scene, out, link] = [folder.file("scene.tif"), folder.file("out.tif"), folder.file("link.tif")];
  const image = makeRaster(scene, { width: 40, height: 30, nodata: 0 });
  Deno.writeTextFileSync(out, "an older output");
  Deno.symlinkSync("out.tif", link);
  await run({
    userFunction: (_info, { img }, outputs) => {
      outputs.out = img;
    },
    ...{ infiles: { img: scene }, outfiles: { out: link } },
  });
  assert(Deno.lstatSync(link).isSymlink);
  assertSamePixels((await readRaster(out)).pixels, image.pixels, "out");
  assertEquals(filesIn(folder.path), ["link.tif", "out.tif", "scene.tif"]);
});

Deno.test("paths with spaces, umlauts, percent and hash signs are taken as they are, and file URLs too", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("50 % grün #1?.tif"), folder.file("Ergebnis #2 100%.tif")];
  const image = makeRaster(scene, { width: 40, height: 30, nodata: 0 });
  const toUrl = (path: string) => {
    const url = new URL("file:///");
    url.pathname = path.replaceAll("%", "%25");
    return url;
  };
  const inputs = [scene, toUrl(scene), toUrl(scene).href];
  for (const img of inputs) {
    for (const given of [out, toUrl(out), toUrl(out).href]) {
      const { outputs } = await run({
        userFunction: example("focal_mean.ts"),
        ...{ infiles: { img }, outfiles: { mean: given }, controls: { overlap: 2 } },
      });
      assertEquals(outputs[0]!.path, out);
      Deno.removeSync(out);
    }
  }
  assertEquals(makeImage({ width: 40, height: 30, nodata: 0 }).pixels, image.pixels);
  assertEquals(filesIn(folder.path), ["50 % grün #1?.tif"]);
});
