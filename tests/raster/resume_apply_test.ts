import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AbortedError, ConfigError, LockedError, RasterError } from "../../core/errors.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import {
  assertFails,
  FED_THREADS,
  filesIn,
  GEOTRANSFORM,
  run,
  THREADS,
  userFunction,
  UTM_33N,
} from "./apply_support.ts";
import { serveRanges } from "./range_server.ts";
import { BLOCKS, resumeScene } from "./resume_support.ts";
import { smallDisk, smallDiskMissing } from "./small_disk.ts";

const STYLES_HERE = { CW_NONE: {}, THREADS, FED_THREADS };
const KEPT = ["run_a.tif.journal", "run_a.tif.part", "run_b.tif.part"];

for (const [style, concurrency] of Object.entries(STYLES_HERE)) {
  Deno.test(`${style}: a failure keeps part files and journal, says so, and --resume computes the rest`, async () => {
    using scene = await resumeScene();
    const message = await scene.fail(17, scene.job("run", { concurrency }));
    const kept = Number(
      / (\d+) of 24 blocks are kept in '.*run_a\.tif\.part' \(and 1 more\)/.exec(message)?.[1],
    );
    assert(kept > 0 && kept < BLOCKS, message);
    // What is kept can be gone on with, but not by the function that the user is about to mend.
    const advice =
      "--resume (resume: true) if the user function stays as it is; a changed one must begin anew, with --restart";
    for (const words of ["told to fail", advice]) assertStringIncludes(message, words);
    assertEquals(scene.left("run"), KEPT);
    await assertFails(scene.path, scene.job("run"), { kind: ConfigError, says: ["--resume", "--restart"] });
    const { blocks, notices } = await run(scene.job("run", { concurrency, resume: true }));
    assertEquals(blocks, { total: BLOCKS, done: BLOCKS, resumed: kept, retried: 0 });
    assertStringIncludes(notices.join("\n"), `${kept} of 24 blocks are done`);
    await scene.assertSame("run");
  });
}

Deno.test("a run that its user ends says that --resume goes on, whatever the function", async () => {
  using scene = await resumeScene();
  scene.slowDown(10);
  const stop = new AbortController();
  const error = await assertRejects(
    () =>
      run({
        ...scene.job("run"),
        signal: stop.signal,
        onProgress: ({ done }) => done > 0 && stop.abort(new Error("enough")),
      }),
    AbortedError,
  );
  assertStringIncludes(error.message, "run it again with --resume (resume: true) to go on");
});

Deno.test("a failure before the first block is done leaves nothing", async () => {
  using scene = await resumeScene();
  const message = await scene.fail(0, scene.job("run"));
  assert(!message.includes("--resume"), message);
  assertEquals(scene.left("run"), []);
});

Deno.test("a run may be resumed again and again, on other kinds and numbers of workers, by another name", async () => {
  using scene = await resumeScene();
  await scene.fail(3, scene.job("run"));
  const styles = [{}, THREADS, FED_THREADS, {}];
  let before = 3;
  for (const [index, concurrency] of styles.entries()) {
    const message = await scene.fail(
      8 + 5 * index,
      scene.job("run", { concurrency, resume: true, jobName: "x" }),
    );
    const kept = Number(/ (\d+) of 24 blocks are kept/.exec(message)?.[1]);
    assert(kept >= before, message);
    before = kept;
  }
  const { blocks } = await run(scene.job("run", {
    concurrency: { ...THREADS, numComputeWorkers: 1, blockTimeout: 60 },
    resume: true,
  }));
  assertEquals(blocks.resumed, before);
  await scene.assertSame("run");
});

Deno.test("what is resumed must be the same run: else it is refused with the reason, and nothing is touched", async () => {
  using scene = await resumeScene();
  await scene.fail(17, scene.job("run", { otherArgs: { k: 1 } }));
  const other = scene.file("other.ts");
  Deno.writeTextFileSync(
    other,
    Deno.readTextFileSync(scene.file("function.ts")) + "\nexport const more = 1;",
  );
  Deno.copyFileSync(scene.file("scene.tif"), scene.file("scene2.tif"));
  const files = scene.job("run").outfiles!;
  const grid = { geotransform: GEOTRANSFORM, geoKeys: UTM_33N, ncols: 95, nrows: 64 };
  const changes: [Partial<ApplyOptions>, string][] = [
    [{ userFunction: other }, "of another run: the user function is not the same. Give"],
    [{ infiles: { img: scene.file("scene2.tif") } }, "input img was"],
    [{ infiles: { img: [scene.file("scene.tif")] } }, "input img[0] is new"],
    [{ infiles: { img: scene.file("scene.tif"), more: scene.file("scene.tif") } }, "input more is new"],
    [{ otherArgs: { k: 2 } }, "otherArgs"],
    [{ otherArgs: undefined }, "is now none"],
    [{ controls: { windowxsize: 32 } }, "the window was 16 x 16 and is now 32 x 16"],
    [{ controls: { overlap: 1 } }, "the overlap was 0 and is now 1"],
    [
      { controls: { footprint: "bounds_from_reference", referencePixgrid: grid } },
      "the working grid was 96 x 64",
    ],
    [{ controls: { layers: { img: [1] } } }, "the layers of input img was 1,2 and is now 1"],
    [{ controls: { inputNoData: { img: 8 } } }, "the nodata value of input img was 7 and is now 8"],
    [{ controls: { outputNoData: { a: 7, b: 0 } } }, "the nodata value of output b was"],
    [{ controls: { outputType: { b: "float32" } } }, "the type of output b"],
    [{ controls: { layerNames: { a: ["one", "three"] } } }, "the band names of output a"],
    [
      { controls: { creationOptions: { a: ["SPARSE_OK=TRUE"] } } },
      `compression of output b was "NONE" and is now "DEFLATE"`,
    ],
    [{ outfiles: { a: files.a!, b: scene.file("run_c.tif") } }, "output b was"],
    [
      { outfiles: { a: files.a! }, controls: { outputNoData: 7, layerNames: {}, creationOptions: [] } },
      "is missing",
    ],
  ];
  for (const [change, reason] of changes) {
    const options = scene.job("run", { otherArgs: { k: 1 }, resume: true, ...change });
    await assertFails(scene.path, options, {
      ...{ kind: ConfigError, says: ["run_a.tif.journal' is of another run", reason, "--restart"] },
    });
  }
  Deno.utimeSync(scene.file("scene.tif"), 1, 1);
  await assertFails(scene.path, scene.job("run", { otherArgs: { k: 1 }, resume: true }), {
    ...{ kind: ConfigError, says: ["the size and time (or ETag) of input img"] },
  });
});

Deno.test("an input on a server is the same by its place and ETag; query and password may change", async () => {
  using scene = await resumeScene();
  await using server = serveRanges({ "/scene.tif": Deno.readFileSync(scene.file("scene.tif")) });
  const { host } = new URL(server.url);
  const job = (location: string) => ({ infiles: { img: location }, resume: true });
  await scene.fail(17, scene.job("run", job(`http://me:secret@${host}/scene.tif?signature=old`)));
  const journal = new TextDecoder().decode(Deno.readFileSync(scene.file("run_a.tif.journal")));
  assertStringIncludes(journal, `http://${host}/scene.tif`);
  assertEquals(["secret", "signature"].filter((word) => journal.includes(word)), []);
  server.version = "new";
  await assertFails(scene.path, scene.job("run", job(`${server.url}/scene.tif`)), {
    ...{ kind: ConfigError, says: ["the size and time (or ETag) of input img", "--restart"] },
  });
  server.version = "";
  const { blocks } = await run(scene.job("run", job(`http://me:other@${host}/scene.tif?signature=new`)));
  assert(blocks.resumed > 0);
  await scene.assertSame("run");
});

Deno.test("--restart begins anew, and --resume with nothing to resume too; both at once are refused", async () => {
  using scene = await resumeScene();
  await scene.fail(17, scene.job("run"));
  await assertFails(scene.path, scene.job("run", { resume: true, restart: true }), {
    ...{ kind: ConfigError, says: ["--resume", "--restart", "give one"] },
  });
  const restarted = await run(scene.job("run", { restart: true }));
  assertEquals(restarted.blocks.resumed, 0);
  assertStringIncludes(restarted.notices.join("\n"), "Removed");
  await scene.assertSame("run");
  const fresh = await run(scene.job("fresh", { resume: true }));
  assertStringIncludes(fresh.notices.join("\n"), "nothing to resume");
  await scene.assertSame("fresh");
  await assertFails(
    scene.path,
    scene.job("run", { outfiles: {}, controls: { layerNames: {} }, resume: true }),
    {
      ...{ kind: ConfigError, says: [] },
    },
  );
});

Deno.test("the second output of a run that can be resumed is not written over by a run that knows nothing of it", async () => {
  using scene = await resumeScene();
  await scene.fail(17, scene.job("run"));
  const { b } = scene.job("run").outfiles!;
  const alone: ApplyOptions = {
    userFunction: (_info, { img }, outputs) => {
      outputs.b = img;
    },
    ...{ infiles: { img: scene.file("scene.tif") }, outfiles: { b: b! } },
  };
  for (const resume of [false, true]) {
    await assertFails(scene.path, { ...alone, resume }, {
      ...{ kind: ConfigError, says: ["run_b.tif.part' holds blocks of a run that did not end", "--restart"] },
    });
  }
  await run(scene.job("run", { resume: true }));
  await scene.assertSame("run");
});

Deno.test("merged other args are exact over any number of failures", async () => {
  using scene = await resumeScene();
  const control = JSON.stringify(scene.file("control"));
  const source = `
    export { mergeOtherArgs } from ${JSON.stringify(userFunction("histogram.ts").href)};
    import count from ${JSON.stringify(userFunction("histogram.ts").href)};
    export default (info, inputs, outputs, args) => {
      const [x, y] = info.getBlockCount();
      const block = y * info.getTotalBlocks()[0] + x;
      if (JSON.parse(Deno.readTextFileSync(${control})).block === block) throw new Error("told to fail");
      count(info, inputs, outputs, args);
      outputs.a = inputs.img;
    };`;
  Deno.writeTextFileSync(scene.file("counting.ts"), source);
  const job = (prefix: string, rest: Partial<ApplyOptions> = {}) =>
    scene.job(prefix, {
      userFunction: scene.file("counting.ts"),
      otherArgs: { bins: new Float64Array(64), blocks: [] },
      outfiles: { a: scene.file(`${prefix}_a.tif`) },
      ...rest,
      controls: { outputNoData: 7, creationOptions: [] },
    });
  const { otherArgsList } = await run(job("whole"));
  await scene.fail(4, job("run", { concurrency: THREADS }));
  await scene.fail(15, job("run", { resume: true }));
  await scene.fail(19, job("run", { resume: true, concurrency: THREADS }));
  const resumed = await run(job("run", { resume: true }));
  assert(resumed.blocks.resumed >= 4);
  assertEquals(resumed.otherArgsList, otherArgsList);
});

Deno.test("without mergeOtherArgs a run can be resumed only if the function left its copy as it was", async () => {
  using scene = await resumeScene();
  const control = JSON.stringify(scene.file("control"));
  const cases: [string, boolean][] = [
    ["args.count + args.weights[0]", true],
    ["args.count++", false],
    ["args.weights[1] = 5", false],
    ["args.added = () => 1", false],
    ["args.list.push(NaN)", false],
  ];
  for (const [index, [line, isResumable]] of cases.entries()) {
    const module = scene.file(`args${index}.ts`);
    Deno.writeTextFileSync(
      module,
      `export default async (info, inputs, outputs, args) => {
        const [x, y] = info.getBlockCount();
        if (JSON.parse(Deno.readTextFileSync(${control})).block === y * 6 + x) throw new Error("told to fail");
        await new Promise((resolve) => setTimeout(resolve, 3));
        ${line};
        outputs.a = inputs.img;
      };`,
    );
    const job = (rest: Partial<ApplyOptions> = {}) =>
      scene.job("run", {
        ...{ userFunction: module, outfiles: { a: scene.file(`run${index}_a.tif`) } },
        ...{ otherArgs: { count: 0, weights: Float32Array.of(1, 2), list: [] }, ...rest },
        controls: { outputNoData: 7, creationOptions: [] },
      });
    for (const concurrency of [{}, THREADS]) {
      const message = await scene.fail(17, job({ concurrency, restart: true }));
      assertStringIncludes(message, isResumable ? "run it again with --resume" : "can't be resumed");
      if (isResumable) await run(job({ resume: true }));
      else {
        await assertFails(scene.path, job({ resume: true }), {
          ...{ kind: ConfigError, says: ["changes its otherArgs", "mergeOtherArgs", "--restart"] },
        });
      }
    }
  }
});

Deno.test("a run beside a live one is refused whether it would resume, restart or neither", async () => {
  using scene = await resumeScene();
  scene.slowDown(60);
  const ready = Promise.withResolvers<void>();
  const onProgress = ({ done }: { done: number }) => done > 0 && ready.resolve();
  const live = run(scene.job("run", { onProgress }));
  await ready.promise;
  for (const rest of [{}, { resume: true }, { restart: true }]) {
    const error = await run(scene.job("run", rest)).then(() => undefined, (thrown) => thrown);
    assert(error instanceof LockedError, String(error));
    assertStringIncludes(error.message, "is still running");
  }
  scene.slowDown(0);
  await live;
  await scene.assertSame("run");
});

Deno.test("a run whose outputs are taken over and resumed stops and leaves the other's files alone", async () => {
  using scene = await resumeScene();
  scene.slowDown(100);
  const ready = Promise.withResolvers<void>();
  const onProgress = () => {
    if (scene.left("run").includes("run_a.tif.journal")) ready.resolve();
  };
  const old = run(scene.job("run", { onProgress })).then(() => undefined, (thrown) => thrown);
  await ready.promise;
  const fresh = run(scene.job("run", { resume: true, controls: { takeOver: true } }));
  const error = await old;
  assert(error instanceof LockedError, String(error));
  assert(!error.message.includes("--resume"), error.message);
  scene.slowDown(0);
  const { blocks } = await fresh;
  assert(blocks.resumed > 0);
  await scene.assertSame("run");
});

Deno.test("an input that changes in mid-run ends the run, and what was computed from it is not kept", async () => {
  using scene = await resumeScene();
  let isTouched = false;
  const options = scene.job("run", {
    onProgress({ done }) {
      if (done > 0 && !isTouched) Deno.utimeSync(scene.file("scene.tif"), 1, 1);
      isTouched ||= done > 0;
    },
  });
  const error = await run(options).then(() => undefined, (thrown) => thrown);
  assertStringIncludes(String(error), "has changed since the run began");
  assertEquals(scene.left("run"), []);
});

Deno.test({
  name: "a disk that is full in mid-run keeps what was done before, and the run resumes when there is room" +
    (smallDiskMissing === false ? "" : ` (skipped: ${smallDiskMissing})`),
  ignore: smallDiskMissing !== false,
  fn: async () => {
    using scene = await resumeScene();
    using disk = smallDisk(256 * 1024);
    const names = ["a", "b"].map((name) => [name, `${disk.path}/run_${name}.tif`] as const);
    const job = (rest: Partial<ApplyOptions> = {}) =>
      scene.job("run", { outfiles: Object.fromEntries(names), ...rest });
    await scene.fail(8, job());
    for (const room of [8192, 12_288, 16_384]) {
      const ballast = fillDisk(`${disk.path}/ballast`, room);
      const error = await run(job({ resume: true })).then(() => undefined, (thrown) => thrown);
      assert(error instanceof RasterError, `${room}: ${error}`);
      for (const words of ["no space left on device", "--resume"]) assertStringIncludes(error.message, words);
      assertEquals(filesIn(disk.path), ["ballast", ...KEPT]);
      Deno.removeSync(ballast);
    }
    const { blocks } = await run(job({ resume: true }));
    // Blocks come tile by tile of the input, 2 x 2 a tile, so that six come before the one that failed.
    assert(blocks.resumed >= 6);
    for (const [name, path] of names) Deno.copyFileSync(path, scene.file(`run_${name}.tif`));
    await scene.assertSame("run");
  },
});

/** Fills a disk but for `room` bytes. */
function fillDisk(path: string, room: number): string {
  using file = Deno.openSync(path, { write: true, create: true });
  const page = new Uint8Array(4096);
  try {
    while (true) file.writeSync(page);
  } catch {
    // It is full.
  }
  file.truncateSync(file.statSync().size - room);
  return path;
}
