import { ConfigError, RasterError, UnavailableError } from "../../core/errors.ts";
import type { ApplierControls, ApplyOptions } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import {
  assertFails,
  FED_THREADS,
  GEOTRANSFORM,
  makeRaster,
  shifted,
  THREADS,
  UTM_33N,
} from "./apply_support.ts";

/** Options as someone without a type checker might write them. */
// deno-lint-ignore no-explicit-any -- wrong types are what it is about
type Loose = any;

const GRID = { geotransform: GEOTRANSFORM, ncols: 10, nrows: 10, geoKeys: UTM_33N };

/** Controls that can't be, and what the refusal must say. */
const BAD_CONTROLS: readonly (readonly [Loose, ...string[]])[] = [
  [{ windowxsize: 0 }, "windowxsize must be a whole number of at least 1", "not 0"],
  [{ windowysize: 1.5 }, "windowysize", "not 1.5"],
  [{ windowysize: NaN }, "windowysize", "not NaN"],
  [{ windowxsize: "256" }, "windowxsize", `not "256"`],
  [{ windowxsize: 1200, windowExact: true }, "windowxsize 1200", "at most 1024"],
  [{ overlap: -1 }, "overlap must be a whole number of at least 0 pixels", "not -1"],
  [{ overlap: 0.5 }, "overlap", "not 0.5"],
  [{ overlap: null }, "overlap", "not null"],
  [{ overlap: 60_000 }, "A block of 120080 x 120060 pixels", "GiB of input 'img'", "the overlap smaller"],
  [{ overlap: 1e12 }, "GiB of input 'img'"],
  [{ footprint: "all" }, "no footprint 'all'", '"union"'],
  [{ footprint: "bounds_from_reference" }, "needs a reference", "referencePixgrid"],
  [{ reference: "x.tif", referencePixgrid: GRID }, "reference or referencePixgrid, not both"],
  [{ reference: "" }, "reference must be a path or URL", "empty text"],
  [{ referencePixgrid: { ...GRID, ncols: 0 } }, "referencePixgrid of 0 x 10 pixels"],
  [{ referencePixgrid: { ...GRID, nrows: NaN } }, "referencePixgrid of 10 x NaN pixels"],
  [{ referencePixgrid: { ...GRID, geotransform: [0, 0, 0, 0, 0, -1] } }, "geotransform", "places no pixels"],
  [{ referencePixgrid: { ncols: 1, nrows: 1 } }, "geotransform", "places no pixels"],
  [
    { filesForExtent: ["zzz"] },
    "filesForExtent names 'zzz', which is no input and no file; the inputs are img",
  ],
  [{ filesForExtent: ["imgs"] }, "no input and no file: did you mean img?"],
  [{ filesForExtent: [5] }, "filesForExtent must be a path or URL, not number"],
  [{ reference: "ing" }, "reference names 'ing', which is no input and no file: did you mean img?"],
  [{ filesForExtent: "img" }, "filesForExtent must be a list of inputs' names or of files", `not "img"`],
  [{ filesForExtent: [] }, "filesForExtent names no input"],
  [{ layers: { zzz: [1] } }, "layers names 'zzz'", "img"],
  [{ layers: 3 }, "layers must be a list of band numbers", "not 3"],
  [{ layers: { img: 3 } }, "layers of 'img' must be a list of band numbers, not 3"],
  [{ layers: { img: ["1"] } }, "layers of 'img'", '[ "1" ]'],
  [{ layers: { img: [0] } }, "no layer 0 in", "scene.tif", "which has 2 bands", "count from 1"],
  [{ layers: [1, 3] }, "no layer 3"],
  [{ layers: [1.5] }, "no layer 1.5"],
  [{ layers: { "*": [] } }, "layers of 'img' is an empty list"],
  [{ inputNoData: "1" }, "inputNoData must be a number, null, or a list of one a layer", 'not "1"'],
  [{ inputNoData: { img: [1, 2, 3] } }, "inputNoData of 'img' has 3 value(s), and 2 layer(s)", "scene.tif"],
  [{ inputNoData: { img: [1, -1] } }, "--nodata img:-1 (inputNoData)", "can't hold it"],
  [{ outputNoData: [1, 2] }, "outputNoData of 'out' has different values", "one for all its bands"],
  [{ inputNoData: { img: "none" } }, "inputNoData of 'img'", '"none"'],
  [{ inputNoData: { out: 1 } }, "inputNoData names 'out'"],
  [
    { outputNoData: { out: true } },
    "outputNoData of 'out' must be a number, null, or a list of one a layer, not true",
  ],
  [{ outputNoData: { img: 1 } }, "outputNoData names 'img'"],
  [{ outputType: "float16" }, "outputType must be one of uint8,", '"float16"'],
  [{ outputType: { out: 8 } }, "outputType of 'out'", "not 8"],
  [{ creationOptions: "COMPRESS=ZSTD" }, "creationOptions must be a list of KEY=VALUE", "COMPRESS=ZSTD"],
  [{ creationOptions: { out: "COMPRESS=ZSTD" } }, "creationOptions of 'out' must be a list"],
  [{ creationOptions: ["COMPRESS"] }, "'COMPRESS' is not of the form KEY=VALUE"],
  [{ creationOptions: ["COMPRESS=JPEG"] }, "COMPRESS=JPEG", "not supported"],
  [{ creationOptions: ["FANCY=YES"] }, "'FANCY' is unknown", "TILED"],
  [{ creationOptions: ["BLOCKXSIZE=100"] }, "BLOCKXSIZE=100", "96 or 112"],
  [{ layerNames: "red" }, "layerNames must be a list of texts", '"red"'],
  [{ layerNames: { out: [1] } }, "layerNames of 'out'"],
];

function job(folder: { file(name: string): string }): ApplyOptions {
  return {
    userFunction: (_info, { img }, outputs) => {
      outputs.out = img;
    },
    infiles: { img: folder.file("scene.tif") },
    outfiles: { out: folder.file("out.tif") },
  };
}

Deno.test("controls that can't be are refused in one line that quotes them, and nothing is left", async () => {
  using folder = tempFolder();
  makeRaster(folder.file("scene.tif"), { width: 80, height: 60, bands: 2 });
  Deno.writeTextFileSync(folder.file("out.tif"), "an older output");
  for (const concurrency of [{}, THREADS]) {
    for (const [controls, ...says] of BAD_CONTROLS) {
      const options = { ...job(folder), controls: controls as ApplierControls, concurrency };
      await assertFails(folder.path, options, { kind: ConfigError, says });
    }
  }
});

Deno.test("inputs and outputs that can't be are refused by name, and nothing is left", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("out.tif")];
  makeRaster(scene, { width: 80, height: 60, bands: 2 });
  Deno.writeTextFileSync(out, "an older output");
  Deno.symlinkSync("scene.tif", folder.file("link.tif"));
  Deno.linkSync(scene, folder.file("hard.tif"));
  Deno.symlinkSync(folder.path, folder.file("loop"));
  const [module, args, reference] = [folder.file("f.ts"), folder.file("args.json"), folder.file("ref.tif")];
  Deno.writeTextFileSync(folder.file("part.ts"), "export const one = 1;");
  Deno.writeTextFileSync(
    module,
    'import { one } from "./part.ts";\nexport default (_info: unknown, { img }: any, outputs: any) => {\n' +
      "  outputs.out = one === 1 ? img : undefined;\n};",
  );
  Deno.writeTextFileSync(args, "{}");
  Deno.copyFileSync(scene, reference);
  for (const name of ["scene.tfw", "link.tfw", "ref.wld"]) {
    Deno.writeTextFileSync(folder.file(name), "30\n0\n0\n-30\n500015\n5299985\n");
  }
  Deno.writeTextFileSync(folder.file("SCENE.TFW"), "");
  Deno.writeTextFileSync(folder.file("scene.tif.aux.xml"), "<PAMDataset/>");
  for (const name of ["scene.tif.msk", "scene.tif.ovr"]) Deno.copyFileSync(scene, folder.file(name));
  const cases: readonly (readonly [Loose, ...string[]])[] = [
    [{ infiles: {} }, "There are no inputs", "reference grid"],
    [{ infiles: undefined }, "There are no inputs"],
    [{ infiles: { img: [] } }, "input 'img' is an empty list of files"],
    [{ infiles: { img: 5 } }, "input img must be a path or URL, not number"],
    [{ infiles: { img: [scene, ""] } }, "input img", "empty text"],
    [{ outfiles: { out: [] } }, "output 'out' is an empty list"],
    [{ outfiles: { out: null } }, "output out must be a path or URL"],
    [{ outfiles: { a: out, b: out } }, "output b", "the same file as output a"],
    [{ outfiles: { a: [out, folder.file("loop/out.tif")] } }, "output a[1]", "the same file as output a[0]"],
    [{ outfiles: { a: out, b: `${out}.part` } }, "output b", "goes with it"],
    [{ outfiles: { out: scene } }, "output out", "the same file as input img"],
    [{ outfiles: { out: folder.file("link.tif") } }, "link.tif", "the same file as input img", "scene.tif"],
    [{ outfiles: { out: folder.file("hard.tif") } }, "hard.tif", "the same file as input img"],
    [{ outfiles: { out: folder.file("loop/scene.tif") } }, "the same file as input img"],
    [{ infiles: { img: folder.file("link.tif") }, outfiles: { out: scene } }, "the same file as input img"],
    [{ outfiles: { out: "https://example.com/out.tif" } }, "Output out", "not a local path"],
    [
      { outfiles: { out: reference }, controls: { reference } },
      "output out",
      "the same file as the reference",
    ],
    [{ userFunction: module, outfiles: { out: module } }, "the same file as the user function's module"],
    [
      { userFunction: module, outfiles: { out: folder.file("loop/part.ts") } },
      "the same file as a module that the user function imports",
    ],
    [
      { userFunction: module, shipCode: false, outfiles: { out: module } },
      "the same file as the user function's module",
    ],
    [
      { outfiles: { out: args }, otherFiles: [{ what: "the file of --args", path: args }] },
      "the same file as the file of --args",
    ],
    // A file that the caller is going to write may be none of the others, whether it is there already or not.
    ...[scene, module, folder.file("part.ts"), out, `${out}.part`, folder.file("loop/out.tif"), args].map((
      path,
    ): [Loose, ...string[]] => [
      {
        userFunction: module,
        otherFiles: [{ what: "the report", path, isWritten: true }, {
          what: "the file of --args",
          path: args,
        }],
      },
      `'${path}' (the report)`,
      "is the same file as",
    ]),
    [{ otherFiles: [{ path: out }] }, "otherFiles", "what"],
    // What lies beside a raster is read with it.
    ...["scene.tfw", "SCENE.TFW", "scene.tif.aux.xml", "scene.tif.msk", "loop/scene.tif.ovr"].map((
      name,
    ): [Loose, ...string[]] => [
      { outfiles: { out: folder.file(name) } },
      name,
      "is read with input img",
    ]),
    [
      { outfiles: { out: folder.file("link.tfw") }, infiles: { img: folder.file("link.tif") } },
      "is read with input",
    ],
    [{ outfiles: { out: folder.file("ref.wld") }, controls: { reference } }, "is read with the reference"],
    [
      { otherFiles: [{ what: "the report", path: folder.file("scene.tif.aux.xml"), isWritten: true }] },
      "(the report) is read with input img",
    ],
    [
      { otherFiles: [{ what: "the report", path: `${out}.aux.xml`, isWritten: true }] },
      "(the report) is read with output out",
    ],
  ];
  for (const [changes, ...says] of cases) {
    await assertFails(folder.path, { ...job(folder), ...changes }, { kind: ConfigError, says });
  }
});

Deno.test("options of the wrong type are refused by name before anything starts", async () => {
  using folder = tempFolder();
  makeRaster(folder.file("scene.tif"), { width: 80, height: 60 });
  const cases: readonly (readonly [Loose, string])[] = [
    [{ onProgress: 5 }, "onProgress must be a function, not 5"],
    [{ onNotice: "console" }, 'onNotice must be a function, not "console"'],
    [{ resume: "yes" }, 'resume must be true or false, not "yes"'],
    [{ restart: 1 }, "restart must be true or false, not 1"],
    [{ shipCode: "no" }, "shipCode must be true or false"],
    [{ signal: {} }, "signal must be an AbortSignal, not {}"],
    [{ jobName: 7 }, "jobName must be a text, not 7"],
    [{ infiles: [folder.file("scene.tif")] }, "infiles must be an object"],
    [{ controls: { windowExact: "x" } }, 'windowExact must be true or false, not "x"'],
    [{ controls: { takeOver: 1 } }, "takeOver must be true or false, not 1"],
    [{ controls: 5 }, "controls must be an object, not 5"],
    [{ concurrency: "CW_THREADS" }, "concurrency must be an object"],
    [{ concurrency: { ...THREADS, workerPermissions: 5 } }, "workerPermissions must be a list"],
  ];
  for (const [changes, says] of cases) {
    await assertFails(folder.path, { ...job(folder), ...changes }, { kind: ConfigError, says: [says] });
  }
});

Deno.test("workers that can't be are refused before anything starts", async () => {
  using folder = tempFolder();
  makeRaster(folder.file("scene.tif"), { width: 80, height: 60 });
  const cases = [
    [{ computeWorkerKind: "CW_TEAPOT" }, ConfigError, "CW_TEAPOT", "CW_THREADS"],
    [{ numComputeWorkers: 2 }, ConfigError, "CW_NONE has no compute workers"],
    [{ ...THREADS, numComputeWorkers: 0 }, ConfigError, "CW_THREADS needs numComputeWorkers"],
    [{ ...THREADS, numComputeWorkers: 1.5 }, ConfigError, "not 1.5"],
    [{ ...FED_THREADS, numReadWorkers: 0 }, ConfigError, "numReadWorkers of at least 1"],
    [{ ...THREADS, singleBlockComputeWorkers: true }, ConfigError, "batch queues"],
    [{ ...THREADS, blockTimeout: 0 }, ConfigError, "blockTimeout must be more than 0"],
    [{ blockTimeout: 5 }, ConfigError, "blockTimeout can't be kept with CW_NONE"],
  ] as const;
  for (const [concurrency, kind, ...says] of cases) {
    await assertFails(folder.path, { ...job(folder), concurrency }, { kind, says });
  }
  const elsewhere = { computeWorkerKind: "CW_ECS", numComputeWorkers: 2 };
  await assertFails(folder.path, { ...job(folder), concurrency: elsewhere }, {
    ...{ kind: UnavailableError, says: ["CW_ECS"] },
  });
});

Deno.test("inputs on other grids are refused with both grids shown", async () => {
  using folder = tempFolder();
  const [a, b] = [folder.file("a.tif"), folder.file("b.tif")];
  makeRaster(a, { width: 80, height: 60 });
  const other32 = { ...UTM_33N, directory: UTM_33N.directory.with(-1, 32632) };
  const cases = [
    [{ geoKeys: other32 }, "coordinate systems differ", "EPSG:32633", "EPSG:32632", "Warp"],
    [{ geoKeys: null }, "coordinate systems differ", "in none", "gdal_edit.py -a_srs EPSG:32633"],
    [
      { geotransform: [500_000, 20, 0, 5_300_000, 0, -20] },
      "pixel sizes differ",
      "(30, -30)",
      "(20, -20)",
      "Warp",
    ],
    [{ geotransform: [500_000, 30.01, 0, 5_300_000, 0, -30] }, "pixel sizes differ", "(30.01, -30)", "Warp"],
    [{ geotransform: [500_010, 30, 0, 5_300_000, 0, -30] }, "pixel alignments differ", "500010", "Warp"],
    [{ geotransform: [500_000, 30, 0, 5_300_000, 0, 30] }, "pixel sizes differ", "(30, 30)", "Warp"],
    [{ geotransform: [500_000, 30, 1, 5_300_000, 1, -30] }, "pixel sizes differ", "rotation (1, 1)", "Warp"],
  ] as const;
  for (const [changes, ...differences] of cases) {
    makeRaster(b, { width: 81, height: 61, ...changes } as Parameters<typeof makeRaster>[1]);
    const says = [`'${a}'`, `'${b}'`, "80 x 60 pixels", "81 x 61 pixels", ...differences];
    for (const controls of [{}, { footprint: "union" }, { filesForExtent: ["a"] }] as ApplierControls[]) {
      const options = { ...job(folder), infiles: { a, b }, controls };
      await assertFails(folder.path, options, { kind: RasterError, says });
    }
    const reference = { footprint: "bounds_from_reference", reference: b } as const;
    await assertFails(folder.path, { ...job(folder), infiles: { a }, controls: reference }, {
      ...{ kind: RasterError, says },
    });
  }
});

Deno.test("inputs without a pixel in common are refused, and so are ones that are absurdly far apart", async () => {
  using folder = tempFolder();
  const [a, b] = [folder.file("a.tif"), folder.file("b.tif")];
  makeRaster(a, { width: 80, height: 60 });
  makeRaster(b, { width: 10, height: 12, geotransform: shifted(80, 0) });
  const infiles = { a, b };
  await assertFails(folder.path, { ...job(folder), infiles }, {
    ...{ kind: RasterError, says: ["no pixel in common", `'${a}'`, `'${b}'`, "80 x 60", '"union"'] },
  });
  makeRaster(b, { width: 10, height: 12, geotransform: shifted(1e8, 1e8) });
  const controls = { footprint: "union" } as const;
  await assertFails(folder.path, { ...job(folder), infiles, controls }, {
    ...{ kind: ConfigError, says: ["100000010 x 100000012 pixels", "blocks", "far apart"] },
  });
  makeRaster(b, { width: 10, height: 12, geotransform: shifted(5e9, 0) });
  await assertFails(folder.path, { ...job(folder), infiles, controls }, {
    ...{ kind: RangeError, says: ["5000000010 x 60 pixels", "2147483647"] },
  });
});
