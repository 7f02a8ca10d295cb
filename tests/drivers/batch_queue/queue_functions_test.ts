/** The parts of a queue's driver that a program of its own may use: what the driver itself does, by RIOS's names. */
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError, UnavailableError } from "../../../core/errors.ts";
import type { Driver } from "../../../core/driver.ts";
import { MAP_PROGRAM } from "../../../core/worker/map_thread.ts";
import { batchQueueDriver } from "../../../drivers/batch_queue/batch_driver.ts";
import type { CommandRunner } from "../../../drivers/batch_queue/run_command.ts";
import {
  type BatchQueueFunctions,
  batchQueueFunctions,
} from "../../../drivers/batch_queue/queue_functions.ts";
import * as pbs from "../../../drivers/pbs.ts";
import * as sge from "../../../drivers/sge.ts";
import * as slurm from "../../../drivers/slurm.ts";
import { SCHEDULERS } from "./sample_jobs.ts";

const QUEUES: Readonly<Record<string, BatchQueueFunctions & { readonly driver: Driver }>> = {
  slurm,
  pbs,
  sge,
};
const PARAMS = { queue: "short", walltime: "90m", memory: "2G" } as const;
const LOGS = "/scratch/logs";

/** The script and the submit command that the driver shows for these workers. */
async function previewOf(driver: Driver, workers: number): Promise<{ script: string; command: string }> {
  const { steps } = await driver.preview!({
    ...{ workers, maxWorkers: workers, program: MAP_PROGRAM, jobName: "ndvi", threadsPerWorker: 1 },
    ...{ singleBlockComputeWorkers: false, haveSharedTemp: true },
    extraParams: { ...PARAMS, logFolder: LOGS },
    access: { read: [], net: [], everything: false, flags: [] },
  });
  return { script: steps[0]!.text, command: steps[1]!.text };
}

for (const [name, queue] of Object.entries(QUEUES)) {
  for (const workers of [1, 3]) {
    Deno.test(`${name}: beginScript() gives the very lines that the driver's script for ${workers} worker(s) begins with`, async () => {
      const lines = queue.beginScript({
        ...{
          logFolder: `${LOGS}/blockfleet_RUN`,
          jobName: "ndvi",
          runId: "RUN",
          workers,
          extraParams: PARAMS,
        },
      });
      const { script } = await previewOf(queue.driver, workers);
      assertEquals(script.split("\n").slice(0, lines.length + 1), [...lines, ""]);
    });
  }

  Deno.test(`${name}: getSubmitCmd() is the command that the driver submits with, and a copy`, async () => {
    const { command } = await previewOf(queue.driver, 1);
    assertEquals(command, `${queue.getSubmitCmd().join(" ")} < SCRIPT`);
    queue.getSubmitCmd().push("--changed");
    assertEquals(queue.getSubmitCmd().includes("--changed"), false);
  });

  Deno.test(`${name}: getQueueCmd() is the command by which the driver asks for its jobs`, async () => {
    const asked: (readonly string[])[] = [];
    const run: CommandRunner = (argv) => {
      asked.push(argv);
      return Promise.resolve({ argv, exitCode: 1, stdout: "", stderr: "the test says no more" });
    };
    const scheduler = SCHEDULERS[name]!;
    await scheduler.ask(run, [{ jobId: "17", arraySize: undefined }]);
    assertEquals(asked[0], queue.getQueueCmd(["17"]));
    assertEquals(queue.getQueueCmd().includes("17"), false);
  });

  Deno.test(`${name}: a parameter that the driver refuses is refused by beginScript(), too`, () => {
    const refused = (job: unknown, says: string) =>
      assertThrows(
        () => queue.beginScript(job as Parameters<typeof queue.beginScript>[0]),
        ConfigError,
        says,
      );
    refused({ logFolder: LOGS, extraParams: { quue: "short" } }, "'quue'");
    refused({ logFolder: LOGS, jobname: "ndvi" }, "did you mean 'jobName'?");
    refused({ logFolder: "logs" }, 'logFolder must be an absolute path, not "logs"');
    refused({}, "logFolder must be an absolute path");
    refused({ logFolder: "/scratch/a\nb" }, "line feed");
    refused({ logFolder: LOGS, runId: "a,PATH=/tmp" }, "runId must be letters, digits");
    refused({ logFolder: LOGS, workers: 0 }, "workers must be a whole number of at least 1, not 0");
  });

  Deno.test(`${name}: checkBatchSystemAvailable() throws with the driver's own reason where its programs are missing`, async () => {
    const path = Deno.env.get("PATH")!;
    Deno.env.set("PATH", "/nowhere");
    try {
      const availability = await queue.driver.available();
      const error = await assertRejects(queue.checkBatchSystemAvailable, UnavailableError);
      assertEquals(error.message, `${queue.driver.kind} can't run here: ${availability.reason}`);
      assertStringIncludes(error.message, "not on PATH");
    } finally {
      Deno.env.set("PATH", path);
    }
  });

  Deno.test(`${name}: checkBatchSystemAvailable() passes where the driver says that it can run`, async () => {
    const scheduler = SCHEDULERS[name]!;
    const here: Driver = {
      ...batchQueueDriver(scheduler),
      available: () => Promise.resolve({ available: true }),
    };
    await batchQueueFunctions(scheduler, here).checkBatchSystemAvailable();
  });
}

Deno.test("getJobId() reads each scheduler's own answer, and nothing else", () => {
  assertEquals([slurm.getJobId("4711\n"), slurm.getJobId("sbatch: error: no\n")], ["4711", undefined]);
  assertEquals([pbs.getJobId("18[].pbs1\n"), pbs.getJobId("")], ["18[].pbs1", undefined]);
  assertEquals([sge.getJobId("7.1-4:1\n"), sge.getJobId("denied\n")], ["7", undefined]);
});

Deno.test("findExtraErrors() tells what logs of ended jobs hold, and nothing of those that went well or were told to end", async () => {
  const folder = await Deno.makeTempDir({ prefix: "blockfleet_logs_" });
  try {
    const texts: Readonly<Record<string, string>> = {
      well: "blockfleet: job begins, 1\nall is well\nblockfleet: job ends, exit status 0, now\n",
      failed: "blockfleet: job begins, 2\nsh: deno: not found\nblockfleet: job ends, exit status 127, now\n",
      told: "blockfleet: job begins, 3\nbye\nblockfleet: job ends, exit status 143, after SIGTERM, now\n",
      cut: "blockfleet: job begins, 5\nhalf of the\n",
      memory:
        "blockfleet: job begins, 4\nslurmstepd-n1: error: Detected 1 oom_kill event in StepId=4.batch.\n",
    };
    for (const [name, text] of Object.entries(texts)) await Deno.writeTextFile(`${folder}/${name}`, text);
    const files = [...Object.keys(texts), "absent"].map((name) => `${folder}/${name}`);
    assertEquals(await slurm.findExtraErrors(files), [
      { logFile: `${folder}/failed`, text: "exit status 127: sh: deno: not found" },
      {
        logFile: `${folder}/cut`,
        text: "the log has no end, so its job was killed or still runs: half of the",
      },
      {
        logFile: `${folder}/memory`,
        text: "killed for memory (slurmstepd-n1: error: Detected 1 oom_kill event in StepId=4.batch.): " +
          "ask for more with memory, or use a smaller window: " +
          "slurmstepd-n1: error: Detected 1 oom_kill event in StepId=4.batch.",
      },
      { logFile: `${folder}/absent`, text: "there is no such log yet, or it can't be read" },
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "findExtraErrors() reads more logs than there may be open files",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "blockfleet_logs_" });
    try {
      const files = Array.from({ length: 600 }, (_, index) => `${folder}/${index}`);
      for (const file of files) await Deno.writeTextFile(file, "blockfleet: job ends, exit status 0, now\n");
      const module = new URL("../../../drivers/slurm.ts", import.meta.url);
      const code = `const { findExtraErrors } = await import(${JSON.stringify(module.href)});
        console.log(JSON.stringify(await findExtraErrors(${JSON.stringify(files)})));`;
      const { stdout, stderr } = await new Deno.Command("bash", {
        args: ["-c", 'ulimit -n 256; exec "$0" eval "$1"', Deno.execPath(), code],
      }).output();
      assertEquals(new TextDecoder().decode(stdout), "[]\n", new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
