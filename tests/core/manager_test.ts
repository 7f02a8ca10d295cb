import { assert, assertEquals, assertRejects } from "@std/assert";
import { AbortedError, DriverError, WorkerError } from "../../core/errors.ts";
import { isFunctionFailure } from "../../core/function_failure.ts";
import { ScriptedRun } from "./scripted_run.ts";

Deno.test("the first worker starts the run, late ones join it", async () => {
  const script = new ScriptedRun();
  const run = script.run(4);
  const first = await script.connect(0);
  await first.answer(await first.hasBlock());
  const late = await script.connect(1);
  const serving = [first.serve(), late.serve()];
  await run;
  await Promise.all(serving);
  assertEquals(script.accepted.toSorted(), [0, 1, 2, 3]);
  assertEquals(script.notices, []);
});

Deno.test("a lost worker's block goes to another, and a replacement is asked for", async () => {
  const script = new ScriptedRun();
  const run = script.run(3);
  const doomed = await script.connect(0);
  await doomed.hasBlock();
  await doomed.die({ computing: 0 });
  const other = await script.connect(1);
  const serving = other.serve();
  await run;
  await serving;
  assertEquals(script.accepted.toSorted(), [0, 1, 2]);
  assert(
    script.notices[0]!.startsWith("worker 0 was lost while computing block 0: the script says so"),
    script.notices[0],
  );
  assertEquals(script.manager.counts().workers.lost, 1);
});

Deno.test("a worker that leaves without blame, by its walltime, is replaced, and no block is blamed", async () => {
  const script = new ScriptedRun();
  const run = script.run(1, { style: { numComputeWorkers: 1, maxBlockLosses: 0 } });
  for (let time = 0; time < 2; time++) {
    const worker = await script.connect(0);
    await worker.hasBlock();
    await worker.die({ unexpected: false, reason: "its walltime is over", computing: 0 });
    assertEquals(await script.wanted(), 0);
  }
  const last = await script.connect(0);
  await last.answer(await last.hasBlock());
  await run;
  assertEquals(script.manager.counts().workers.lost, 2);
});

Deno.test("a newer session of a worker replaces the older one, whose results are ignored then", async () => {
  const script = new ScriptedRun();
  const run = script.run(2, { style: { numComputeWorkers: 1 } });
  const older = await script.connect(0);
  await older.hasBlock();
  const newer = await script.connect(0);
  assertEquals(older.closed, "a newer session has taken its place");
  await newer.hasBlock();
  older.closed = undefined; // what is on its way can't be called back
  await older.answer(0);
  assertEquals(script.accepted, []);
  const serving = newer.serve();
  await run;
  await serving;
  assertEquals(script.accepted, [0, 1]);
  assertEquals(script.manager.counts().workers.lost, 0);
});

Deno.test("if the first workers all end before any connects, the run fails with the first one's log", async () => {
  const script = new ScriptedRun();
  const run = script.run(9, { style: { numComputeWorkers: 5 } });
  for (const worker of [3, 1, 4]) {
    script.ended(worker, { logTail: `sh: deno: not found (${worker})`, exitCode: 127 });
  }
  await assertRejects(
    () => run,
    DriverError,
    "The first 3 workers all ended before any connected. The first: blockfleet_3 ended (exit, exit code 127) before it " +
      "connected: sh: deno: not found (3)",
  );
});

Deno.test("once one has connected, such an end is a warning that counts as a loss", async () => {
  const script = new ScriptedRun();
  const run = script.run(9, { style: { numComputeWorkers: 2, maxWorkerLosses: 1 } });
  await script.connect(0);
  script.ended(1, { logTail: "no licence" });
  script.ended(1, { logTail: "no licence" });
  await assertRejects(() => run, WorkerError, "More than 1 workers were lost since a block was last done");
  assert(script.notices[0]!.includes("ended (exit) before it connected: no licence"), script.notices[0]);
  assertEquals(script.manager.counts().workers.lost, 2);
});

Deno.test("a refused replacement is said, and the run goes on with the others", async () => {
  const script = new ScriptedRun({ replace: () => ({ replaced: false, reason: "the queue is closed" }) });
  const run = script.run(4);
  const doomed = await script.connect(0);
  const other = await script.connect(1);
  await doomed.hasBlock();
  await doomed.die();
  await script.wanted();
  const serving = other.serve();
  await run;
  await serving;
  assert(
    script.notices.some((line) => line.includes("the queue is closed. The run goes on with the others")),
  );
});

Deno.test("a refused replacement ends the run when no worker is left", async () => {
  const script = new ScriptedRun({ replace: () => ({ replaced: false, reason: "the queue is closed" }) });
  const run = script.run(4, { style: { numComputeWorkers: 1 } });
  const doomed = await script.connect(0);
  await doomed.hasBlock();
  script.ended(0);
  await doomed.die();
  await assertRejects(() => run, DriverError, "the queue is closed. There is none left");
});

Deno.test("a suspect waits for the replacement to connect, though an idle worker is there", async () => {
  const script = new ScriptedRun();
  const run = script.run(3, { style: { maxBlockLosses: 1 } });
  const doomed = await script.connect(0);
  const other = await script.connect(1);
  await doomed.hasBlock();
  await doomed.die({ computing: 0 });
  await other.answer(await other.hasBlock());
  await other.answer(await other.hasBlock());
  assertEquals(await script.wanted(), 0);
  assertEquals([...other.held.keys()], [], "it is idle");
  const fresh = await script.connect(0);
  assertEquals(await fresh.hasBlock(), 0);
  await fresh.answer(0);
  await run;
  assertEquals(script.accepted.toSorted(), [0, 1, 2]);
});

Deno.test("a block that kills its worker alone, too, ends the run with its name", async () => {
  const script = new ScriptedRun();
  const run = script.run(3, { style: { numComputeWorkers: 1, maxBlockLosses: 1 } });
  const first = await script.connect(0);
  await first.hasBlock();
  await first.die({ computing: 0 });
  await script.wanted();
  const fresh = await script.connect(0);
  assertEquals(await fresh.hasBlock(), 0);
  assertEquals(fresh.held.size, 1, "alone");
  await fresh.die({ computing: 0, reason: "killed by signal 9" });
  const killer = await assertRejects(
    () => run,
    WorkerError,
    "block 0 kills its workers: 2 died while computing it, the last one with nothing else to do: killed by signal 9",
  );
  assert(isFunctionFailure(killer));
});

Deno.test("an error is tried again as often as maxBlockErrors allows, with a notice", async () => {
  const script = new ScriptedRun();
  const run = script.run(1, { style: { numComputeWorkers: 1, maxBlockErrors: 1 } });
  const worker = await script.connect(0);
  await worker.hasBlock();
  await worker.fail(0, { message: "once" });
  assertEquals(worker.held.get(await worker.hasBlock()), 2);
  await worker.fail(0, { message: "twice" });
  await assertRejects(() => run, WorkerError, "Error: twice");
  assertEquals(script.notices, [
    "The user function failed in block 0 on worker 0: Error: once; trying again",
  ]);
  assertEquals(script.manager.counts().blocks.retried, 1);
});

Deno.test("the first error is the run's, whatever follows it", async () => {
  const script = new ScriptedRun({ stop: () => Promise.reject(new Error("scancel: connection refused")) });
  const run = script.run(4);
  const [a, b] = [await script.connect(0), await script.connect(1)];
  await Promise.all([a.hasBlock(), b.hasBlock()]);
  await a.fail(0, { name: "RangeError", message: "the real one" });
  await b.die();
  await assertRejects(() => run, WorkerError, "RangeError: the real one");
  assertEquals(script.notices, ["Cannot stop the CW_SCRIPTED workers: scancel: connection refused"]);
});

Deno.test("a result that can't be taken ends the run with that error", async () => {
  const accept = () => {
    throw new Error("the disk is full");
  };
  const script = new ScriptedRun();
  const run = script.run(4, { job: { accept } });
  const worker = await script.connect(0);
  await worker.answer(await worker.hasBlock());
  await assertRejects(() => run, Error, "the disk is full");
  assertEquals(worker.closed, "the run has failed");

  const later = new ScriptedRun();
  const second = later.run(4, { job: { accept: () => Promise.reject(new Error("the disk is full")) } });
  const other = await later.connect(0);
  await other.answer(await other.hasBlock());
  await assertRejects(() => second, Error, "the disk is full");
});

Deno.test("an abort is heard while the driver still starts workers", async () => {
  const controller = new AbortController();
  const script = new ScriptedRun({
    start: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("qsub was interrupted")));
        controller.abort(new Error("Ctrl-C"));
      }),
  });
  await assertRejects(() => script.run(4, { signal: controller.signal }), AbortedError, "Ctrl-C");
});

Deno.test("a run that is aborted before it begins starts nothing", async () => {
  let started = false;
  const start = () => {
    started = true;
    return Promise.resolve();
  };
  const script = new ScriptedRun({ start });
  await assertRejects(() => script.run(4, { signal: AbortSignal.abort() }), AbortedError);
  assert(!started);
});

Deno.test("a worker that is lost while the driver still starts others is replaced afterwards", async () => {
  const begun = Promise.withResolvers<void>();
  const script = new ScriptedRun({ start: () => begun.promise });
  const run = script.run(1, { style: { numComputeWorkers: 1 } });
  const early = await script.connect(0);
  await early.hasBlock();
  await early.die();
  await new Promise((resolve) => setTimeout(resolve, 1100)); // the delay before a replacement
  assertEquals(script.replaced, []);
  begun.resolve();
  await script.wanted();
  const worker = await script.connect(0);
  await worker.answer(await worker.hasBlock());
  await run;
});

Deno.test("a run of no blocks, or of blocks that are all done, starts nobody and is over", async () => {
  for (const [blockCount, done] of [[0, []], [3, [0, 1, 2]]] as const) {
    const script = new ScriptedRun({ start: () => Promise.reject(new Error("nobody is wanted")) });
    await script.run(blockCount, { job: { done } });
    const { blocks, workers } = script.manager.counts();
    assertEquals([blocks.done, blocks.resumed, workers.started], [blockCount, done.length, 0]);
  }
});

Deno.test("blocks of an earlier run are not handed out, and no workers started for them", async () => {
  const script = new ScriptedRun();
  const run = script.run(5, { style: { numComputeWorkers: 4 }, job: { done: [0, 2, 3] } });
  const worker = await script.connect(0);
  const serving = worker.serve();
  await run;
  await serving;
  assertEquals(script.accepted, [1, 4]);
  const { blocks, workers } = script.manager.counts();
  assertEquals([blocks.done, blocks.resumed, workers.started], [5, 3, 2]);
});

Deno.test("the end of the run does not wait for a losing copy", async () => {
  const script = new ScriptedRun();
  const run = script.run(2, { job: { copiesAllowed: true } });
  const [slow, fast] = [await script.connect(0), await script.connect(1)];
  assertEquals(await slow.hasBlock(), 0);
  await fast.answer(await fast.hasBlock());
  assertEquals(await fast.hasBlock(), 0, "a copy");
  await fast.answer(0);
  await run;
  assertEquals(script.accepted, [1, 0]);
  assertEquals(slow.closed, "the run is done");
});

Deno.test("what waits in one worker's queue is taken back for another", async () => {
  for (const copiesAllowed of [true, false]) {
    const script = new ScriptedRun();
    const run = script.run(3, { job: { copiesAllowed } });
    const busy = await script.connect(0);
    assertEquals(await busy.hasBlock(), 0);
    assertEquals([...busy.held.keys()], [0, 1]);
    const other = await script.connect(1);
    await other.answer(await other.hasBlock());
    assertEquals(await other.hasBlock(), 1, "2 is done; 1 was taken back");
    assertEquals([...busy.held.keys()], [0]);
    await other.answer(1);
    await busy.answer(0);
    await run;
    assertEquals(script.accepted.toSorted(), [0, 1, 2]);
  }
});

Deno.test("no more blocks are handed out while twice as many results as workers wait to be taken", async () => {
  const script = new ScriptedRun();
  const taken: (() => void)[] = [];
  const accept = (block: number) => {
    script.accepted.push(block);
    return new Promise<void>((resolve) => taken.push(resolve));
  };
  const run = script.run(6, { style: { numComputeWorkers: 1 }, job: { accept } });
  const worker = await script.connect(0);
  await worker.answer(await worker.hasBlock());
  await worker.answer(await worker.hasBlock());
  assertEquals(taken.length, 2);
  const waiting = [...worker.held.keys()];
  for (const block of waiting) await worker.answer(block);
  assertEquals(worker.held.size, 0, "nothing new came for them");
  taken.shift()!();
  for (let left = taken.length; left > 0; left--) taken.shift()!();
  assertEquals(await worker.hasBlock(), 2 + waiting.length);
  while (script.accepted.length < 6) {
    await worker.answer(await worker.hasBlock());
    taken.shift()!();
  }
  await run;
});
