import { assertEquals, assertRejects } from "@std/assert";
import { WorkerError } from "../../core/errors.ts";
import { ScriptedRun } from "./scripted_run.ts";

const SINGLE = { numComputeWorkers: 0, singleBlockComputeWorkers: true };

Deno.test("each of as many workers as blocks gets one block and no other, and its end is no loss", async () => {
  const script = new ScriptedRun();
  const run = script.run(3, { style: SINGLE, job: { copiesAllowed: true, leastAhead: 4 } });
  const first = await script.connect(0);
  await first.hasBlock();
  assertEquals(first.held.size, 1, "no read-ahead");
  await first.answer(0);
  assertEquals(first.closed, "the run is done", "it was told to end");
  script.ended(0, { cause: "exit", exitCode: 0 });
  const [second, third] = [await script.connect(1), await script.connect(2)];
  await second.hasBlock();
  await third.answer(await third.hasBlock());
  assertEquals(third.held.size, 0, "no copies");
  script.ended(2, { cause: "exit", exitCode: 0 });
  await second.answer(1);
  await run;
  const { workers } = script.manager.counts();
  assertEquals([workers.started, workers.lost, script.replaced], [3, 0, []]);
  assertEquals(script.notices, []);
});

Deno.test("a block that failed gets another worker, and one whose worker died, too", async () => {
  const script = new ScriptedRun();
  const run = script.run(2, { style: { ...SINGLE, maxBlockErrors: 1 } });
  const [failing, dying] = [await script.connect(0), await script.connect(1)];
  await failing.fail(await failing.hasBlock());
  assertEquals(await script.wanted(), 0);
  const again = await script.connect(0);
  assertEquals(await again.hasBlock(), 0);
  await again.answer(0);
  await dying.hasBlock();
  await dying.die();
  assertEquals(await script.wanted(), 1);
  const other = await script.connect(1);
  assertEquals(await other.hasBlock(), 1);
  await other.answer(1);
  await run;
  const { workers } = script.manager.counts();
  assertEquals([workers.started, workers.lost], [4, 1]);
});

Deno.test("a worker that comes when every block is in another's hands is told to end", async () => {
  const script = new ScriptedRun();
  const run = script.run(1, { style: SINGLE });
  const worker = await script.connect(0);
  await worker.hasBlock();
  const extra = await script.connect(1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(extra.closed, "the run is done");
  await worker.answer(0);
  await run;
});

Deno.test("the limit of lost workers is twice the number that there are", async () => {
  const script = new ScriptedRun();
  const run = script.run(2, { style: { ...SINGLE, maxBlockLosses: 99 } });
  for (let loss = 0; loss < 2; loss++) {
    for (const number of [0, 1]) {
      const worker = await script.connect(number);
      await worker.hasBlock();
      await worker.die();
      if (loss === 0) await script.wanted();
    }
  }
  await script.connect(0).then(async (worker) => {
    await worker.hasBlock();
    await worker.die();
  });
  await assertRejects(() => run, WorkerError, "More than 4 workers were lost");
});
