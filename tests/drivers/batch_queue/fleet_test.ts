/** What a fleet makes of what the queue says, and of what it does not say. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BEGIN_MARK, END_MARK } from "../../../drivers/batch_queue/job_script.ts";
import { until } from "../../core/channel/channel_support.ts";
import { line, lingering, ScriptedFleet } from "./scripted_queue.ts";

Deno.test("a job that ends before its worker connected is told with its exit status and its log's end", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  await Deno.writeTextFile(
    `${test.logs.path}/1.log`,
    `${BEGIN_MARK}, 1 on n1, now\nno such module\n${END_MARK}, exit status 3, now\n`,
  );
  test.queue.lines = [line("1", "FAILED", "10:00|1:00:00|n1|NonZeroExitCode")];
  const event = await test.until("ended", 0);
  assertEquals(event, {
    ...{ type: "ended", worker: 0, nativeId: "1", cause: "exit", exitCode: 3 },
    logTail: "job 1: FAILED: NonZeroExitCode, exit status 3: no such module",
  });
});

Deno.test("a job that runs waits until its worker has connected, which is then told with its time left", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(2);
  test.queue.lines = [line("1_0", "PENDING", "1:00:00|1:00:00||Resources"), line("1_1", "RUNNING")];
  assertEquals(await test.until("queued", 0), { type: "queued", worker: 0, reason: "PENDING: Resources" });
  assertEquals(await test.until("queued", 1), {
    ...{ type: "queued", worker: 1, reason: "RUNNING on n1, not connected yet" },
  });
  assertEquals(test.fleet.workers().map(({ state }) => state), ["queued", "starting"]);
  test.connect("1_1");
  assertEquals(await test.until("started", 1), {
    type: "started",
    worker: 1,
    nativeId: "1_1",
    host: "node7",
  });
  test.fleet.check(1);
  await until(
    () => test.events.some((event) => event.type === "started" && event.secondsLeft !== undefined),
    60_000,
  );
  assertEquals(test.events.at(-1), {
    ...{
      type: "started",
      worker: 1,
      nativeId: "1_1",
      host: "node7",
      secondsLeft: 600,
      walltimeSeconds: 3600,
    },
  });
});

Deno.test("a worker that has connected runs, whatever the queue said last", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(2);
  assertEquals(test.connect("1_1"), 1);
  assertEquals(test.fleet.workers()[1], {
    worker: 1,
    state: "running",
    nativeId: "1_1",
    reason: "submitted",
  });
});

Deno.test("a worker may connect before the submit command has told its job's id", async () => {
  await using test = await ScriptedFleet.make();
  let early = -1;
  const accept = test.queue.sbatch;
  test.queue.sbatch = (argv, options) => {
    early = test.connect("1_1", 1);
    return accept(argv, options);
  };
  await test.fleet.begin(2);
  assertEquals([early, test.fleet.workers()[1]?.state], [1, "running"]);
});

Deno.test("a job of another run is not let in", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  assertThrows(() => test.connect("99", undefined), Error, "job 99 is none of this run's");
  assertThrows(() => test.connect("99", 7), Error, "job 99 is none of this run's");
});

Deno.test("a controller that is down ends no worker", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  test.connect("1");
  test.queue.squeue = () => ({
    exitCode: 1,
    stderr: "slurm_load_jobs error: Unable to contact slurm controller",
  });
  for (let n = 0; n < 3; n++) test.fleet.check(0);
  await until(() => test.queue.count("squeue") >= 2, 60_000);
  assertEquals([test.events.map(({ type }) => type), test.fleet.workers()[0]?.state], [
    ["started"],
    "running",
  ]);
});

Deno.test("a job that one answer misses is there; after a second one five seconds later it is gone", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(2);
  await Deno.writeTextFile(`${test.logs.path}/1_1.log`, `${BEGIN_MARK}, 1 on n1, now\nhello\n`);
  test.queue.lines = [line("1_0", "RUNNING"), line("1_1", "RUNNING")];
  await test.until("queued", 1);
  const since = performance.now();
  test.queue.lines = [line("1_0", "RUNNING")];
  test.queue.squeue = (argv) => ({ stdout: argv.includes("all") ? test.queue.lines.join("\n") : "" });
  test.fleet.check(1);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assertEquals(test.events.filter(({ type }) => type === "ended"), []);
  await Deno.writeTextFile(`${test.logs.path}/1_1.log`, `${END_MARK}, exit status 5, now\n`, {
    append: true,
  });
  const event = await test.until("ended", 1);
  assertEquals([event.cause, event.exitCode], ["exit", 5]);
  assert(performance.now() - since >= 2900);
});

Deno.test("a requeued job is told as such, is not replaced when it comes back, and serves on", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(2);
  test.connect("1_0");
  test.queue.lines = [line("1_0", "RUNNING"), line("1_1", "RUNNING")];
  await test.until("queued", 1);
  test.queue.lines = [line("1_0", "PENDING", "1:00:00|1:00:00||BeginTime"), line("1_1", "RUNNING")];
  test.fleet.check(0);
  const event = await test.until("ended", 0);
  assertEquals([event.cause, event.nativeId], ["requeued", "1_0"]);
  const replaced = test.fleet.replace(0, new AbortController().signal);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assertEquals(test.connect("1_0"), 0);
  assertEquals(await replaced, { replaced: true });
  assertEquals([test.queue.count("sbatch"), test.queue.count("scancel")], [1, 0]);
});

Deno.test("a lost worker is replaced by a plain job of its number, and the old one is let in no more", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(2);
  test.connect("1_0");
  test.queue.lines = [line("1_0", "NODE_FAIL", "0:00|1:00:00|n1|NodeDown"), line("1_1", "RUNNING")];
  const event = await test.until("ended", 0);
  assertEquals(event.cause, "node");
  assertEquals(await test.fleet.replace(0, new AbortController().signal), { replaced: true });
  assertStringIncludes(test.queue.scripts[1]!, " -i 0 ");
  assertEquals(test.fleet.workers()[0]?.nativeId, "2");
  // The processes of a node that was lost may run on.
  assertThrows(() => test.connect("1_0", 0), Error, "job 1_0 has been replaced by another");
});

Deno.test("a job that hangs is cancelled before another takes its place", async () => {
  await using test = await ScriptedFleet.make({ params: { requeueGrace: 0 } });
  await test.fleet.begin(2);
  test.queue.lines = [line("1_0", "RUNNING"), line("1_1", "RUNNING")];
  await test.until("queued", 0);
  const answer = test.queue.squeue;
  test.queue.squeue = (argv, options) => {
    if (test.queue.count("scancel") > 0) {
      test.queue.lines = [line("1_0", "CANCELLED"), line("1_1", "RUNNING")];
    }
    return answer(argv, options);
  };
  assertEquals(await test.fleet.replace(0, new AbortController().signal), { replaced: true });
  const order = test.queue.asked.filter((words) => /^(sbatch|scancel)/.test(words)).map((words) =>
    words.split(" ")[0]
  );
  assertEquals(order, ["sbatch", "scancel", "sbatch"]);
  assertEquals(test.events.filter(({ type }) => type === "ended"), []);
});

Deno.test("workers that are lost together are asked about together, and no answer is asked for again at once", async () => {
  await using test = await ScriptedFleet.make({ params: { requeueGrace: 0 } });
  const workers = 8;
  await test.fleet.begin(workers);
  const all = (state: string) => Array.from({ length: workers }, (_, index) => line(`1_${index}`, state));
  test.queue.lines = all("RUNNING");
  await test.until("queued", 0);
  const before = test.queue.count("squeue");
  let ending: ReturnType<typeof setTimeout> | undefined;
  test.queue.scancel = () => {
    ending ??= setTimeout(() => test.queue.lines = all("CANCELLED"), 500);
    return {};
  };
  const { signal } = new AbortController();
  const answers = await Promise.all(all("").map((_, worker) => test.fleet.replace(worker, signal)));
  assert(answers.every(({ replaced }) => replaced));
  // Two for what was on its way already, two after the jobs were cancelled, and one or two when they are gone.
  const asked = test.queue.count("squeue") - before;
  assert(asked <= workers, `the queue was asked ${asked} times about ${workers} workers`);
});

Deno.test("of a job that was killed for memory the log is awaited, which tells how much it was", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  test.connect("1");
  test.queue.lines = [line("1", "OUT_OF_MEMORY", "10:00|1:00:00|n1|OutOfMemory")];
  test.fleet.check(0);
  await until(() => test.queue.count("scontrol") > 0, 10_000);
  const words = "slurmstepd: error: Job 1 exceeded memory limit (3000 > 2000), being killed";
  await Deno.writeTextFile(`${test.logs.path}/1.log`, `${BEGIN_MARK}, 1\n${words}\n`);
  const { cause, logTail } = await test.until("ended", 0);
  assertEquals(cause, "killed");
  assertStringIncludes(logTail!, `killed for memory (${words})`);
});

Deno.test("a job that has ended and is still listed is told as ended at once, and its successor is submitted", async () => {
  await using test = await ScriptedFleet.make({ scheduler: lingering });
  await test.fleet.begin(1);
  test.connect("1");
  await Deno.writeTextFile(`${test.logs.path}/1.log`, `${BEGIN_MARK}, 1\n${END_MARK}, exit status 7, now\n`);
  test.queue.lines = [line("1", "COMPLETING")];
  test.fleet.check(0);
  assertEquals((await test.until("ended", 0)).exitCode, 7);
  assertEquals(await test.fleet.replace(0, new AbortController().signal), { replaced: true });
  assertEquals([test.queue.count("sbatch"), test.queue.count("scancel")], [2, 0]);
});
