/** The manager in a program of its own, by what the package exports. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  AbortedError,
  type BlockJobOptions,
  ConfigError,
  CW_NONE,
  CW_SUBPROC,
  CW_THREADS,
  getComputeWorkerManager,
  makeBlockJob,
  mapBlocks,
  WorkerError,
} from "../../mod.ts";
import { countAll } from "../../examples/manage_workers.ts";
import { collectBlocks } from "../contract/collect_blocks.ts";
import { tempFolder } from "../gdal.ts";

const EXAMPLE = new URL("../../examples/manage_workers.ts", import.meta.url);
const double = (n: number) => 2 * n;

/** A job over 1, 2, 3, and where its results go. */
async function doubling(
  options: Partial<BlockJobOptions<number, number>> = {},
): Promise<{ job: Awaited<ReturnType<typeof makeBlockJob>>; results: number[] }> {
  const results: number[] = [];
  const job = await makeBlockJob<number, number>({
    ...{ userFunction: double, blocks: [1, 2, 3] },
    onResult: (result, block) => void (results[block] = result),
    ...options,
  });
  return { job, results };
}

for (const kind of [CW_NONE, CW_THREADS]) {
  Deno.test(`${kind}: the example's program gives the count of primes, and each worker's notes`, async () => {
    const { primes, notes } = await countAll(kind, 2);
    assertEquals(primes, 17_984);
    assertEquals(notes.length, kind === CW_NONE ? 1 : 2);
    assertEquals(notes.reduce((sum, { blocks }) => sum + blocks, 0), 20);
  });
}

Deno.test("CW_SUBPROC: the example runs as a program, with workers that are processes", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", EXAMPLE.href, CW_SUBPROC, "2"],
    stdout: "piped",
    stderr: "piped",
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  assertStringIncludes(new TextDecoder().decode(stdout), "17984 primes; blocks by worker: ");
});

Deno.test("the job's name is in the workers' names, and timers and counts are the manager's", async () => {
  const { job, results } = await doubling();
  const manager = await getComputeWorkerManager(CW_THREADS);
  manager.setJobName("twice");
  const notices: string[] = [];
  try {
    await manager.startWorkers({
      job,
      concurrency: { numComputeWorkers: 9 },
      onNotice: (line) => notices.push(line),
    });
    assertEquals(manager.getWorkerName(2), "blockfleet_twice_2");
    assertEquals(manager.workers().length, 3, "no more workers than blocks");
    await manager.run();
  } finally {
    await manager.shutdown();
  }
  assertEquals(results, [2, 4, 6]);
  assertEquals(notices.filter((line) => !line.includes("9 CW_THREADS workers are more than")), []);
  assertEquals(manager.makeOutObjList(), []);
  assertEquals(manager.counts().blocks, { done: 3, resumed: 0, retried: 0 });
  assertStringIncludes(manager.timers.formatReport(), "userfunction");
});

Deno.test("merged other args are the one output object, however many workers there are", async () => {
  using folder = tempFolder();
  const path = folder.file("sum.ts");
  await Deno.writeTextFile(
    path,
    `export default (n: number, args: { sum: number }) => { args.sum += n; };
     export function mergeOtherArgs(total: { sum: number }, block: { sum: number }) { total.sum += block.sum; }`,
  );
  const { job } = await doubling({ userFunction: path, otherArgs: { sum: 0 } });
  const manager = await getComputeWorkerManager(CW_THREADS);
  try {
    await manager.startWorkers({ job, concurrency: { numComputeWorkers: 2 } });
    await manager.run();
  } finally {
    await manager.shutdown();
  }
  assertEquals(manager.makeOutObjList(), [{ sum: 6 }]);
});

Deno.test("what onResult throws ends the run, and no worker is left", async () => {
  const { job } = await doubling({
    onResult: () => {
      throw new RangeError("no room for it");
    },
  });
  const manager = await getComputeWorkerManager(CW_THREADS);
  try {
    await manager.startWorkers({ job, concurrency: { numComputeWorkers: 1 } });
    await assertRejects(() => manager.run(), RangeError, "no room for it");
  } finally {
    await manager.shutdown();
  }
  assert(manager.workers().every(({ state }) => state === "ended"));
});

Deno.test("the user function's error names the block by the job's own word for it", async () => {
  const { job } = await doubling({
    userFunction: () => {
      throw new Error("no such tile");
    },
    describeBlock: (block) => `tile ${block}`,
    blocks: [1],
  });
  const manager = await getComputeWorkerManager(CW_NONE);
  try {
    await manager.startWorkers({ job });
    const error = await assertRejects(() => manager.run(), WorkerError, "no such tile");
    assertEquals(error.context.block, "tile 0");
  } finally {
    await manager.shutdown();
  }
});

Deno.test("what can't work is refused before a worker starts, and the manager may be asked again", async () => {
  const { job, results } = await doubling();
  const manager = await getComputeWorkerManager(CW_THREADS);
  const wrong: [Record<string, unknown>, string][] = [
    [{ job, concurency: {} }, "startWorkers() has no 'concurency': did you mean 'concurrency'?"],
    [{}, "startWorkers() needs a job"],
    [{ job }, "CW_THREADS needs numComputeWorkers of at least 1"],
    [
      { job, concurrency: { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 1 } },
      "The manager is of CW_THREADS",
    ],
    [{ job, concurrency: { numComputeWorkers: 1.5 } }, "numComputeWorkers must be a whole number"],
    [{ job, onNotice: "aloud" }, "onNotice must be a function"],
    [{ job, concurrency: null }, "concurrency must be an object, not null"],
    [{ job, runId: 7 }, "runId must be a text"],
  ];
  for (const [options, says] of wrong) {
    await assertRejects(() => manager.startWorkers(options as never), ConfigError, says);
  }
  assertEquals(manager.workers(), []);
  await assertRejects(() => manager.run(), TypeError, "call startWorkers() before run()");
  try {
    await manager.startWorkers({ job, concurrency: { numComputeWorkers: 1 } });
    await assertRejects(
      () => manager.startWorkers({ job, concurrency: { numComputeWorkers: 1 } }),
      TypeError,
      "make a manager for each job",
    );
    await manager.run();
  } finally {
    await manager.shutdown();
  }
  assertEquals(results, [2, 4, 6]);
});

Deno.test("a job's options are checked by name and type", async () => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ blocks: 3 }, "blocks must be a list"],
    [{ onResult: undefined }, "onResult is missing"],
    [{ otherargs: 1 }, "did you mean 'otherArgs'?"],
    [{ otherArgs: { f: () => 1 } }, "otherArgs.f is a function"],
    [{ userFunction: "./nowhere.ts" }, "no such file"],
  ];
  for (const [options, says] of wrong) {
    await assertRejects(() => doubling(options as never), ConfigError, says);
  }
  const misspelt = mapBlocks({ userFunction: double, blocks: [1], jobname: "x" } as never);
  await assertRejects(
    () => misspelt.next(),
    ConfigError,
    "mapBlocks() has no 'jobname': did you mean 'jobName'?",
  );
});

Deno.test("an aborted signal ends a run of a program of its own", async () => {
  const { job } = await doubling({ userFunction: () => new Promise<number>(() => {}) });
  const manager = await getComputeWorkerManager(CW_THREADS);
  const over = new AbortController();
  try {
    await manager.startWorkers({ job, concurrency: { numComputeWorkers: 1 }, signal: over.signal });
    const running = manager.run();
    over.abort("enough");
    await assertRejects(() => running, AbortedError, "enough");
  } finally {
    await manager.shutdown();
  }
});

Deno.test("CW_SUBPROC: a module that is imported by its path may be read by confined workers", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(folder.file("double.ts"), "export default (n: number): number => 2 * n;");
  await Deno.symlink(folder.file("double.ts"), folder.file("link.ts"));
  for (const name of ["double.ts", "link.ts"]) {
    const { results } = await collectBlocks({
      userFunction: folder.file(name),
      shipCode: false,
      blocks: [1, 2],
      concurrency: { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 1 },
    });
    assertEquals([...results.values()].toSorted(), [2, 4], name);
  }
});
