import { assert, assertEquals } from "@std/assert";
import { ScriptedRun } from "./scripted_run.ts";

Deno.test("the copy of other args of a worker that is lost is said to be missing, if blocks had changed it", async () => {
  const script = new ScriptedRun();
  const run = script.run(6, { job: { ownArgs: true } });
  const [lost, idle] = [await script.connect(0), await script.connect(1, { ready: false })];
  await lost.answer(await lost.hasBlock());
  await lost.die();
  await idle.die();
  const serving = [(await script.connect(0)).serve(), (await script.connect(1)).serve()];
  await run;
  await Promise.all(serving);
  const missing = script.notices.filter((line) => line.includes("missing"));
  assertEquals(missing.length, 1, script.notices.join("; "));
  assert(missing[0]!.startsWith("The copy of other args of worker 0 is missing"), missing[0]);
  assert(missing[0]!.includes("what 1 block(s) left in it"), missing[0]);
});

Deno.test("without such copies, or when all of them came back, nothing is said to be missing", async () => {
  for (const ownArgs of [true, false]) {
    const script = new ScriptedRun();
    const run = script.run(3, { job: { ownArgs } });
    const worker = await script.connect(0);
    await worker.answer(await worker.hasBlock());
    if (!ownArgs) await worker.die();
    const serving = (ownArgs ? worker : await script.connect(0)).serve();
    await run;
    await serving;
    assertEquals(script.notices.filter((line) => line.includes("missing")), []);
  }
});
