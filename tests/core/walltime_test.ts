import { assert, assertEquals, assertRejects } from "@std/assert";
import { Allocations } from "../../core/allocations.ts";
import { WorkerError } from "../../core/errors.ts";
import { headerOnly } from "../../core/payload.ts";
import { ScriptedRun, type ScriptedWorker } from "./scripted_run.ts";
import { SkippedTime } from "./skipped_time.ts";

const FREE = { nowMs: 0, threads: 1, isFresh: false };

Deno.test("a worker holds as many blocks as fit at one and a half times what 95 of 100 take", () => {
  const allocations = new Allocations();
  allocations.note(0, { secondsLeft: 100, walltimeSeconds: 100 }, 0);
  const usualMs = () => 10_000;
  const capacity = (more: object) => allocations.capacity(0, { ...FREE, usualMs, ...more });
  assertEquals([capacity({}), capacity({ threads: 4 })], [6, 24]);
  assertEquals([capacity({ nowMs: 84_000 }), capacity({ nowMs: 86_000 }), capacity({ nowMs: 200_000 })], [
    1,
    0,
    0,
  ]);
  assertEquals(capacity({ usualMs: () => undefined }), Infinity);
  assertEquals(allocations.capacity(1, { ...FREE, usualMs: () => 1e9 }), Infinity, "it has no end");
});

Deno.test("a fresh worker with nearly all of its walltime gets a block however long they take", () => {
  const allocations = new Allocations();
  allocations.note(0, { secondsLeft: 100, walltimeSeconds: 100 }, 0);
  const capacity = (nowMs: number, isFresh: boolean) =>
    allocations.capacity(0, { nowMs, threads: 2, isFresh, usualMs: () => 90_000 });
  assertEquals([capacity(0, true), capacity(0, false), capacity(30_000, true)], [1, 0, 0]);
});

Deno.test("what the driver says later counts, and a successor does not inherit it", () => {
  const allocations = new Allocations();
  allocations.note(0, { secondsLeft: 10 }, 0);
  allocations.note(0, { secondsLeft: 100 }, 5000);
  assertEquals(allocations.capacity(0, { ...FREE, nowMs: 5000, usualMs: () => 10_000 }), 6);
  allocations.gone(0, []);
  assertEquals(allocations.capacity(0, { ...FREE, nowMs: 5000, usualMs: () => 10_000 }), Infinity);
});

Deno.test("only a block that was begun with four fifths of a known walltime left is too long for it", () => {
  const allocations = new Allocations();
  const beganAt = (ms: number, walltimeSeconds: number | undefined) => {
    allocations.note(0, { secondsLeft: 100, walltimeSeconds }, 0);
    allocations.gone(0, [[7, ms]]);
    return allocations.endedByWalltime(0);
  };
  assertEquals(beganAt(20_000, 100), [{ block: 7, walltimeSeconds: 100 }]);
  assertEquals(beganAt(20_001, 100), []);
  assertEquals(beganAt(0, undefined), []);
  assertEquals(allocations.endedByWalltime(0), [], "it is told once");
});

/** Has one block done that takes so long. */
async function doOne(worker: ScriptedWorker, elapsedMs: number): Promise<void> {
  const block = await worker.hasBlock();
  await worker.answer(block, headerOnly(block), elapsedMs);
}

const ONE = { numComputeWorkers: 1 };

Deno.test("a worker without time for another block is told to end, which is no loss, and a successor goes on", async () => {
  const script = new ScriptedRun();
  const run = script.run(5, { style: ONE });
  const first = await script.connect(0);
  await script.news({
    type: "started",
    worker: 0,
    nativeId: "7",
    host: "node",
    secondsLeft: 40,
    walltimeSeconds: 50,
  });
  await doOne(first, 20_000);
  await doOne(first, 20_000); // held ahead before any time was known
  assertEquals([...first.held.keys()], [2], "one fits");
  await script.news({
    type: "started",
    worker: 0,
    nativeId: "7",
    host: "node",
    secondsLeft: 20,
    walltimeSeconds: 50,
  });
  await doOne(first, 20_000);
  assertEquals(await script.wanted(), 0);
  assertEquals(first.closed, "the run is done");
  const serving = (await script.connect(0)).serve();
  await run;
  await serving;
  const { workers, blocks } = script.manager.counts();
  // A successor takes a worker's place, and is none more.
  assertEquals([workers.lost, workers.ran, workers.started, blocks.done], [0, 1, 2, 5]);
  assertEquals(script.notices, []);
});

Deno.test("what was read ahead is asked back once it no longer fits, and goes to another", async () => {
  const script = new ScriptedRun();
  const run = script.run(12, { style: { numComputeWorkers: 2 } });
  const [short, long] = [await script.connect(0), await script.connect(1)];
  await doOne(short, 20_000);
  const held = [...short.held.keys()];
  assertEquals(held.length, 2);
  await script.news({ type: "started", worker: 0, nativeId: "7", host: "node", secondsLeft: 31 });
  await new Promise((resolve) => setTimeout(resolve, 250)); // a look at the clock
  assertEquals([...short.held.keys()], held.slice(0, 1), "the one in hand is left to it");
  const serving = [short.serve(), long.serve()];
  await run;
  await Promise.all(serving);
  assertEquals(script.accepted.length, 12);
  assertEquals(script.manager.counts().workers.lost, 0);
});

Deno.test("no successor comes where the others will have all that is left in hand", async () => {
  const script = new ScriptedRun();
  const run = script.run(3, { style: { numComputeWorkers: 2 } });
  const [short, long] = [await script.connect(0), await script.connect(1)];
  await script.news({
    type: "started",
    worker: 0,
    nativeId: "7",
    host: "node",
    secondsLeft: 5,
    walltimeSeconds: 500,
  });
  await doOne(short, 20_000);
  await doOne(short, 20_000); // held ahead before any time was known
  await long.hasBlock();
  await new Promise((resolve) => setTimeout(resolve, 1200)); // beyond the delay before a successor
  assert(short.closed !== undefined);
  const serving = long.serve();
  await run;
  await serving;
  assertEquals(script.replaced, []);
});

Deno.test("a block that a whole walltime was too short for ends the run with its name", async () => {
  for (const heardFirst of ["connection", "driver"]) {
    using time = new SkippedTime();
    const script = new ScriptedRun();
    const run = script.run(9, { style: { ...ONE, maxBlockLosses: 0 } });
    const worker = await script.connect(0);
    await script.news({
      type: "started",
      worker: 0,
      nativeId: "7",
      host: "n",
      secondsLeft: 600,
      walltimeSeconds: 600,
    });
    await worker.hasBlock();
    time.skip(600_000);
    if (heardFirst === "connection") await worker.die({ unexpected: false, cause: "left" });
    script.ended(0, { cause: "walltime" });
    await assertRejects(
      () => run,
      WorkerError,
      "block 0 needs more than the walltime of 600 s: ask for more, or use a smaller window",
    );
  }
});

Deno.test("a block that was begun late in a walltime is handed out again and blamed for nothing", async () => {
  using time = new SkippedTime();
  const script = new ScriptedRun();
  const run = script.run(3, { style: { ...ONE, maxBlockLosses: 0 } });
  const worker = await script.connect(0);
  await script.news({
    type: "started",
    worker: 0,
    nativeId: "7",
    host: "n",
    secondsLeft: 600,
    walltimeSeconds: 600,
  });
  await worker.hasBlock();
  time.skip(300_000);
  await worker.answer(0);
  await worker.hasBlock();
  time.skip(300_000);
  script.ended(0, { cause: "walltime", logTail: "DUE TO TIME LIMIT" });
  assertEquals(await script.wanted(), 0);
  const serving = (await script.connect(0)).serve();
  await run;
  await serving;
  assertEquals(script.manager.counts().workers.lost, 1);
});

Deno.test("no cause that is not the block's own blames it", async () => {
  for (const cause of ["preempted", "requeued", "node", "cancelled", "walltime"] as const) {
    const script = new ScriptedRun();
    const run = script.run(2, { style: { ...ONE, maxBlockLosses: 0 } });
    const worker = await script.connect(0);
    worker.begin(await worker.hasBlock());
    script.ended(0, { cause, logTail: cause });
    assertEquals(await script.wanted(), 0);
    const serving = (await script.connect(0)).serve();
    await run;
    await serving;
    // It is named all the same.
    const told = `worker 0 was lost: ${cause} (it had block 0 in hand)`;
    assert(script.notices[0]!.startsWith(told), script.notices[0]);
  }
});
