import { assert, assertEquals, assertRejects } from "@std/assert";
import { DriverError, TimeoutExceededError } from "../../core/errors.ts";
import { QueueNews } from "../../core/queue_news.ts";
import { ScriptedRun } from "./scripted_run.ts";
import { SkippedTime } from "./skipped_time.ts";

const queued = (worker: number, reason: string) => ({ type: "queued" as const, worker, reason });

Deno.test("the queue's reasons are summed up, the most frequent first, and those that are gone left out", () => {
  const news = new QueueNews();
  assertEquals(news.summary(), undefined);
  news.queued(0, "PENDING: Resources");
  assertEquals(news.summary(), "1 worker waits: PENDING: Resources");
  news.queued(1, "PENDING: PartitionConfig");
  news.queued(2, "PENDING: PartitionConfig");
  assertEquals(news.summary(), "3 workers wait: PENDING: PartitionConfig (2), PENDING: Resources");
  news.queued(1, "PENDING: Resources");
  news.gone(2);
  assertEquals(news.summary(), "2 workers wait: PENDING: Resources (2)");
});

Deno.test("the user gets a line soon, then one a minute, and none while a worker is there", () => {
  const news = new QueueNews();
  news.queued(0, "Priority");
  const due = (seconds: number, isAnyThere = false) => news.lineDue(seconds * 1000, isAnyThere) !== undefined;
  assertEquals([due(0), due(9), due(11), due(12), due(70), due(72)], [
    false,
    false,
    true,
    false,
    false,
    true,
  ]);
  assertEquals([due(140, true), due(200, true), due(201), due(212)], [false, false, false, true]);
});

Deno.test("while no worker is there the user is told why, and the queueTimeout's error ends with it", async () => {
  using time = new SkippedTime();
  const script = new ScriptedRun();
  const run = script.run(4, { style: { queueTimeout: 0.8 } });
  const failed = assertRejects(() => run, TimeoutExceededError);
  await script.news(queued(0, "PENDING: PartitionConfig"));
  await script.news(queued(1, "PENDING: PartitionConfig"));
  await new Promise((resolve) => setTimeout(resolve, 150)); // a tick
  time.skip(11_000);
  await new Promise((resolve) => setTimeout(resolve, 250));
  assertEquals(script.notices, ["2 workers wait: PENDING: PartitionConfig (2)"]);
  const { message } = await failed;
  assert(message.endsWith("leave it unset. 2 workers wait: PENDING: PartitionConfig (2)"), message);
});

Deno.test("workers that the driver will not get are said once a reason, and the run goes on with the others", async () => {
  const script = new ScriptedRun();
  const run = script.run(4, { style: { numComputeWorkers: 3 } });
  const worker = await script.connect(0);
  await worker.hasBlock();
  for (const refused of [1, 2]) await script.news({ type: "refused", worker: refused, reason: "QOSMaxJobs" });
  await new Promise((resolve) => setTimeout(resolve, 150)); // a tick
  const serving = worker.serve();
  await run;
  await serving;
  assertEquals(script.notices, ["2 workers will not come: QOSMaxJobs. The run goes on with the others"]);
});

Deno.test("if nobody is left, the run ends with the refusal's reason", async () => {
  const script = new ScriptedRun();
  const run = script.run(4);
  const failed = assertRejects(() => run, DriverError, "There is no worker left: Invalid account");
  await script.connect(0).then((worker) => worker.die());
  script.ended(0);
  await script.news({ type: "refused", worker: 1, reason: "QOSMaxJobs" });
  assertEquals(await script.wanted(), 0, "its replacement is still to come");
  await script.news({ type: "refused", worker: 0, reason: "Invalid account" });
  await failed;
});

Deno.test("the barrier does not wait for workers that will not come", async () => {
  const script = new ScriptedRun();
  const run = script.run(4, { style: { numComputeWorkers: 2, computeBarrierTimeout: 30 } });
  const worker = await script.connect(0);
  await script.news({ type: "refused", worker: 1, reason: "no room" });
  const serving = worker.serve();
  await run;
  await serving;
});

Deno.test("a requeued worker that had not connected is not one that failed to start", async () => {
  const script = new ScriptedRun();
  const run = script.run(2, { style: { numComputeWorkers: 1, maxWorkerLosses: 0 } });
  await script.news(queued(0, "PENDING"));
  script.ended(0, { cause: "requeued" });
  assertEquals(await script.wanted(), 0);
  const serving = (await script.connect(0)).serve();
  await run;
  await serving;
  assertEquals(script.manager.counts().workers.lost, 0);
});

Deno.test("the run goes on while a replacement takes its time, and a worker that came back is none", async () => {
  const script = new ScriptedRun();
  const run = script.run(6);
  const [requeued, other] = [await script.connect(0), await script.connect(1)];
  await requeued.hasBlock();
  script.ended(0, { cause: "requeued" });
  await new Promise((resolve) => setTimeout(resolve, 0)); // the manager hears of it
  await requeued.die({ unexpected: false });
  await other.answer(await other.hasBlock());
  const back = await script.connect(0); // before anybody was asked for it
  await back.hasBlock();
  await new Promise((resolve) => setTimeout(resolve, 1200)); // beyond the delay before a replacement
  assertEquals(script.replaced, []);
  const serving = [back.serve(), other.serve()];
  await run;
  await Promise.all(serving);
});

Deno.test("what the user's onNotice throws ends the run, wherever the notice comes from", async () => {
  const script = new ScriptedRun();
  script.notices.push = () => {
    throw new TypeError("the log is full");
  };
  const failed = assertRejects(() => script.run(4), TypeError, "the log is full");
  await script.connect(0);
  await script.news({ type: "refused", worker: 1, reason: "QOSMaxJobs" });
  await failed;
});

Deno.test("that a worker ends once all blocks are done is not told", async () => {
  const script = new ScriptedRun();
  const run = script.run(4);
  const [first, second] = [await script.connect(0), await script.connect(1)];
  // The second one's last word comes late, so that the first one's end is heard before the run is over.
  const send = second.send.bind(second);
  const asked = Promise.withResolvers<() => void>();
  second.send = (message) => message.type === "end" ? asked.resolve(() => send(message)) : send(message);
  const serving = Promise.all([first.serve(), second.serve()]);
  const lastWord = await asked.promise;
  await script.news({ type: "ended", worker: 0, cause: "killed", logTail: "the run is done" });
  lastWord();
  await run;
  await serving;
  assertEquals(script.notices, []);
});

Deno.test("why a worker ended that has handed its blocks back is told once its queue says it", async () => {
  const script = new ScriptedRun();
  const run = script.run(4);
  const [leaving, staying] = [await script.connect(0), await script.connect(1)];
  await leaving.hasBlock();
  await leaving.drain();
  await leaving.answer([...leaving.held.keys()][0]!);
  await leaving.leave();
  await script.news({
    type: "ended",
    worker: 0,
    cause: "killed",
    logTail: "job 7: killed for memory (mem 2kb exceeded limit 1kb)",
  });
  const serving = staying.serve();
  await run;
  await serving;
  assertEquals(script.notices.filter((line) => line.startsWith("Why")), [
    "Why worker 0 ended: job 7: killed for memory (mem 2kb exceeded limit 1kb)",
  ]);
});
