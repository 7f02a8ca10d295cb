/** Jobs in another of SLURM's clusters are watched and cancelled there. Answers in the form of SLURM 22.05.8 with slurmdbd. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { RegisteredRun, ThingRecord } from "../../core/driver.ts";
import { ConfigError } from "../../core/errors.ts";
import { shownId } from "../../drivers/batch_queue/batch_scheduler.ts";
import { cancelLine } from "../../drivers/batch_queue/cancel_jobs.ts";
import { cleanUpRuns } from "../../drivers/batch_queue/clean_up_runs.ts";
import type { CommandResult, CommandRunner } from "../../drivers/batch_queue/run_command.ts";
import { wantedClusters } from "../../drivers/slurm/slurm_clusters.ts";
import { slurm } from "../../drivers/slurm/slurm_scheduler.ts";
import { ScriptedFleet, ScriptedQueue } from "./batch_queue/scripted_queue.ts";

const plain = (jobId: string) => ({ jobId, arraySize: undefined });

Deno.test("an id with a cluster names elements, logs and commands of that cluster", () => {
  assertEquals([slurm.elementId("12;other", 3), slurm.elementId("12", 3)], ["12_3;other", "12_3"]);
  assertEquals(slurm.nativeId!("12_3;other"), "12_3");
  assertEquals([shownId(slurm, "12;other"), shownId(slurm, "12")], ["12 of cluster other", "12"]);
  const logs = [slurm.logName("", "12;other", undefined), slurm.logName("", "12;other", 3)];
  assertEquals(logs, ["12.log", "12_3.log"]);
  assertEquals(slurm.showCommand("12;other"), ["squeue", "-M", "other", "-j", "12"]);
  assertEquals(
    cancelLine(slurm, ["1", "2;other", "3_1;other", "4"]),
    "scancel 1 4; scancel -M other 2 3_1",
  );
});

Deno.test("the command that lists jobs is for those of one cluster", () => {
  assertEquals(slurm.queueCommand(["1;other", "2;other"]).slice(0, 3), ["squeue", "-M", "other"]);
  assertThrows(() => slurm.queueCommand(["1;other", "2"]), ConfigError, "1;other and 2 are in several");
});

Deno.test("each cluster is asked about its own jobs, of which two may have one number", async () => {
  const asked: string[] = [];
  const run = answering((words) => {
    asked.push(words);
    return words.includes("-M other")
      ? { stdout: "1_0|RUNNING|1:00|1:00|n1|None\n1_1|PENDING|1:00|1:00||Priority\n" }
      : { stdout: "1|FAILED|1:00|1:00|n1|NonZeroExitCode\n" };
  });
  const { reports, trouble } = await slurm.ask(run, [{ jobId: "1;other", arraySize: 2 }, plain("1")]);
  assertEquals(trouble, undefined);
  assertEquals([...reports].map(([id, { state }]) => [id, state]), [
    ["1_0;other", "running"],
    ["1_1;other", "queued"],
    ["1", "ended"],
  ]);
  assertEquals(asked.map((words) => words.replace(/ -o .*/, "")), [
    "squeue -M other -h -r -t all -j 1",
    "squeue -h -r -t all -j 1",
  ]);
});

Deno.test("a cluster that is silent says nothing of its jobs, and another's word still counts", async () => {
  const run = answering((words) =>
    words.includes("-M other")
      ? { exitCode: 1, stderr: "squeue: error: 'other' can't be reached now" }
      : { stdout: "1|COMPLETED|1:00|1:00|n1|None\n" }
  );
  const { reports, trouble } = await slurm.ask(run, [{ jobId: "9;other", arraySize: 2 }, plain("1")]);
  assertEquals([trouble, reports.get("1")?.state], [undefined, "ended"]);
  assertEquals(["9_0;other", "9_1;other"].map((id) => reports.get(id)?.state), ["unknown", "unknown"]);
  const silent = await slurm.ask(run, [plain("9;other")]);
  assert(silent.trouble?.includes("can't be reached now"), silent.trouble);
});

Deno.test("a job that its cluster does not know is gone, and how it ended is asked there", async () => {
  const unknown = answering((words) => {
    assert(words.includes("-M other"), words);
    return { exitCode: 1, stderr: "slurm_load_jobs error: Invalid job id specified\n" };
  });
  assertEquals([...(await slurm.ask(unknown, [plain("9;other")])).unknownJobs], ["9;other"]);
  const run = answering((words) =>
    words === "scontrol -M other show job -o 9"
      ? { stdout: "JobId=9 JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0 \n" }
      : { exitCode: 1 }
  );
  assertEquals((await slurm.askEnds(run, ["9;other", "9"])).get("9;other")?.exitCode, 3);
});

Deno.test("jobs are found by their token in all clusters that were named, a silent one is no answer", async () => {
  const stdout =
    "CLUSTER: near\nARRAY_JOB_ID|COMMENT\n\nCLUSTER: other\nARRAY_JOB_ID|COMMENT\n7|blockfleet:r1:0\n7|blockfleet:r1:0\n8|x\n";
  const run = answering((words) => {
    assert(words.startsWith("squeue -M near,other "), words);
    return { stdout };
  });
  assertEquals(await slurm.find(run, "blockfleet:r1:", "near,other"), ["7;other"]);
  const half = answering(() => ({ stdout, stderr: "squeue: error: No cluster 'near' known by database." }));
  assertEquals(await slurm.find(half, "blockfleet:r1:", "near,other"), undefined);
});

Deno.test("which clusters sbatch may choose is known from its options and from the environment, which wins", () => {
  for (const option of ["-M other", "-p short -Mother", '--clusters="other"', "--cluster other"]) {
    assertEquals([wantedClusters([option], {}), wantedClusters([option], { SBATCH_CLUSTERS: "a,b" })], [
      "other",
      "a,b",
    ]);
  }
  assertEquals(wantedClusters([], { SLURM_CLUSTERS: "a", SBATCH_CLUSTERS: "b" }), "a,b");
  assertEquals(wantedClusters(["-A proj -Mail", "--mem=1G"].slice(1), { SLURM_CLUSTERS: "" }), undefined);
});

Deno.test("arrays are as large as the one other cluster allows", async () => {
  const run = answering((words) =>
    words === "scontrol -M other show config" ? { stdout: "MaxArraySize  = 51\n" } : {
      stdout: "MaxArraySize  = 1001\n",
    }
  );
  assertEquals(await slurm.arrayLimit(run, "other"), 51);
  assertEquals(await slurm.arrayLimit(run, "near,other"), 1001);
});

Deno.test("a run's jobs in two clusters with the same number are two workers, watched and cancelled where they are", async () => {
  const queue = new ScriptedQueue();
  queue.sbatch = () => ({ stdout: queue.scripts.length === 1 ? "1;other\n" : "1;near\n" });
  queue.squeue = (argv) => {
    const cluster = argv.includes("other") ? "other" : "near";
    const state = queue.asked.includes(`scancel -M ${cluster} 1`) ? "CANCELLED" : "RUNNING";
    return { stdout: `1|${state}|10:00|1:00:00|${cluster === "other" ? "n1" : "n2"}|None` };
  };
  await using test = await ScriptedFleet.make({ queue, arrayLimit: 1 });
  await test.fleet.begin(2);
  assertEquals((await test.until("queued", 0)).reason, "RUNNING on n1, not connected yet");
  assertEquals((await test.until("queued", 1)).reason, "RUNNING on n2, not connected yet");
  assertEquals([test.connect("1", 1), test.connect("1", 0)], [1, 0]);
  assertEquals(test.register.things.get("blockfleet:r1:0"), 'made {"id":"1;other"}');
  await test.fleet.stop({ finished: false });
  const cancels = queue.asked.filter((words) => words.startsWith("scancel"));
  assertEquals(cancels, ["scancel -M other 1", "scancel -M near 1"]);
});

Deno.test("cleanup cancels a job in the cluster that the register names, and one of an older register here", async () => {
  const asked: string[] = [];
  const run = answering((words) => {
    asked.push(words);
    return words.startsWith("squeue -M other ") && words.endsWith("%F|%k")
      ? {
        stdout: asked.some((line) => line === "scancel -M other 9")
          ? ""
          : "CLUSTER: other\n9|blockfleet:r1:2\n",
      }
      : {};
  });
  const gone: string[] = [];
  const things = [
    { type: "job", key: "blockfleet:r1:0", data: { id: "7;other" } },
    { type: "job", key: "blockfleet:r1:1", data: { id: "8" } },
    { type: "job", key: "blockfleet:r1:2", data: { clusters: "other" } },
  ] as unknown as ThingRecord[];
  const dead = {
    runId: "r1",
    things,
    gone: (thing: ThingRecord) => {
      gone.push(thing.key);
      return Promise.resolve();
    },
  } as unknown as RegisteredRun;
  const report = await cleanUpRuns(slurm, {
    runs: [dead],
    dryRun: false,
    confirm: () => Promise.resolve(false),
  }, run);
  assertEquals(report.removed, [
    "SLURM job 7 of cluster other of run r1",
    "SLURM job 8 of run r1",
    "SLURM job 9 of cluster other of run r1",
  ]);
  assertEquals(asked.filter((words) => words.startsWith("scancel")), [
    "scancel -M other 7",
    "scancel 8",
    "scancel -M other 9",
  ]);
  assertEquals(gone, things.map(({ key }) => key));
});

function answering(answer: (words: string) => Partial<CommandResult>): CommandRunner {
  return (argv) => Promise.resolve({ argv, exitCode: 0, stdout: "", stderr: "", ...answer(argv.join(" ")) });
}
