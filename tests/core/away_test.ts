import { assertEquals } from "@std/assert";
import { Scheduler } from "../../core/scheduler.ts";
import { CuttingProxy, TestServer, until } from "./channel/channel_support.ts";
import { ScriptedRun } from "./scripted_run.ts";

Deno.test("the blocks of a worker whose connection broke are copied at once, and the driver looks after it", async () => {
  const script = new ScriptedRun();
  const run = script.run(3, { job: { copiesAllowed: true } });
  const cut = await script.connect(0);
  await cut.hasBlock();
  assertEquals([...cut.held.keys()], [0, 1]);
  const other = await script.connect(1);
  await cut.connected(false);
  assertEquals(script.checked, [0]);
  await other.answer(await other.hasBlock(), undefined, 600_000);
  const copied: number[] = [];
  while (copied.length < 2) {
    const block = await other.hasBlock();
    copied.push(block);
    await other.answer(block);
  }
  assertEquals(copied.toSorted(), [0, 1]);
  await run;
  assertEquals(script.manager.counts().workers.lost, 0);
});

Deno.test("a worker that is cut off gets nothing, and goes on once it is back", async () => {
  const script = new ScriptedRun();
  const run = script.run(6, { style: { numComputeWorkers: 1 }, job: { copiesAllowed: true } });
  const worker = await script.connect(0);
  await worker.hasBlock();
  await worker.connected(false);
  await worker.answer(0); // what it had sent before
  assertEquals([...worker.held.keys()], [1]);
  await worker.connected(true);
  assertEquals([...worker.held.keys()], [1, 2]);
  const serving = worker.serve();
  await run;
  await serving;
});

Deno.test("without copies the blocks of a worker that is cut off wait for it", () => {
  const scheduler = new Scheduler({
    ...{ blockCount: 2, maxBlockErrors: 0, maxBlockLosses: 2, maxWorkerLosses: 3 },
    copies: false,
  });
  const [cut, idle] = [scheduler.open(), scheduler.open()];
  scheduler.take(cut, 2, { nowMs: 0, freshComing: false });
  scheduler.setAway(cut, true);
  assertEquals(scheduler.take(idle, 2, { nowMs: 1, freshComing: false }), []);
});

Deno.test("a link over the channel tells when its connection breaks and when it is mended", async () => {
  await using server = await TestServer.start();
  await using proxy = new CuttingProxy(server.port);
  const seen: boolean[] = [];
  server.onWorker = (worker) =>
    worker.listen({
      message: () => {},
      ended: () => {},
      connected: (isConnected) => seen.push(isConnected),
    });
  const channel = await server.connect({ port: proxy.port });
  proxy.cut();
  await until(() => seen.length === 2);
  assertEquals(seen, [false, true]);
  await channel.leave("the test is over");
});
