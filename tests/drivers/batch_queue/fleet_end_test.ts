/** How a fleet ends: what is cancelled, what is waited for, and what is told of the rest. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { endFleet } from "../../../drivers/batch_queue/fleet_end.ts";
import { BEGIN_MARK, END_MARK } from "../../../drivers/batch_queue/job_script.ts";
import { JobSubmitter } from "../../../drivers/batch_queue/job_submitter.ts";
import { until } from "../../core/channel/channel_support.ts";
import { SkippedTime } from "../../core/skipped_time.ts";
import { slurm } from "../../../drivers/slurm/slurm_scheduler.ts";
import { sampleJobs } from "./sample_jobs.ts";
import { line, lingering, MemoryRegister, noAnswer, ScriptedFleet, ScriptedQueue } from "./scripted_queue.ts";

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
  await test.fleet.stop({ finished: true });
  assertEquals(test.queue.asked.filter((words) => words.startsWith("scancel")), ["scancel 1"]);
  // In the 6 s that workers have to leave by themselves it is asked six times.
  assertEquals(test.queue.count("squeue"), 2);
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

for (const isBrought of [true, false]) {
  const what = isBrought ? "until its log is there" : "and left if the queue can't bring its log";
  Deno.test(`at the end a job that has ended is not cancelled, and its log folder is kept ${what}`, async () => {
    using time = new SkippedTime();
    await using test = await ScriptedFleet.make({ scheduler: lingering });
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

Deno.test("a submit command that hangs as the run ends does not outlive it, and is told", async () => {
  const queue = new ScriptedQueue();
  const given = Promise.withResolvers<AbortSignal>();
  queue.sbatch = (argv, options) => {
    given.resolve(options.signal!);
    return noAnswer(argv, options);
  };
  const register = new MemoryRegister();
  const over = new AbortController();
  const notices: string[] = [];
  const notice = (line: string) => void notices.push(line);
  const parts = { scheduler: slurm, run: queue.run, runId: "r1", notice };
  const submitter = new JobSubmitter({
    ...{ ...parts, arrayLimit: 1001, signal: over.signal, logFolder: "/logs" },
    jobs: sampleJobs(slurm, {}).jobs,
    register: () => Promise.resolve(register),
    accepted: () => {},
    delayed: () => {},
  });
  const submitted = submitter.submit(0, 1);
  const command = await given.promise;
  over.abort();
  await submitter.settled(10);
  assertEquals([command.aborted, submitter.isUndecided], [true, true]);
  await submitted;
  await endFleet({
    ...{ ...parts, finished: false, clusters: undefined, isUndecided: submitter.isUndecided },
    alive: () => [],
    leaving: () => [],
    ask: () => Promise.resolve(),
  });
  assertEquals(notices, [
    "A job of this run may still be accepted although SLURM did not answer: see the command cleanup",
  ]);
  assertEquals(register.things.get("blockfleet:r1:0"), "intended", "cleanup looks for it");
});
