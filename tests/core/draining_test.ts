import { assert, assertEquals } from "@std/assert";
import { ScriptedRun } from "./scripted_run.ts";

Deno.test("a worker that hands its blocks back gets no others, and what it had goes to those that are free", async () => {
  const run = new ScriptedRun();
  const done = run.run(12);
  const [leaving, staying] = [await run.connect(0), await run.connect(1)];
  const inHand = await leaving.hasBlock();
  await staying.hasBlock();
  await leaving.drain();
  assert(leaving.givenInVain <= 1, `it was given blocks ${leaving.givenInVain} times`);
  await staying.answer([...staying.held.keys()][0]!);
  await leaving.answer(inHand);
  assert(leaving.givenInVain <= 1, `it was given blocks ${leaving.givenInVain} times`);
  await leaving.leave();
  await Promise.all([done, staying.serve()]);
  assertEquals(run.accepted.toSorted((a, b) => a - b), Array.from({ length: 12 }, (_, block) => block));
  assertEquals(run.manager.counts().workers.lost, 0);
});

Deno.test("a worker that begins to drain with nothing but the block in hand is given others once at the most", async () => {
  const run = new ScriptedRun();
  const done = run.run(8, { job: { leastAhead: 0 } });
  const [leaving, staying] = [await run.connect(0), await run.connect(1)];
  const inHand = await leaving.hasBlock();
  await leaving.drain();
  await leaving.answer(inHand);
  assert(leaving.givenInVain <= 1, `it was given blocks ${leaving.givenInVain} times`);
  await leaving.leave();
  await Promise.all([done, staying.serve()]);
  assertEquals(run.accepted.length, 8);
});
