import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { BlockfleetError, ConfigError, TimeoutExceededError, WorkerError } from "../../core/errors.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import { assertFails, FED_THREADS, makeRaster, run, THREADS, userFunction } from "./apply_support.ts";

const STYLES_HERE = [{}, THREADS, FED_THREADS];

type Folder = ReturnType<typeof tempFolder>;

/** A folder with a scene of 3 x 2 blocks and an older output. */
function scene(): Folder & { readonly job: Omit<ApplyOptions, "userFunction"> } {
  const folder = tempFolder();
  makeRaster(folder.file("scene.tif"), { width: 80, height: 60, bands: 2 });
  Deno.writeTextFileSync(folder.file("out.tif"), "an older output");
  const job = {
    infiles: { img: folder.file("scene.tif") },
    outfiles: { out: folder.file("out.tif") },
    controls: { windowxsize: 32, windowysize: 32, windowExact: true },
  };
  return { ...folder, job, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** Functions that fail in every block or in a later one, and what the error must say beside the block and the worker. */
const FAILING: Readonly<Record<string, readonly [ApplyOptions["userFunction"], ...string[]]>> = {
  "throws at once": [
    () => {
      throw new TypeError("there is no such band");
    },
    "The user function failed in block (",
    "TypeError: there is no such band at ",
  ],
  "throws what is no error": [() => {
    throw "a mere text";
  }, "Error: a mere text"],
  "throws undefined": [() => {
    throw undefined;
  }, "The user function failed in block ("],
  "throws what can't be shown": [() => {
    throw Object.create(null);
  }, "Error: an object that can't be shown as text"],
  "throws an error whose message is no text": [() => {
    throw Object.assign(new TypeError(), { message: { code: 7 } });
  }, "TypeError: [object Object]"],
  "throws an error of several lines with an escape code": [() => {
    throw new Error("first\nsecond\x1b[31m\r\nthird");
  }, "Error: first second"],
  "rejects": [() => Promise.reject(new RangeError("too late")), "RangeError: too late"],
  "rejects after a while": [
    async (info, { img }, outputs) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (info.isLastBlock()) throw new RangeError("only in the last block");
      outputs.out = img;
    },
    "block (2, 1) (16 x 28 pixels from column 64, row 32)",
    "RangeError: only in the last block",
  ],
  "never assigns": [() => {}, "never assigned outputs.out"],
  "assigns to a misspelt name": [(_info, { img }, outputs) => {
    outputs.Out = img;
  }, "assigned outputs.Out, which is not an output: the outputs are out"],
  "assigns too few pixels": [
    (_info, _inputs, outputs) => {
      outputs.out = new Float32Array(10);
    },
    "outputs.out has 10 pixels",
    "rows x ",
    "margin included",
  ],
  "assigns two bands as one": [(_info, { img }, outputs) => {
    outputs.out = img.data;
  }, "for 2 bands assign { data, bands: 2 }"],
  "assigns a plain list": [
    (_info, { img }, outputs) => {
      outputs.out = [...img.band(0)];
    },
    "outputs.out must be a typed array",
    "a plain list",
  ],
  "assigns a number": [
    (_info, _inputs, outputs) => {
      outputs.out = 5 as never;
    },
    "outputs.out must be a typed array",
    "number",
  ],
  "returns its result instead of assigning it": [
    ((_info: unknown, { img }: { img: unknown }) => img) as unknown as ApplyOptions["userFunction"],
    "never assigned outputs.out",
  ],
  "replaces its outputs argument": [(_info, { img }, outputs) => {
    outputs = { out: img };
    outputs.out = img;
  }, "never assigned outputs.out"],
  "asks for a band that is not there": [(_info, { img }, outputs) => {
    outputs.out = img.band(2);
  }, "RangeError: band(2) of a block with 2 band(s)"],
};

for (const [what, [given, ...says]] of Object.entries(FAILING)) {
  Deno.test(`a function that ${what} ends the run with an error that says so`, async () => {
    using folder = scene();
    for (const concurrency of [{}, THREADS]) {
      const options = { ...folder.job, userFunction: given, concurrency };
      const error = await assertFails(folder.path, options, {
        ...{ kind: WorkerError, says: ["block (", "on worker ", ...says], mayKeepBlocks: true },
      });
      const { block, worker, host } = (error as WorkerError).context;
      assertMatch(block!, /^block \(\d, \d\)/);
      assert(worker === 0 || worker === 1);
      assertEquals(host, Deno.hostname());
    }
  });
}

Deno.test("the error of one block among many says which, on which worker, and where in the user's file", async () => {
  using folder = scene();
  const file = userFunction("failing.ts");
  for (const concurrency of STYLES_HERE) {
    const error = await assertFails(folder.path, { ...folder.job, userFunction: file, concurrency }, {
      kind: WorkerError,
      says: [
        "The user function failed in block (2, 1) (16 x 28 pixels from column 64, row 32) on worker ",
        `RangeError: no pixel like this was seen before at ${fromFileUrl(file)}:6:11`,
      ],
      mayKeepBlocks: true,
    });
    assertStringIncludes((error as WorkerError).context.remoteStack!, "failing.ts:6:11");
  }
});

Deno.test("an output whose type or bands change between blocks is refused with both blocks named", async () => {
  using folder = scene();
  const changing: Record<string, [ApplyOptions["userFunction"], string, string]> = {
    type: [
      (info, { img }, outputs) => {
        outputs.out = info.isLastBlock() ? Float64Array.from(img.band(0)) : img.band(0);
      },
      "1 band(s) of uint16 in block (",
      "1 band(s) of float64 in block (2, 1)",
    ],
    bands: [
      (info, { img }, outputs) => {
        outputs.out = info.isLastBlock() ? img : img.band(0);
      },
      "1 band(s) of uint16 in block (",
      "2 band(s) of uint16 in block (2, 1)",
    ],
  };
  for (const [given, ...blocks] of Object.values(changing)) {
    // One worker, so that the last block comes last.
    for (const concurrency of [{}, { ...THREADS, numComputeWorkers: 1 }]) {
      await assertFails(folder.path, { ...folder.job, userFunction: given, concurrency }, {
        kind: BlockfleetError,
        says: ["Output 'out' differs from block to block", "but ", ...blocks],
        mayKeepBlocks: true,
      });
    }
  }
});

Deno.test("an output that is not of the type that was fixed is refused", async () => {
  using folder = scene();
  const options: ApplyOptions = {
    ...folder.job,
    userFunction: (_info, { img }, outputs) => {
      outputs.out = img;
    },
    controls: { outputType: { out: "float32" } },
  };
  await assertFails(folder.path, options, {
    ...{ kind: WorkerError, says: ["outputs.out is uint16, but its type was fixed as float32: convert it"] },
  });
});

Deno.test("creation options, nodata and layer names that don't suit the pixels are refused", async () => {
  using folder = scene();
  const cases = [
    [{ creationOptions: ["PREDICTOR=3"] }, "PREDICTOR=3 is for float32 and float64, not for uint16"],
    [{ creationOptions: ["PHOTOMETRIC=RGB"] }, "needs 3 bands"],
    [{ layerNames: ["a", "b", "c"] }, "out.tif' has 2 bands, but 3 names"],
  ] as const;
  for (const [controls, words] of cases) {
    for (const concurrency of STYLES_HERE) {
      const options: ApplyOptions = {
        ...{ ...folder.job, controls, concurrency },
        userFunction: (_info, { img }, outputs) => {
          outputs.out = img;
        },
      };
      await assertFails(folder.path, options, { kind: BlockfleetError, says: [words] });
    }
  }
});

Deno.test("a user function that can't be found or loaded is refused by name", async () => {
  using folder = scene();
  const scale = userFunction("scale.ts").href;
  const broken = folder.file("broken.ts");
  Deno.writeTextFileSync(broken, "export default function (\n");
  const throwing = folder.file("throwing.ts");
  Deno.writeTextFileSync(throwing, "throw new Error('while it was loaded');\n");
  const importing = folder.file("importing.ts");
  Deno.writeTextFileSync(importing, "import './missing.ts';\nexport default () => {};\n");
  const cases: readonly (readonly [unknown, ...string[]])[] = [
    [undefined, "userFunction must be"],
    ["", "user function"],
    [folder.file("none.ts"), "no user function at", "none.ts", "no such file"],
    [folder.file("ndvi.py"), "ndvi.py' is neither TypeScript nor JavaScript", "ends with .py"],
    [folder.path, "is not a file"],
    [`${scale}#quadruple`, "scale.ts#quadruple'", "no function named 'quadruple'", "default, triple"],
    [`${scale}#`, "names no export"],
    [userFunction("no_function.ts"), "no_function.ts'", "it exports no function"],
    [`${userFunction("no_function.ts")}#threshold`, "no function named 'threshold'"],
    [broken, "Cannot load", "broken.ts"],
    [throwing, "Cannot load", "throwing.ts", "while it was loaded"],
    [importing, "Cannot load", "importing.ts", "missing.ts"],
    [Math.max, "'max' is native"],
    [folder.file.bind(null), "bind()"],
  ];
  for (const [given, ...says] of cases) {
    for (const concurrency of [{}, THREADS]) {
      const options = { ...folder.job, userFunction: given as URL, concurrency };
      await assertFails(folder.path, options, { kind: ConfigError, says });
    }
  }
});

Deno.test("mergeOtherArgs that throws ends the run", async () => {
  using folder = scene();
  const source = `
    export default (_info, { img }, outputs) => { outputs.out = img; };
    export const mergeOtherArgs = () => { throw new Error("can't be merged"); };`;
  const given = `data:text/javascript,${encodeURIComponent(source)}`;
  for (const concurrency of [{}, THREADS]) {
    const options = { ...folder.job, userFunction: given, otherArgs: {}, concurrency };
    await assertFails(folder.path, options, {
      ...{ kind: BlockfleetError, says: ["mergeOtherArgs failed for block 0", "can't be merged"] },
      mayKeepBlocks: true,
    });
  }
});

Deno.test("a worker's copy of other args that can't be sent back is reported as missing", async () => {
  using folder = scene();
  for (const concurrency of [{}, { ...THREADS, numComputeWorkers: 1 }]) {
    const { otherArgsList, notices, blocks } = await run({
      ...folder.job,
      userFunction(_info, { img }, outputs, args) {
        args.convert = () => img;
        outputs.out = img;
      },
      ...{ otherArgs: {}, concurrency },
    });
    assertEquals([otherArgsList, blocks.done, notices.length], [[], 6, 1]);
    assertStringIncludes(notices[0]!, "worker 0");
    assertStringIncludes(notices[0]!, "otherArgs.convert is a function");
    assert(!notices[0]!.includes("\n"), `more than one line: ${notices[0]}`);
  }
});

Deno.test("a block whose own other args can't be sent back ends the run", async () => {
  using folder = scene();
  const source = `
    export default (_info, { img }, outputs, args) => { args.convert = () => img; outputs.out = img; };
    export const mergeOtherArgs = (total) => total;`;
  const given = `data:text/javascript,${encodeURIComponent(source)}`;
  for (const concurrency of [{}, THREADS]) {
    const options = { ...folder.job, userFunction: given, otherArgs: {}, concurrency };
    await assertFails(folder.path, options, {
      ...{ kind: WorkerError, says: ["block (0, 0)", "otherArgs.convert is a function"] },
    });
  }
});

Deno.test("a block that takes too long is ended by blockTimeout", async () => {
  using folder = scene();
  await assertFails(folder.path, {
    ...folder.job,
    async userFunction(info, { img }, outputs) {
      if (info.getBlockCount().join() === "1,1") await new Promise(() => {});
      outputs.out = img;
    },
    // Long enough for any other block of a busy machine.
    concurrency: { ...THREADS, blockTimeout: 1.5 },
  }, {
    kind: TimeoutExceededError,
    says: ["blockTimeout of 1.5 s", "block (1, 1)", "if the user function stays as it is"],
    mayKeepBlocks: true,
  });
});
