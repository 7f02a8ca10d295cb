/** What a fleet makes of what the queue says, and of what it does not say. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BEGIN_MARK, END_MARK } from "../../../drivers/batch_queue/job_script.ts";
import type { BatchScheduler, QueueReport } from "../../../drivers/batch_queue/batch_scheduler.ts";
import { slurm } from "../../../drivers/slurm/slurm_scheduler.ts";
import { until } from "../../core/channel/channel_support.ts";
import { SkippedTime } from "../../core/skipped_time.ts";
import { noAnswer, ScriptedFleet } from "./scripted_queue.ts";

const line = (id: string, state: string, more = "10:00|1:00:00|n1|None") => `${id}|${state}|${more}`;

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

Deno.test("at the end of finished work nothing is cancelled that ends by itself, and the logs are removed", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(3);
  test.queue.lines = ["1_0", "1_1", "1_2"].map((id) => line(id, "COMPLETED"));
  assertEquals(await test.fleet.stop({ finished: true }), []);
  assertEquals([test.queue.count("scancel"), test.register.things.size], [0, 0]);
  assertThrows(() => Deno.statSync(test.logs.path), Deno.errors.NotFound);
});

Deno.test("when the run fails all jobs are cancelled by their array's id, in one command", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(100);
  const ids = Array.from({ length: 100 }, (_, index) => `1_${index}`);
  test.queue.lines = ids.map((id) => line(id, "RUNNING"));
  const answer = test.queue.squeue;
  test.queue.squeue = (argv, options) => {
    if (test.queue.count("scancel") > 0) test.queue.lines = ids.map((id) => line(id, "CANCELLED"));
    return answer(argv, options);
  };
  await test.fleet.stop({ finished: false });
  assertEquals(test.queue.asked.filter((words) => words.startsWith("scancel")), ["scancel 1"]);
});

Deno.test("workers that have not connected when the work is done are cancelled, and nobody waits for them", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(3);
  test.connect("1_0");
  test.queue.squeue = () => {
    const state = test.queue.count("scancel") > 0 ? "CANCELLED" : "RUNNING";
    return { stdout: [line("1_0", "COMPLETED"), line("1_1", state), line("1_2", state)].join("\n") };
  };
  const sinceMs = performance.now();
  await test.fleet.stop({ finished: true });
  assertEquals(test.queue.asked.filter((words) => words.startsWith("scancel")), ["scancel 1"]);
  // Workers that have connected get 6 s to leave by themselves.
  assert(performance.now() - sinceMs < 5500, `${performance.now() - sinceMs} ms`);
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

Deno.test("when the run fails those that wait are cancelled at once, and those that are connected leave by themselves", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(3);
  test.connect("1_0");
  test.connect("1_1");
  test.queue.squeue = () => {
    const state = test.queue.count("scancel") > 0 ? "CANCELLED" : "PENDING";
    return { stdout: [line("1_0", "COMPLETED"), line("1_1", "COMPLETED"), line("1_2", state)].join("\n") };
  };
  await test.fleet.stop({ finished: false });
  const asked = test.queue.asked.filter((words) => /^(scancel|squeue)/.test(words));
  assertEquals(asked.filter((words) => words.startsWith("scancel")), ["scancel 1_2"]);
  assertEquals(asked[0], "scancel 1_2", "what waits is cancelled before anything is asked");
  assertThrows(() => test.connect("1_2", 2), Error, "the run is over");
});

Deno.test("those that are connected and do not leave within three seconds are cancelled", async () => {
  using time = new SkippedTime();
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  test.connect("1");
  test.queue.squeue = () => ({
    stdout: line("1", test.queue.count("scancel") > 0 ? "CANCELLED" : "RUNNING"),
  });
  const stopped = test.fleet.stop({ finished: false });
  await until(() => test.queue.count("squeue") > 0, 10_000);
  assertEquals(test.queue.count("scancel"), 0);
  time.skip(3000);
  await stopped;
  assertEquals(test.queue.count("scancel"), 1);
  assertEquals(test.notices.filter((notice) => notice.includes("may be left")), []);
});

Deno.test("a job that runs on although it was cancelled is cancelled again: the signal may have been lost", async () => {
  using time = new SkippedTime();
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  test.queue.squeue = () => ({
    stdout: line("1", test.queue.count("scancel") > 1 ? "CANCELLED" : "RUNNING"),
  });
  const stopped = test.fleet.stop({ finished: false });
  await until(() => test.queue.count("squeue") > 0, 10_000);
  assertEquals(test.queue.count("scancel"), 1);
  time.skip(13_000);
  await stopped;
  assertEquals(test.queue.count("scancel"), 2);
  assertEquals(test.notices.filter((notice) => notice.includes("may be left")), []);
});

/** A queue that lists jobs that have ended: what SLURM calls COMPLETING stands for PBS's state E. */
const listing: BatchScheduler = {
  ...slurm,
  async ask(run, jobs) {
    const answer = await slurm.ask(run, jobs);
    const reports = [...answer.reports].map(([id, report]) =>
      [
        id,
        report.reason.startsWith("COMPLETING") ? { ...report, state: "ended", isLeaving: true } : report,
      ] as [
        string,
        QueueReport,
      ]
    );
    return { ...answer, reports: new Map(reports) };
  },
};

Deno.test("a job that has ended and is still listed is told as ended at once, and its successor is submitted", async () => {
  await using test = await ScriptedFleet.make({ scheduler: listing });
  await test.fleet.begin(1);
  test.connect("1");
  await Deno.writeTextFile(`${test.logs.path}/1.log`, `${BEGIN_MARK}, 1\n${END_MARK}, exit status 7, now\n`);
  test.queue.lines = [line("1", "COMPLETING")];
  test.fleet.check(0);
  assertEquals((await test.until("ended", 0)).exitCode, 7);
  assertEquals(await test.fleet.replace(0, new AbortController().signal), { replaced: true });
  assertEquals([test.queue.count("sbatch"), test.queue.count("scancel")], [2, 0]);
});

for (const isBrought of [true, false]) {
  const what = isBrought ? "until its log is there" : "and left if the queue can't bring its log";
  Deno.test(`at the end a job that has ended is not cancelled, and its log folder is kept ${what}`, async () => {
    using time = new SkippedTime();
    await using test = await ScriptedFleet.make({ scheduler: listing });
    await test.fleet.begin(1);
    test.connect("1");
    test.queue.lines = [line("1", "COMPLETING")];
    const stopped = test.fleet.stop({ finished: true });
    await until(() => test.queue.count("squeue") > 1, 10_000);
    Deno.statSync(test.logs.path);
    if (isBrought) test.queue.lines = [line("1", "COMPLETED")];
    else time.skip(6000);
    assertEquals(await stopped, []);
    assertEquals(test.queue.count("scancel"), 0);
    assertEquals(test.notices.filter((notice) => notice.includes("may be left")), []);
    const left = [...test.register.things.keys()];
    if (isBrought) {
      assertEquals(left, []);
      assertThrows(() => Deno.statSync(test.logs.path), Deno.errors.NotFound);
    } else assertEquals(left, [test.logs.path], "cleanup may remove it later");
  });
}

Deno.test("a cancel command that hangs gets its time, although the questions before it have taken all there was", async () => {
  using time = new SkippedTime();
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  test.connect("1");
  const given: number[] = [];
  test.queue.squeue = () => {
    time.skip(31_000);
    return { exitCode: undefined, stderr: "squeue: no answer within 10 s" };
  };
  test.queue.scancel = (_argv, { timeoutMs }) => {
    given.push(timeoutMs!);
    return { exitCode: undefined, stderr: "scancel: no answer" };
  };
  await test.fleet.stop({ finished: true });
  assert(given.length > 0 && given[0]! > 5000, `${given} ms`);
});

Deno.test("a scheduler that hangs does not hold up the end for more than its 30 s, and what is left is named", async () => {
  using time = new SkippedTime();
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  test.connect("1");
  test.queue.squeue = noAnswer;
  test.fleet.check(0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(test.queue.count("squeue"), 1);
  const startMs = Date.now();
  const stopped = test.fleet.stop({ finished: false });
  // The question that was under way is given up, and the next one has the rest of the time.
  while (test.queue.count("scancel") === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  time.skip(28_000);
  await stopped;
  assert(Date.now() - startMs < 25_000, `${Date.now() - startMs} ms`);
  assertStringIncludes(test.notices.at(-1)!, "1 job(s) of this run may be left in SLURM");
  assertStringIncludes(test.notices.at(-1)!, "To remove: scancel 1");
});

Deno.test("what a job left in its log and nowhere else is reported at the end, and the logs are kept", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  await Deno.writeTextFile(
    `${test.logs.path}/1.log`,
    `${BEGIN_MARK}, 1\nout of luck\n${END_MARK}, exit status 9, now\n`,
  );
  test.queue.lines = [line("1", "FAILED", "0:00|1:00:00|n1|NonZeroExitCode")];
  const reports = await test.fleet.stop({ finished: true });
  assertEquals(reports.map(({ worker, nativeId }) => [worker, nativeId]), [[0, "1"]]);
  assertStringIncludes(reports[0]!.text, "out of luck");
  assertEquals(test.notices.slice(1), [`The workers' logs are in ${test.logs.path}`]);
});
