/** How workers come into the queue: in few submissions, retried where that helps, never twice. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SubmitError } from "../../../core/errors.ts";
import { pbsScheduler } from "../../../drivers/pbs/pbs_scheduler.ts";
import { sampleJob, SCHEDULERS } from "./sample_jobs.ts";
import { ScriptedFleet, ScriptedQueue } from "./scripted_queue.ts";

Deno.test("many workers are as few arrays as the site's limit allows, numbered on", async () => {
  const queue = new ScriptedQueue();
  await using test = await ScriptedFleet.make({ queue });
  await test.fleet.begin(2300);
  await until(() => queue.scripts.length === 3);
  assertEquals(queue.scripts.map(arrayOf), ["0-1000 +0", "0-1000 +1001", "0-297 +2002"]);
  assertEquals(test.fleet.workers().at(-1), {
    worker: 2299,
    state: "queued",
    nativeId: "3_297",
    reason: "submitted",
  });
});

Deno.test("one worker is a plain job with its own number", async () => {
  await using test = await ScriptedFleet.make();
  await test.fleet.begin(1);
  assertEquals(arrayOf(test.queue.scripts[0]!), undefined);
  assertStringIncludes(test.queue.scripts[0]!, " -i 0 ");
  assertEquals(test.fleet.workers()[0]?.nativeId, "1");
});

Deno.test("without arrays each worker is a job of its own", async () => {
  await using test = await ScriptedFleet.make({ arrayLimit: 1 });
  await test.fleet.begin(3);
  await until(() => test.queue.scripts.length === 3);
  assertEquals(test.queue.scripts.map((script) => / -i (\S+) /.exec(script)![1]), ["0", "1", "2"]);
});

Deno.test("the user is told which jobs there are, once for all of one submission, and of each replacement", async () => {
  await using test = await ScriptedFleet.make({ arrayLimit: 1 });
  await test.fleet.begin(6);
  await until(() => test.notices.length === 1);
  test.queue.lines = ["1|NODE_FAIL|0:00|1:00:00|n1|NodeDown"];
  await test.until("ended", 0);
  await test.fleet.replace(0, new AbortController().signal);
  assertEquals(test.notices, [
    `CW_SLURM: submitted 6 jobs, 1 to 6, run r1; logs in ${test.logs.path}`,
    "CW_SLURM: submitted job 7 (worker 0)",
  ]);
});

Deno.test("jobs that are accepted before a limit is met are told at once", async () => {
  const queue = new ScriptedQueue();
  const accept = queue.sbatch;
  queue.sbatch = (argv, options) =>
    queue.scripts.length > 2 ? refused("QOSMaxSubmitJobPerUserLimit") : accept(argv, options);
  await using test = await ScriptedFleet.make({ queue, arrayLimit: 1 });
  await test.fleet.begin(4);
  await until(() => test.notices.length === 1);
  assertStringIncludes(test.notices[0]!, "submitted jobs 1 (worker 0), 2 (worker 1), run r1");
});

Deno.test("an array that is over a limit is tried in halves, and what is accepted is used", async () => {
  const queue = new ScriptedQueue();
  const accept = queue.sbatch;
  queue.sbatch = (argv, options) =>
    /--array=0-[3-9]/.test(options.stdin!) ? refused("QOSMaxSubmitJobPerUserLimit") : accept(argv, options);
  await using test = await ScriptedFleet.make({ queue });
  await test.fleet.begin(8);
  await until(() => test.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
  assertEquals(queue.scripts.map(arrayOf), ["0-7 +0", "0-3 +0", "0-1 +0", "0-1 +2", "0-1 +4", "0-1 +6"]);
});

Deno.test("what is refused for good fails the start with the scheduler's words, and leaves no line in the register", async () => {
  const queue = new ScriptedQueue();
  queue.sbatch = () => refused("sbatch: error: invalid partition specified: nope");
  await using test = await ScriptedFleet.make({ queue });
  const error = await assertRejects(() => test.fleet.begin(4), SubmitError);
  assertStringIncludes(error.message, "invalid partition specified: nope");
  assertEquals([...test.register.things.keys()].filter((key) => key.startsWith("blockfleet:")), []);
});

Deno.test("when only the first are accepted, the others are refused one by one and the run goes on", async () => {
  const queue = new ScriptedQueue();
  const accept = queue.sbatch;
  queue.sbatch = (argv, options) =>
    queue.scripts.length === 1 ? accept(argv, options) : refused("Invalid account");
  await using test = await ScriptedFleet.make({ queue, arrayLimit: 2 });
  await test.fleet.begin(4);
  const event = await test.until("refused", 3);
  assertStringIncludes(event.reason, "Invalid account");
  assertEquals(test.fleet.workers().map(({ state }) => state), ["queued", "queued", "ended", "ended"]);
});

Deno.test("what is refused for good only after it had to wait is told, too", async () => {
  const queue = new ScriptedQueue();
  queue.sbatch = () =>
    queue.scripts.length === 1
      ? refused("Slurm temporarily unable to accept job")
      : refused("Invalid account");
  await using test = await ScriptedFleet.make({ queue });
  await test.fleet.begin(1);
  assertStringIncludes(
    (await test.until("queued", 0)).reason,
    "not accepted yet: sbatch exited with 1: Slurm temp",
  );
  assertStringIncludes((await test.until("refused", 0)).reason, "Invalid account");
  assertEquals(test.fleet.workers()[0]?.state, "ended");
});

Deno.test("after a submission without an answer the job is looked up, and not submitted again", async () => {
  const queue = new ScriptedQueue();
  queue.sbatch = () => ({
    exitCode: 1,
    stderr: "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
  });
  queue.squeue = (argv) => ({ stdout: argv.includes("%F|%k") ? "77|blockfleet:r1:0\n" : "" });
  await using test = await ScriptedFleet.make({ queue });
  await test.fleet.begin(2);
  await until(() => test.fleet.workers()[0]?.nativeId === "77_0");
  assertEquals(queue.count("sbatch"), 1);
  assertEquals(test.register.things.get("blockfleet:r1:0"), 'made {"id":"77"}');
});

Deno.test("each submission is in the register before the command is run", async () => {
  const queue = new ScriptedQueue();
  const seen: (string | undefined)[] = [];
  const accept = queue.sbatch;
  await using test = await ScriptedFleet.make({ queue });
  queue.sbatch = (argv, options) => {
    seen.push(test.register.things.get("blockfleet:r1:0"));
    return accept(argv, options);
  };
  await test.fleet.begin(2);
  assertEquals(seen, ["intended"]);
  await until(() => test.register.things.get("blockfleet:r1:0") === 'made {"id":"1"}');
});

Deno.test("SLURM gets the key in sbatch's environment, PBS in the script; neither has it in an argument", () => {
  const slurm = sampleJobOf("slurm");
  assertEquals([slurm.script.includes("k3y"), slurm.environment?.BLOCKFLEET_KEY], [false, "k3y"]);
  const pbs = sampleJobOf("pbs");
  assertEquals([pbs.script.includes("export BLOCKFLEET_KEY=k3y"), pbs.environment], [true, undefined]);
  assert(!/^#PBS.*k3y/m.test(pbs.script));
  for (const { command } of [slurm, pbs]) assert(!command.join(" ").includes("k3y"));
});

Deno.test("a rest of one is a plain job where an array must have two", async () => {
  const queue = new ScriptedQueue();
  const pbs = { ...pbsScheduler(), submitCommand: ["sbatch"], parseJobId: (text: string) => text.trim() };
  await using test = await ScriptedFleet.make({ queue, arrayLimit: 2, scheduler: pbs });
  await test.fleet.begin(3);
  await until(() => queue.scripts.length === 2);
  assertEquals(queue.scripts.map((script) => /#PBS -J (\S+)/.exec(script)?.[1]), ["0-1", undefined]);
});

function sampleJobOf(name: "slurm" | "pbs"): ReturnType<typeof sampleJob> {
  return sampleJob(SCHEDULERS[name]!, {}, { haveSharedTemp: false });
}

function arrayOf(script: string): string | undefined {
  const array = /--array=(\S+)/.exec(script)?.[1];
  return array && `${array} +${/--index-offset (\d+)/.exec(script)?.[1] ?? 0}`;
}

function refused(stderr: string): { exitCode: number; stderr: string } {
  return { exitCode: 1, stderr };
}

async function until(isSo: () => boolean): Promise<void> {
  for (const since = performance.now(); performance.now() - since < 10_000;) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(isSo());
}
