import { assert, assertEquals, assertRejects } from "@std/assert";
import { TimeoutExceededError } from "../../core/errors.ts";
import { RunClock } from "../../core/run_clock.ts";
import { ScriptedRun, type ScriptedWorker } from "./scripted_run.ts";
import { SkippedTime } from "./skipped_time.ts";

const NEVER = { numComputeWorkers: 1 };

Deno.test("queueTimeout: no worker ever connects", async () => {
  const script = new ScriptedRun();
  const error = await assertRejects(
    () => script.run(4, { style: { ...NEVER, queueTimeout: 0.2, computeBufferPopTimeout: 0.01 } }),
    TimeoutExceededError,
  );
  assertEquals(error.timeoutName, "queueTimeout", "time in the queue is no other timeout's");
});

Deno.test("queueTimeout: a lost worker's successor does not come", async () => {
  const script = new ScriptedRun();
  const run = script.run(4, { style: { ...NEVER, queueTimeout: 0.3 } });
  const worker = await script.connect(0);
  await worker.hasBlock();
  await worker.die();
  const error = await assertRejects(() => run, TimeoutExceededError);
  assertEquals(error.timeoutName, "queueTimeout");
});

Deno.test("computeBarrierTimeout: nobody computes before all workers are there, and they don't come", async () => {
  const script = new ScriptedRun();
  const run = script.run(4, { style: { computeBarrierTimeout: 0.3 } });
  const worker = await script.connect(0);
  const error = await assertRejects(() => run, TimeoutExceededError, "all compute workers to start");
  assertEquals(error.timeoutName, "computeBarrierTimeout");
  assertEquals(worker.held.size, 0);
});

Deno.test("computeBarrierTimeout: once all workers are there they compute, however long", async () => {
  const script = new ScriptedRun();
  const run = script.run(4, { style: { computeBarrierTimeout: 0.3 } });
  const workers: ScriptedWorker[] = [await script.connect(0), await script.connect(1)];
  await Promise.all(workers.map((worker) => worker.hasBlock()));
  await new Promise((resolve) => setTimeout(resolve, 600)); // beyond the timeout, which is over
  const serving = workers.map((worker) => worker.serve());
  await run;
  await Promise.all(serving);
});

Deno.test("computeBufferPopTimeout: no result comes while blocks are being computed", async () => {
  const script = new ScriptedRun();
  const run = script.run(4, { style: { ...NEVER, computeBufferPopTimeout: 0.2 } });
  const worker = await script.connect(0);
  await worker.answer(await worker.hasBlock());
  const error = await assertRejects(() => run, TimeoutExceededError);
  assertEquals(error.timeoutName, "computeBufferPopTimeout");
});

Deno.test("blockTimeout: the block is named, its worker ended, and a replacement has the retry", async () => {
  const script = new ScriptedRun();
  const run = script.run(1, { style: { ...NEVER, blockTimeout: 0.2, maxBlockErrors: 1 } });
  const stuck = await script.connect(0);
  stuck.begin(await stuck.hasBlock());
  assertEquals(await script.wanted(), 0);
  assertEquals(stuck.closed, "blockTimeout ran out");
  assert(script.notices[0]!.includes("waited for block 0 on worker 0"), script.notices[0]);
  const again = await script.connect(0);
  again.begin(await again.hasBlock());
  const error = await assertRejects(() => run, TimeoutExceededError, "block 0");
  assertEquals([error.timeoutName, error.seconds], ["blockTimeout", 0.2]);
  assertEquals(script.manager.counts().workers.lost, 0, "it was ended by us");
});

Deno.test("readBufferPopTimeout: a worker waits for an input that is not read", async () => {
  const script = new ScriptedRun();
  const input = () => new Promise<never>(() => {});
  const run = script.run(4, { style: { ...NEVER, readBufferPopTimeout: 0.2 }, job: { input } });
  await script.connect(0);
  const error = await assertRejects(() => run, TimeoutExceededError);
  assertEquals(error.timeoutName, "readBufferPopTimeout");
});

Deno.test("readBufferInsertTimeout: workers hold all they may and nothing moves", async () => {
  const script = new ScriptedRun();
  const input = (block: number) => Promise.resolve({ header: block, parts: [] });
  const run = script.run(9, { style: { ...NEVER, readBufferInsertTimeout: 0.2 }, job: { input } });
  await script.connect(0);
  const error = await assertRejects(() => run, TimeoutExceededError);
  assertEquals(error.timeoutName, "readBufferInsertTimeout");
});

Deno.test("readBufferInsertTimeout: not while blocks move, however the inputs come, nor when none is left", async () => {
  using time = new SkippedTime();
  for (const late of [true, false]) {
    const script = new ScriptedRun();
    const input = (block: number) => {
      const payload = { header: block, parts: [] };
      return late ? Promise.resolve(payload) : payload;
    };
    const run = script.run(6, { style: { ...NEVER, readBufferInsertTimeout: 2 }, job: { input } });
    const worker = await script.connect(0);
    for (let block = 0; block < 6; block++) {
      await worker.hasBlock();
      // The last ones wait longer than the timeout, but for no room.
      for (let waits = block < 4 ? 1 : 3; waits > 0; waits--) {
        time.skip(700);
        await new Promise((resolve) => setTimeout(resolve, 120)); // a look at the clock
      }
      await worker.answer(block);
    }
    await run;
  }
});

Deno.test("computeBufferInsertTimeout: results wait to be taken and nobody takes them", async () => {
  const script = new ScriptedRun();
  const accept = () => new Promise<void>(() => {});
  const run = script.run(9, { style: { ...NEVER, computeBufferInsertTimeout: 0.2 }, job: { accept } });
  const worker = await script.connect(0);
  await worker.answer(await worker.hasBlock());
  await worker.answer(await worker.hasBlock());
  const error = await assertRejects(() => run, TimeoutExceededError, "room in the output buffer");
  assertEquals(error.timeoutName, "computeBufferInsertTimeout");
});

Deno.test("computeBufferPopTimeout: not while the input of the only block is still being read", async () => {
  const script = new ScriptedRun();
  const input = () =>
    new Promise<{ header: number; parts: [] }>((read) =>
      setTimeout(() => read({ header: 0, parts: [] }), 500)
    );
  const run = script.run(1, { style: { ...NEVER, computeBufferPopTimeout: 0.2 }, job: { input } });
  const worker = await script.connect(0);
  await worker.answer(await worker.hasBlock());
  await run;
});

Deno.test("the run's time stands still while this process does", () => {
  const clock = new RunClock(1000);
  assertEquals([1100, 2100, 62_100, 62_200].map((nowMs) => clock.tick(nowMs)), [1100, 2100, 2100, 2200]);
});

Deno.test("blockTimeout: not while the manager is stopped, and the block may take its time afterwards", async () => {
  using time = new SkippedTime();
  const script = new ScriptedRun();
  const run = script.run(1, { style: { ...NEVER, blockTimeout: 5 } });
  const worker = await script.connect(0);
  worker.begin(await worker.hasBlock());
  await ticks();
  time.skip(60_000);
  await ticks();
  await worker.answer(0);
  await run;
});

Deno.test("blockTimeout: nobody knows how long a block takes on a worker that is cut off", async () => {
  const script = new ScriptedRun();
  const run = script.run(1, { style: { ...NEVER, blockTimeout: 0.3 } });
  const worker = await script.connect(0);
  worker.begin(await worker.hasBlock());
  await worker.connected(false);
  await new Promise((resolve) => setTimeout(resolve, 700)); // beyond the timeout
  await worker.answer(0); // it comes over the connection that is mended
  await run;
});

/** Waits until the manager has looked at its clock. */
function ticks(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 250));
}
