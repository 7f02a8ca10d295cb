/** The manager as a job. */
import { assertEquals, assertMatch } from "@std/assert";
import { submitManagerJob } from "../../../drivers/batch_queue/manager_job.ts";
import { slurm } from "../../../drivers/slurm/slurm_scheduler.ts";

async function submitted(extraParams: Record<string, unknown>) {
  let script = "";
  const manager = await submitManagerJob(
    slurm,
    { command: ["blockfleet", "apply"], folder: "/here", jobName: undefined, extraParams },
    (argv, options) => {
      script = options?.stdin ?? "";
      return Promise.resolve({ argv, exitCode: 0, stdout: "7\n", stderr: "" });
    },
  );
  return { manager, time: /--time=(\S+)/.exec(script)?.[1] };
}

Deno.test("the workers' walltime is not the manager's, and a notice says so", async () => {
  const { manager, time } = await submitted({ walltime: "1h" });
  assertEquals([manager.nativeId, time], ["7", undefined]);
  assertEquals(manager.notices?.length, 1);
  assertMatch(manager.notices![0]!, /the queue's default\. Choose its own with .*manager\.walltime$/);
});

Deno.test("a manager with a walltime of its own, or workers without one, are worth no notice", async () => {
  const own = await submitted({ walltime: "1h", manager: { walltime: "1d" } });
  assertEquals([own.time, own.manager.notices], ["24:00:00", undefined]);
  assertEquals((await submitted({})).manager.notices, undefined);
});
