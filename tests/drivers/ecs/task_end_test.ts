import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FakeAws } from "./fake_aws.ts";
import { HeldRun } from "./held_run.ts";

const arns = (aws: FakeAws) => [...aws.tasks.keys()];

Deno.test("a task that ends is explained once, and another comes in its place", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws);
  const first = await run.until(() => run.fleet.workers()[0]?.nativeId);
  run.connect(first);
  aws.end(first, { stopCode: "SpotInterruption", stoppedReason: "Your Spot Task was interrupted." }, 0);
  run.fleet.check!(0);
  const ended = await run.news("ended");
  assertEquals([ended.cause, ended.exitCode], ["preempted", 0]);
  assertStringIncludes(ended.logTail!, "Your Spot Task was interrupted.");
  assertEquals(await run.fleet.replace(0, new AbortController().signal), { replaced: true });
  const second = await run.until(() => arns(aws)[1]);
  await run.until(() => run.fleet.workers()[0]?.nativeId === second);
  assertEquals(run.connect(second), 0);
  assertEquals(run.events.filter(({ type }) => type === "ended").length, 1);
});

Deno.test("the old task is stopped before another takes its place", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws);
  const first = await run.until(() => run.fleet.workers()[0]?.nativeId);
  assertEquals(await run.fleet.replace(0, new AbortController().signal), { replaced: true });
  assertEquals(aws.tasks.get(first)?.lastStatus, "STOPPED");
  assertEquals((await run.news("ended")).cause, "cancelled");
});

Deno.test("a task that is missing has ended only when it is old and was missing twice, some time apart", async () => {
  const aws = new FakeAws();
  const beforeMs = performance.now();
  await using run = await HeldRun.start(aws);
  const arn = await run.until(() => run.fleet.workers()[0]?.nativeId);
  aws.tasks.delete(arn);
  const ended = await run.news("ended");
  assert(performance.now() - beforeMs >= 155, "before it is 100 ms old, and 60 ms after that");
  assertEquals(ended.cause, "unknown");
});

Deno.test("workers that are done end by themselves; who leaves an error behind is reported", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws, { workers: 2 });
  await run.until(() => run.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
  const [first, second] = arns(aws);
  const stopping = run.fleet.stop({ finished: true });
  aws.end(first!, { stopCode: "EssentialContainerExited" }, 0);
  aws.end(second!, {
    stopCode: "EssentialContainerExited",
    stoppedReason: "Essential container in task exited",
  }, 1);
  const reports = await stopping;
  assertEquals(reports.map(({ worker, nativeId }) => [worker, nativeId]), [[1, second]]);
  assertStringIncludes(reports[0]!.text, "container 'c' exited with 1");
  assertEquals(aws.inputs("ecs:StopTask"), []);
  assertEquals(aws.left(), []);
});
