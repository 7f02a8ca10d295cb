import { assertEquals, assertThrows } from "@std/assert";
import { checkConcurrency } from "../../core/checked_concurrency.ts";
import { ConfigError } from "../../core/errors.ts";
import { moreWorkers } from "../../core/fleet_size.ts";
import { headerOnly } from "../../core/payload.ts";
import { driver as none } from "../../drivers/none.ts";
import { driver as threads } from "../../drivers/threads.ts";
import { ScriptedRun } from "./scripted_run.ts";
import { SkippedTime } from "./skipped_time.ts";

const RANGE = { min: 2, max: 50, threadsPerWorker: 1 };

Deno.test("as many workers are wanted as would do what is left in a minute, within the range", () => {
  const more = (remaining: number, blockMs: number, alive = 2) =>
    moreWorkers(alive, { remaining, waiting: remaining, blockMs }, RANGE);
  assertEquals([more(100, 6000), more(100, 6000, 9), more(100, 6000, 20)], [8, 1, 0]);
  assertEquals([more(1000, 60_000), more(10, 10)], [48, 0]);
  assertEquals(more(1000, 0), 0, "nothing is known");
});

Deno.test("no worker is wanted that would find no block, and threads count", () => {
  assertEquals(moreWorkers(2, { remaining: 10, waiting: 3, blockMs: 60_000 }, RANGE), 3);
  assertEquals(moreWorkers(2, { remaining: 10, waiting: 0, blockMs: 60_000 }, RANGE), 0);
  const four = { ...RANGE, threadsPerWorker: 4 };
  assertEquals(moreWorkers(2, { remaining: 100, waiting: 90, blockMs: 6000 }, four), 1);
});

const tick = () => new Promise((resolve) => setTimeout(resolve, 250));
const STYLE = { numComputeWorkers: 3, minComputeWorkers: 1 };

Deno.test("a run starts with the least, grows with what is left, and ends those that have nothing to do", async () => {
  using time = new SkippedTime();
  const script = new ScriptedRun({ grow: (workers) => ({ added: workers }) });
  const run = script.run(6, { style: STYLE });
  const first = await script.connect(0);
  await first.hasBlock();
  await tick();
  assertEquals([script.grown, script.manager.counts().workers.started], [[], 1]);
  await first.answer(0, headerOnly(0), 40_000);
  time.skip(3000);
  await tick();
  assertEquals([script.grown, script.manager.counts().workers.started], [[2], 3]);
  time.skip(3000);
  await tick();
  assertEquals(script.grown, [2], "they are on their way");
  const [second, third] = [await script.connect(1), await script.connect(2)];
  for (const worker of [second, third]) {
    while (worker.held.size > 0) await worker.answer([...worker.held.keys()][0]!);
  }
  time.skip(6000);
  await tick();
  assertEquals([second.closed, third.closed], ["the run is done", "the run is done"]);
  assertEquals(first.closed, undefined);
  const serving = first.serve();
  await run;
  await serving;
  assertEquals([script.manager.counts().workers.lost, script.replaced, script.grown], [0, [], [2]]);
});

Deno.test("before a block is done, its age tells that more workers are worth it", async () => {
  using time = new SkippedTime();
  const script = new ScriptedRun({ grow: () => ({ added: 0, reason: "QOSMaxJobs" }) });
  const run = script.run(20, { style: STYLE });
  const first = await script.connect(0);
  await first.hasBlock();
  for (let look = 0; look < 3; look++) {
    time.skip(10_000);
    await tick();
  }
  assertEquals(script.grown, [2], "it was refused, and is asked again only after a while");
  assertEquals(script.notices, ["Only 0 of 2 more workers: QOSMaxJobs"]);
  const serving = first.serve();
  await run;
  await serving;
});

Deno.test("a driver that fails to give more workers does not end the run", async () => {
  using time = new SkippedTime();
  const script = new ScriptedRun({
    grow: () => {
      throw new Error("sbatch: connection refused");
    },
  });
  const run = script.run(20, { style: STYLE });
  const first = await script.connect(0);
  await first.hasBlock();
  time.skip(60_000);
  await tick();
  const serving = first.serve();
  await run;
  await serving;
  assertEquals(script.notices, ["Only 0 of 2 more workers: sbatch: connection refused"]);
});

Deno.test("a range is refused where it can't be kept", () => {
  const check = (style: object, driver = threads) => () => checkConcurrency(style, driver);
  assertThrows(check({ numComputeWorkers: 2, minComputeWorkers: 3 }), ConfigError, "must be from 1 to");
  assertThrows(check({ numComputeWorkers: 2, minComputeWorkers: 0 }), ConfigError, "must be from 1 to");
  const fixed = { ...threads, kind: "CW_FIXED", canGrow: false };
  assertThrows(
    check({ numComputeWorkers: 2, minComputeWorkers: 1 }, fixed),
    ConfigError,
    "CW_FIXED can't start more",
  );
  assertEquals(check({ numComputeWorkers: 2, minComputeWorkers: 2 }, fixed)().minWorkers, 2);
  assertEquals(check({}, none)().minWorkers, 1);
});
