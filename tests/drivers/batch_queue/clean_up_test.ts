/** What killed runs left is called removed when the queue no longer has it. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { CleanupReport, RegisteredRun, ThingRecord } from "../../../core/driver.ts";
import { cleanUpRuns } from "../../../drivers/batch_queue/clean_up_runs.ts";
import { slurm } from "../../../drivers/slurm/slurm_scheduler.ts";
import { SkippedTime } from "../../core/skipped_time.ts";
import { ScriptedQueue } from "./scripted_queue.ts";

/** A dead run with an array of two and a folder of logs. */
async function withDeadRun(
  test: (run: {
    queue: ScriptedQueue;
    logs: string;
    gone: string[];
    notices: string[];
    cleanup(options?: { dryRun?: boolean }): Promise<CleanupReport>;
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "blockfleet_test_" });
  const logs = `${folder}/r1`;
  await Deno.mkdir(logs);
  const queue = new ScriptedQueue();
  const gone: string[] = [];
  const notices: string[] = [];
  const things = [
    { type: "job", key: "blockfleet:r1:0", data: { id: "7", arraySize: 2 } },
    { type: "logs", key: logs },
  ] as unknown as ThingRecord[];
  const dead = {
    runId: "r1",
    get things() {
      return things.filter(({ key }) => !gone.includes(key));
    },
    gone: ({ key }: ThingRecord) => Promise.resolve(void gone.push(key)),
  } as unknown as RegisteredRun;
  try {
    await test({
      queue,
      logs,
      gone,
      notices,
      cleanup: ({ dryRun = false } = {}) =>
        cleanUpRuns(slurm, {
          runs: [dead],
          dryRun,
          confirm: () => Promise.resolve(true),
          notice: (line) => void notices.push(line),
        }, queue.run),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const completing = ["7_0|COMPLETING|1:00|1:00|n1|None", "7_1|CANCELLED|1:00|1:00|n1|None"];
const over = ["7_0|CANCELLED|1:00|1:00|n1|None", "7_1|CANCELLED|1:00|1:00|n1|None"];

Deno.test("a job is removed once the queue no longer has it, and its logs after it", async () => {
  await withDeadRun(async ({ queue, logs, gone, cleanup }) => {
    queue.squeue = () => {
      Deno.statSync(logs);
      assertEquals(gone, []);
      return { stdout: (queue.count("squeue") < 3 ? completing : over).join("\n") };
    };
    assertEquals(await cleanup(), { removed: ["SLURM job 7 of run r1", `logs ${logs}`], failed: [] });
    assertEquals([queue.count("scancel"), queue.count("squeue"), gone.length], [1, 3, 2]);
    assertThrows(() => Deno.statSync(logs), Deno.errors.NotFound);
  });
});

Deno.test("a job that stays in the queue is not removed, nor are its logs, and cleanup may come again", async () => {
  using time = new SkippedTime();
  await withDeadRun(async ({ queue, logs, gone, notices, cleanup }) => {
    queue.squeue = () => {
      time.skip(20_000);
      return { stdout: completing.join("\n") };
    };
    const { removed, failed } = await cleanup();
    assertEquals(removed, []);
    assertEquals(failed, [
      "SLURM job 7 of run r1: it has been told to end, and is still in the queue (COMPLETING); its logs are kept",
    ]);
    assertEquals(notices, ["1 job(s) are told to end and still in the queue (COMPLETING): waiting"]);
    Deno.statSync(logs);
    assertEquals(gone, []);
    queue.squeue = () => ({ stdout: over.join("\n") });
    assertEquals((await cleanup()).removed.length, 2);
  });
});

Deno.test("a queue that does not answer has not let a job go", async () => {
  using time = new SkippedTime();
  await withDeadRun(async ({ queue, cleanup }) => {
    queue.squeue = () => {
      time.skip(40_000);
      return { exitCode: 1, stderr: "Unable to contact slurm controller" };
    };
    const { removed, failed } = await cleanup();
    assertEquals(removed, []);
    assert(failed[0]?.includes("Unable to contact slurm controller"), failed[0]);
  });
});

Deno.test("logs of a run without known jobs stay while the queue does not answer whether it has any", async () => {
  await withDeadRun(async ({ queue, logs, gone, cleanup }) => {
    // As of a job that had ended, and that the queue still listed.
    gone.push("blockfleet:r1:0");
    queue.squeue = () => ({ exitCode: 1, stderr: "Unable to contact slurm controller" });
    assertEquals(await cleanup(), {
      removed: [],
      failed: ["logs of run r1: SLURM does not answer; try again later"],
    });
    Deno.statSync(logs);
    queue.squeue = () => ({ stdout: "ARRAY_JOB_ID|COMMENT\n" });
    assertEquals(await cleanup(), { removed: [`logs ${logs}`], failed: [] });
  });
});

Deno.test("a dry run cancels nothing and waits for nothing", async () => {
  await withDeadRun(async ({ queue, logs, cleanup }) => {
    const { removed } = await cleanup({ dryRun: true });
    assertEquals(removed, ["SLURM job 7 of run r1", `logs ${logs}`]);
    assertEquals(queue.asked, []);
  });
});
