/** The manager as a job. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { SubmitError } from "../../../core/errors.ts";
import { checkedParams } from "../../../drivers/batch_queue/batch_driver.ts";
import { submitManagerJob } from "../../../drivers/batch_queue/manager_job.ts";
import { pbsScheduler } from "../../../drivers/pbs/pbs_scheduler.ts";
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

for (const isThere of [true, false]) {
  const what = isThere ? "is looked for in the queue, and found" : "is not called refused";
  Deno.test(`a manager whose submission was not answered ${what}`, async () => {
    let token: string | undefined;
    const manager = submitManagerJob(
      slurm,
      { command: ["blockfleet", "apply"], folder: "/here", jobName: undefined, extraParams: {} },
      (argv, options) => {
        token ??= /--comment=(\S+)/.exec(options?.stdin ?? "")?.[1];
        const answer = argv[0] === "sbatch"
          ? { exitCode: 1, stderr: "sbatch: error: Socket timed out on send/recv operation" }
          : { exitCode: 0, stdout: isThere ? `6|other\n8|${token}\n` : "6|other\n" };
        return Promise.resolve({ argv, stdout: "", stderr: "", ...answer });
      },
    );
    if (isThere) return assertEquals((await manager).nativeId, "8");
    const { message } = await assertRejects(() => manager, SubmitError);
    assertMatch(message, /^It is not known whether .*Socket timed out .* before you try again$/);
  });
}

Deno.test("PBS is told to write the manager's log as it runs, unless the site refuses that, which is said", async () => {
  const follow = async (extraParams: Record<string, unknown>) => {
    let script = "";
    const { follow } = await submitManagerJob(
      pbsScheduler(),
      { command: ["blockfleet", "apply"], folder: "/here", jobName: undefined, extraParams },
      (argv, options) => {
        script = options?.stdin ?? "";
        return Promise.resolve({ argv, exitCode: 0, stdout: "7.pbs1\n", stderr: "" });
      },
    );
    return [script.includes("\n#PBS -k oed\n"), follow[1]!.title];
  };
  assertEquals(await follow({}), [true, "What it writes, once it runs"]);
  assertEquals(await follow({ omitDirectives: ["-k"] }), [false, "What it has written, once it is over"]);
  // The manager's own run has the same dictionary.
  assertEquals(checkedParams(pbsScheduler(), { omitDirectives: ["-k"] }).omitDirectives, ["k"]);
});

Deno.test("a manager with a walltime of its own, or workers without one, are worth no notice", async () => {
  const own = await submitted({ walltime: "1h", manager: { walltime: "1d" } });
  assertEquals([own.time, own.manager.notices], ["24:00:00", undefined]);
  assertEquals((await submitted({})).manager.notices, undefined);
});
