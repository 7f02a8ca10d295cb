import { assert, assertEquals } from "@std/assert";
import { ConfigError } from "../../core/errors.ts";
import type { ApplierControls, ApplyOptions } from "../../raster/apply_options.ts";
import { type DataType, newPixelArray } from "../../raster/data_type.ts";
import { tempFolder } from "../gdal.ts";
import {
  assertFails,
  example,
  FED_THREADS,
  makeRaster,
  readRaster,
  run,
  shifted,
  THREADS,
} from "./apply_support.ts";

const BLOCKS: ApplierControls = { windowxsize: 16, windowysize: 16, windowExact: true };

const SIZE = { width: 40, height: 30, holes: 0 } as const;

const neverCalled: ApplyOptions["userFunction"] = () => {
  throw new Error("it was called all the same");
};

const copyAll: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
  outputs.out = img;
};

/** A job on one image; the output is `out`. */
function jobOn(folder: ReturnType<typeof tempFolder>, dataType: DataType, nodata: number | null = null) {
  makeRaster(folder.file("img.tif"), { ...SIZE, dataType, nodata });
  return { infiles: { img: folder.file("img.tif") }, outfiles: { out: folder.file("out.tif") } };
}

Deno.test("an input's nodata value that its type can't hold is refused before anything starts", async () => {
  using folder = tempFolder();
  const cases: [DataType, number | bigint, ...string[]][] = [
    ["uint8", -9999, "--nodata img:-9999 (inputNoData): uint8, the type of '", "img.tif', can't hold it"],
    ["uint8", 300, "--nodata img:300 ", "give a whole number from 0 to 255, or none"],
    ["uint8", 1.5, "--nodata img:1.5 "],
    ["uint8", NaN, "--nodata img:nan "],
    ["int16", -Infinity, "--nodata img:-inf ", "from -32768 to 32767"],
    ["uint64", -1, "--nodata img:-1 ", "from 0 to 18446744073709551615"],
    ["float32", 1e39, "--nodata img:1e+39 ", "a number that float32 can hold"],
  ];
  for (const [dataType, given, ...says] of cases) {
    const job = jobOn(folder, dataType);
    for (const inputNoData of [given, { img: given }, { "*": given }]) {
      const controls = { inputNoData, outputNoData: null };
      const options = { ...job, userFunction: neverCalled, controls };
      await assertFails(folder.path, options, { kind: ConfigError, says });
    }
  }
});

Deno.test("every file of a list must be able to hold the list's nodata value", async () => {
  using folder = tempFolder();
  const [a, b] = [folder.file("a.tif"), folder.file("b.tif")];
  makeRaster(a, { ...SIZE, dataType: "int16" });
  makeRaster(b, { ...SIZE, dataType: "uint8" });
  const options = {
    ...{ infiles: { imgs: [a, b] }, outfiles: { out: folder.file("out.tif") }, userFunction: neverCalled },
    controls: { inputNoData: { imgs: -1 } },
  };
  await assertFails(folder.path, options, {
    ...{ kind: ConfigError, says: ["--nodata imgs:-1 ", "uint8, the type of '", "b.tif'"] },
  });
});

Deno.test("a file's own nodata value that no pixel can be is none, and one notice says so", async () => {
  using folder = tempFolder();
  const job = { ...jobOn(folder, "uint8", -9999), userFunction: copyAll };
  const { notices } = await run({ ...job, controls: BLOCKS });
  assertEquals(notices, [
    `'${
      folder.file("img.tif")
    }' has the nodata value -9999, which no pixel of uint8 can be: it counts as none, ` +
    `and pixels outside of the file as 0. Give one with --nodata img:VALUE (inputNoData), or say img:none`,
  ]);
  for (const given of [255, null]) {
    const again = await run({ ...job, controls: { ...BLOCKS, inputNoData: { img: given } } });
    assertEquals(again.notices, [], `given ${given}`);
  }
});

Deno.test("an input without a nodata value is told of, once a name, if it is read beyond its edges", async () => {
  using folder = tempFolder();
  const [a, b, c, other] = ["a.tif", "b.tif", "c.tif", "other.tif"].map((name) => folder.file(name));
  makeRaster(a!, { ...SIZE, nodata: 9 });
  makeRaster(b!, { ...SIZE, geotransform: shifted(20, 10) });
  makeRaster(c!, { ...SIZE, geotransform: shifted(-5, 0) });
  makeRaster(other!, { width: 200, height: 200, geotransform: shifted(-60, -60) });
  const userFunction = example("mosaic_mean.ts");
  const job = (controls: ApplierControls): ApplyOptions => ({
    ...{
      userFunction,
      infiles: { imgs: [a!, b!, c!], other: other! },
      outfiles: { mean: folder.file("out.tif") },
    },
    controls: { ...BLOCKS, outputNoData: NaN, filesForExtent: ["imgs"], ...controls },
  });
  const notice =
    `'${b}' (and 1 more of imgs) has no nodata value: pixels outside of it are 0 to the function. ` +
    "Give one with --nodata imgs:VALUE (inputNoData), or say imgs:none";
  const union = { footprint: "union" } as const;
  const cases: [string, ApplierControls, string[]][] = [
    ["the intersection lies in all", {}, []],
    ["the union is larger than two of them", union, [notice]],
    ["a margin at the edges of the intersection", { overlap: 1 }, [notice]],
    ["a nodata value is given", { ...union, inputNoData: { imgs: 65535 } }, []],
    ["the user says that there is none", { ...union, inputNoData: { imgs: null } }, []],
    [
      "bounds beyond all of them",
      { footprint: "bounds_from_reference", reference: other!, overlap: 1 },
      [notice, notice.replace(`'${b}' (and 1 more of imgs)`, `'${other}'`).replaceAll("imgs:", "other:")],
    ],
  ];
  for (const [what, controls, expected] of cases) {
    assertEquals((await run(job(controls))).notices, expected, what);
  }
});

Deno.test("a margin is a reason for that notice only if it reaches beyond the file, on whichever side", async () => {
  using folder = tempFolder();
  const job = { ...jobOn(folder, "uint16"), userFunction: copyAll };
  const { geoKeys } = (await readRaster(folder.file("img.tif"))).info;
  // The part of 40 x 30 pixels that is worked on: columns and rows, from and to.
  const cases: [number, number, number, number, boolean][] = [
    [2, 2, 38, 28, false],
    [1, 2, 38, 28, true],
    [2, 1, 38, 28, true],
    [2, 2, 39, 28, true],
    [2, 2, 38, 29, true],
  ];
  for (const [left, top, right, bottom, isTold] of cases) {
    const geotransform = shifted(left, top);
    const referencePixgrid = { ncols: right - left, nrows: bottom - top, geotransform, geoKeys };
    const footprint = "bounds_from_reference";
    const { notices } = await run({
      ...job,
      controls: { ...BLOCKS, overlap: 2, footprint, referencePixgrid },
    });
    assertEquals(notices.length, isTold ? 1 : 0, `${left} ${top} ${right} ${bottom}: ${notices}`);
  }
});

Deno.test("an output's nodata value that its fixed type can't hold is refused before anything starts", async () => {
  using folder = tempFolder();
  const job = jobOn(folder, "uint8");
  const cases: [DataType, number | bigint, ...string[]][] = [
    [
      "uint8",
      -9999,
      "Output 'out' is uint8, which can't hold its nodata value -9999: give --nodata out:VALUE",
    ],
    ["uint8", NaN, "value nan", "a whole number from 0 to 255, or none"],
    ["uint8", 300, "value 300"],
    ["uint8", 1.5, "value 1.5"],
    ["int64", 2n ** 63n, "value 9223372036854775808", "to 9223372036854775807"],
    ["float32", 1e39, "value 1e+39", "a number that float32 can hold"],
  ];
  for (const [outputType, outputNoData, ...says] of cases) {
    const options = { ...job, userFunction: neverCalled, controls: { outputType, outputNoData } };
    await assertFails(folder.path, options, { kind: ConfigError, says });
  }
});

Deno.test("an output's nodata value that its type can't hold is refused at the first block", async () => {
  using folder = tempFolder();
  const job = { ...jobOn(folder, "uint8"), userFunction: copyAll };
  const cases = [[{}, -9999], [{}, 1.5], [THREADS, NaN], [FED_THREADS, 300]] as const;
  for (const [concurrency, outputNoData] of cases) {
    const options = { ...job, concurrency, controls: { ...BLOCKS, outputNoData } };
    await assertFails(folder.path, options, {
      kind: ConfigError,
      says: [
        "Output 'out' is uint8, which can't hold its nodata value ",
        "--nodata out:VALUE",
        "from 0 to 255",
      ],
    });
  }
});

Deno.test("of several outputs the one whose type can't hold the nodata value is named", async () => {
  using folder = tempFolder();
  const { infiles } = jobOn(folder, "uint8");
  const options: ApplyOptions = {
    ...{ infiles, outfiles: { means: [folder.file("a.tif"), folder.file("b.tif")] }, concurrency: THREADS },
    userFunction(_info, { img }, outputs) {
      outputs.means = [Float32Array.from(img.data), img];
    },
    controls: { ...BLOCKS, outputNoData: NaN },
  };
  await assertFails(folder.path, options, {
    ...{ kind: ConfigError, says: ["Output 'means[1]' is uint8", "--nodata means:VALUE"] },
  });
});

Deno.test("an output's nodata value is taken at the ends of its type's range", async () => {
  using folder = tempFolder();
  const cases: [DataType, number | bigint, number | bigint][] = [
    ["uint8", 255, 255],
    ["uint8", 7n, 7],
    ["int16", -32768, -32768],
    ["uint64", 2n ** 64n - 1n, 2n ** 64n - 1n],
    ["int64", -(2n ** 63n), -(2n ** 63n)],
    ["float32", 0.1, Math.fround(0.1)],
    ["float32", -3.4028235e38, -3.4028234663852886e38],
    ["float32", NaN, NaN],
    ["float64", -Number.MAX_VALUE, -Number.MAX_VALUE],
  ];
  for (const [dataType, outputNoData, written] of cases) {
    await run({
      ...{ ...jobOn(folder, dataType), userFunction: copyAll, controls: { ...BLOCKS, outputNoData } },
    });
    const made = await readRaster(folder.file("out.tif"));
    assertEquals([made.nodata, made.pixels.constructor], [written, newPixelArray(dataType, 0).constructor]);
  }
});

Deno.test("a list of nodata values gives each layer its own, and an output one that it repeats", async () => {
  using folder = tempFolder();
  makeRaster(folder.file("img.tif"), { ...SIZE, bands: 3, dataType: "int16", nodata: 7 });
  await run({
    userFunction: (info, { img }, outputs) => {
      const seen = [1, 2].map((band) => info.getNoDataValueFor(img, band));
      if (seen[0] !== -1 || seen[1] !== null) throw new Error(`${seen}`);
      outputs.out = img;
    },
    infiles: { img: folder.file("img.tif") },
    outfiles: { out: folder.file("out.tif") },
    controls: { ...BLOCKS, layers: [3, 1], inputNoData: [-1, null], outputNoData: [9, 9], overlap: 0 },
  });
  assertEquals((await readRaster(folder.file("out.tif"))).nodata, 9);
});

Deno.test("NaN or infinity in an output of a finite nodata value is told once, with the blocks that have it", async () => {
  using folder = tempFolder();
  makeRaster(folder.file("img.tif"), { ...SIZE, dataType: "float32" });
  // 3 x 2 blocks of 16 pixels with a margin of 2; pixel (0, 15) lies in the margin of the second block, too.
  const job: ApplyOptions = {
    userFunction: (info, { img }, outputs, { value, pixels }) => {
      const { ncols, nrows } = info.getBlockDefn();
      const cols = ncols + 4;
      const data = img.data.slice();
      for (const [row, col] of pixels) {
        const [y, x] = [row - info.getBlockDefn().top + 2, col - info.getBlockDefn().left + 2];
        if (x >= 0 && x < cols && y >= 0 && y < nrows + 4) data[y * cols + x] = value;
      }
      outputs.out = data;
    },
    infiles: { img: folder.file("img.tif") },
    outfiles: { out: folder.file("out.tif") },
  };
  const told = async (value: number, outputNoData: number | null, concurrency = {}) => {
    const { notices } = await run({
      ...job,
      otherArgs: { value, pixels: [[0, 15], [20, 39]] },
      controls: { ...BLOCKS, outputNoData, overlap: 2 },
      concurrency,
    });
    return notices.filter((line) => line.includes("NaN or infinite"));
  };
  for (const value of [NaN, Infinity, -Infinity]) {
    const [line, ...more] = await told(value, -9999, value === Infinity ? THREADS : {});
    assertEquals(more, []);
    assert(line?.includes("'out' has pixels that are NaN or infinite in 2 block(s)"), line);
    assert(line!.includes("-9999"), line);
  }
  assertEquals(await told(1e30, 0), []);
  assertEquals(await told(NaN, NaN), []);
  assertEquals(await told(NaN, null), []);
});
