import { assert, assertEquals, assertRejects } from "@std/assert";
import { DriverError } from "../../core/errors.ts";
import type { Replacement } from "../../core/driver.ts";
import { headerOnly } from "../../core/payload.ts";
import { ScriptedRun } from "./scripted_run.ts";

const REFUSED: Replacement = { replaced: false, reason: "QOSMaxJobs" };

Deno.test("the barrier does not wait for a worker whose replacement was refused", async () => {
  const script = new ScriptedRun({ replace: () => REFUSED });
  const run = script.run(4, { style: { computeBarrierTimeout: 30 } });
  const [doomed, other] = [await script.connect(0, { ready: false }), await script.connect(1)];
  await doomed.die();
  assertEquals(await script.wanted(), 0);
  const serving = other.serve();
  await run;
  await serving;
  assertEquals(script.accepted.length, 4);
});

/** A run of 3 blocks whose worker 0 left for want of time, without a successor, while worker 1 had all that was left. */
async function withoutSuccessor(replace: (worker: number) => Replacement) {
  const script = new ScriptedRun({ replace });
  const run = script.run(3, { style: { numComputeWorkers: 2 } });
  const [short, long] = [await script.connect(0), await script.connect(1)];
  await script.news({ type: "started", worker: 0, nativeId: "7", host: "node", secondsLeft: 5 });
  while (short.closed === undefined) {
    await short.answer(await short.hasBlock(), headerOnly(0), 20_000);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await new Promise((resolve) => setTimeout(resolve, 1200)); // beyond the delay before a successor
  assertEquals(script.replaced, [], "the other one is enough");
  await long.hasBlock();
  return { script, run, long };
}

Deno.test("a worker that was not missed is asked for after all when the last one is lost and refused", async () => {
  const { script, run, long } = await withoutSuccessor((worker) =>
    worker === 1 ? REFUSED : { replaced: true }
  );
  await long.die();
  assertEquals([await script.wanted(), await script.wanted()], [1, 0]);
  const serving = (await script.connect(0)).serve();
  await run;
  await serving;
  assertEquals(script.accepted.toSorted(), [0, 1, 2]);
  assert(script.notices.some((line) => line.includes("QOSMaxJobs")), script.notices.join("; "));
});

Deno.test("once every place has been refused, the run ends", async () => {
  const { script, run, long } = await withoutSuccessor(() => REFUSED);
  const failed = assertRejects(() => run, DriverError, "There is none left");
  await long.die();
  await failed;
  assertEquals(script.replaced, [1, 0]);
});

Deno.test("a worker that comes back by itself and is lost again is replaced once", async () => {
  const script = new ScriptedRun();
  const run = script.run(3, { style: { maxWorkerLosses: 9 } });
  await (await script.connect(0)).die();
  await (await script.connect(0)).die();
  const other = await script.connect(1);
  assertEquals(await script.wanted(), 0);
  await new Promise((resolve) => setTimeout(resolve, 2500)); // beyond the delays of both losses
  assertEquals(script.replaced, [0]);
  await other.serve();
  await run;
});
