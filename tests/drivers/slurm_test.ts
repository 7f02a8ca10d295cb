/** What SLURM answers, in the very form of SLURM 22.05.8. */
import { assertEquals } from "@std/assert";
import { slurm } from "../../drivers/slurm/slurm_scheduler.ts";
import { slurmEnvironment } from "../../drivers/slurm/slurm_environment.ts";
import { parseArrayLimit, parseShowJob, parseSqueue } from "../../drivers/slurm/slurm_queue.ts";
import type { CommandResult, CommandRunner } from "../../drivers/batch_queue/run_command.ts";

Deno.test("squeue's lines are read by element, with time left, limit, node and reason", () => {
  const reports = parseSqueue([
    "1_3|PENDING|1:00:00|1:00:00||JobArrayTaskLimit",
    "1_2|RUNNING|59:59|1:00:00|n1|None",
    "7|PENDING|UNLIMITED|UNLIMITED||ReqNodeNotAvail, UnavailableNodes:n3",
    "8|FAILED|59:57|1:00:00|n1|NonZeroExitCode",
    "",
  ].join("\n"));
  assertEquals(Object.fromEntries(reports), {
    "1_3": {
      state: "queued",
      reason: "PENDING: JobArrayTaskLimit",
      secondsLeft: 3600,
      walltimeSeconds: 3600,
    },
    "1_2": { state: "running", reason: "RUNNING", host: "n1", secondsLeft: 3599, walltimeSeconds: 3600 },
    "7": { state: "queued", reason: "PENDING: ReqNodeNotAvail, UnavailableNodes:n3" },
    "8": {
      ...{ state: "ended", reason: "FAILED: NonZeroExitCode", cause: "exit", host: "n1" },
      ...{ secondsLeft: 3597, walltimeSeconds: 3600 },
    },
  });
});

Deno.test("a reason may hold bars, and a line that is none is passed over", () => {
  const reports = parseSqueue(
    "5|PENDING|1:00|1:00||a|b\nslurm_load_jobs error: x\n5_[2-3%2]|PENDING|1:00|1:00||None\n",
  );
  assertEquals([...reports], [["5", {
    ...{ state: "queued", reason: "PENDING: a|b", secondsLeft: 60, walltimeSeconds: 60 },
  }]]);
});

const ENDS = {
  COMPLETED: "exit",
  FAILED: "exit",
  TIMEOUT: "walltime",
  DEADLINE: "walltime",
  CANCELLED: "cancelled",
  NODE_FAIL: "node",
  BOOT_FAIL: "node",
  PREEMPTED: "preempted",
  OUT_OF_MEMORY: "killed",
  SOMETHING_NEW: undefined,
};

Deno.test("a job that was killed for memory is told as that", () => {
  const report = parseSqueue("1|OUT_OF_MEMORY|0:00|1:00|n1|OutOfMemory\n").get("1");
  assertEquals([report?.cause, report?.overMemory], ["killed", ""]);
});

for (const [word, cause] of Object.entries(ENDS)) {
  Deno.test(`a job that is ${word} has the cause ${cause ?? "unknown, and is not taken for ended"}`, () => {
    const report = parseSqueue(`1|${word}|0:00|1:00|n1|None\n`).get("1");
    assertEquals([report?.state, report?.cause], [cause ? "ended" : "unknown", cause]);
  });
}

Deno.test("scontrol tells the exit status of each element, and the signal that killed it", () => {
  const line = (id: string, rest: string) =>
    `JobId=${id} JobName=a b $x 'q' UserId=root(0) Requeue=1 Restarts=0 ${rest} RunTime=00:00:02 Command=(null) `;
  const reports = parseShowJob([
    line("4 ArrayJobId=1 ArrayTaskId=2", "JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0"),
    line("5", "JobState=FAILED Reason=JobLaunchFailure ExitCode=0:9"),
    line("6", "JobState=TIMEOUT Reason=TimeLimit ExitCode=0:15"),
    line("1 ArrayJobId=1 ArrayTaskId=3-9%2", "JobState=PENDING Reason=Resources ExitCode=0:0"),
  ].join("\n"));
  assertEquals(Object.fromEntries(reports), {
    "1_2": { state: "ended", reason: "FAILED: NonZeroExitCode", cause: "exit", exitCode: 3 },
    "5": { state: "ended", reason: "FAILED: JobLaunchFailure", cause: "killed", exitCode: 137 },
    "6": { state: "ended", reason: "TIMEOUT: TimeLimit", cause: "walltime", exitCode: 143 },
    "1": { state: "queued", reason: "PENDING: Resources" },
  });
});

Deno.test("the site's array limit is one more than the highest index", () => {
  assertEquals(parseArrayLimit("MaxArraySize            = 1001\nMaxDBDMsgs = 20008\n"), 1001);
  assertEquals(parseArrayLimit("nothing of it"), undefined);
});

Deno.test("sbatch's answer is a job id, with or without a cluster's name", () => {
  assertEquals(["3\n", "3;name\n", "Submitted\n", ""].map((text) => slurm.parseJobId(text)), [
    "3",
    "3;name",
    undefined,
    undefined,
  ]);
});

Deno.test("refusals are told apart: final, too many, later, and no answer", () => {
  const refusals = {
    "sbatch: error: invalid partition specified: nope": "final",
    "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified":
      "final",
    "sbatch: unrecognized option '--nope'": "final",
    "sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)":
      "limit",
    "sbatch: error: QOSMaxSubmitJobPerUserLimit": "limit",
    "sbatch: error: Batch job submission failed: Invalid job array specification": "limit",
    "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying": "busy",
    "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)":
      "unanswered",
    "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation": "unanswered",
    "sbatch: error: Batch job submission failed: Protocol authentication error": "unanswered",
  };
  const told = Object.keys(refusals).map((
    stderr,
  ) => [stderr, slurm.refusal(result({ exitCode: 1, stderr }))]);
  assertEquals(Object.fromEntries(told), refusals);
});

Deno.test("a controller that does not answer is trouble, and says nothing of any job", async () => {
  const stderr = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n";
  const answer = await slurm.ask(answering({ exitCode: 1, stderr }), [{ jobId: "1", arraySize: 4 }]);
  assertEquals(answer.trouble, `squeue exited with 1: ${stderr.trim()}`);
  assertEquals([answer.reports.size, answer.unknownJobs.size], [0, 0]);
});

Deno.test("why SLURM can't be reached is told in one sentence", async () => {
  const reach = (stderr: string) => slurm.reach(answering({ argv: ["sinfo"], exitCode: 1, stderr }));
  const nowhere = [
    "sinfo: error: resolve_ctls_from_dns_srv: res_nsearch error: Unknown host",
    "sinfo: error: fetch_config: DNS SRV lookup failed",
    "sinfo: error: _establish_config_source: failed to fetch config",
    "sinfo: fatal: Could not establish a configuration source\n",
  ].join("\n");
  assertEquals(await reach(nowhere), "sinfo finds no slurm.conf: log in where SLURM jobs are submitted");
  const wrong =
    "sinfo: error: Parse error in file /etc/slurm/slurm.conf line 3\nsinfo: fatal: Unable to process configuration file\n";
  assertEquals(await reach(wrong), "sinfo: Unable to process configuration file");
  const down = "slurm_load_partitions: Unable to contact slurm controller (connect failure)";
  assertEquals(await reach(down), `sinfo exited with 1: ${down}`);
});

Deno.test("one job that is not known is definitely gone; one of a list is only not listed", async () => {
  const stderr = "slurm_load_jobs error: Invalid job id specified\n";
  const one = await slurm.ask(answering({ exitCode: 1, stderr }), [{ jobId: "9", arraySize: undefined }]);
  assertEquals([one.trouble, [...one.unknownJobs]], [undefined, ["9"]]);
  const jobs = ["8", "9"].map((jobId) => ({ jobId, arraySize: undefined }));
  const list = await slurm.ask(answering({ exitCode: 0, stdout: "8|RUNNING|1:00|1:00|n1|None\n" }), jobs);
  assertEquals([list.trouble, [...list.reports.keys()], list.unknownJobs.size], [undefined, ["8"], 0]);
});

Deno.test("jobs are found again by the token in their comment, an array once", async () => {
  const stdout =
    "12|blockfleet:r1:0\n12|blockfleet:r1:0\n13|blockfleet:r1:11\n14|blockfleet:r11:1\n15|(null)\n";
  const run = answering({ exitCode: 0, stdout });
  assertEquals(await slurm.find(run, "blockfleet:r1:"), ["12", "13"]);
  assertEquals(await slurm.find(run, "blockfleet:r1:1"), []);
  assertEquals(await slurm.find(answering({ exitCode: 1, stderr: "down" }), "blockfleet:r1:"), undefined);
});

Deno.test("sbatch's environment holds paths, modules and SLURM's settings, and no secret or other job's variable", () => {
  const kept = {
    PATH: "/bin",
    HOME: "/h",
    SLURM_CONF: "/c",
    SBATCH_ACCOUNT: "a",
    "BASH_FUNC_module%%": "() { :; }",
  };
  const dropped = {
    ...{ AWS_SECRET_ACCESS_KEY: "s", BLOCKFLEET_KEY: "k", SLURM_JOB_ID: "7", SLURM_MEM_PER_CPU: "100" },
    ...{ SBATCH_EXPORT: "NONE", TMPDIR: "/tmp/7" },
  };
  assertEquals(slurmEnvironment({ ...kept, ...dropped }), kept);
});

function result(given: Partial<CommandResult>): CommandResult {
  return { argv: ["sbatch"], exitCode: 0, stdout: "", stderr: "", ...given };
}

function answering(given: Partial<CommandResult>): CommandRunner {
  return (argv) => Promise.resolve(result({ argv, ...given }));
}
