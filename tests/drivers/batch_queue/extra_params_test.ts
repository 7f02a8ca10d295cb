import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import { checkedParams } from "../../../drivers/batch_queue/batch_driver.ts";
import { checkExtraParams, managerParams } from "../../../drivers/batch_queue/extra_params.ts";
import { pbsScheduler } from "../../../drivers/pbs/pbs_scheduler.ts";
import { slurm } from "../../../drivers/slurm/slurm_scheduler.ts";

const REFUSED: readonly (readonly [Record<string, unknown>, string])[] = [
  [{ wallTime: "1h" }, "'wallTime': did you mean 'walltime'?"],
  [{ partitoin: "a" }, "'partitoin': did you mean 'partition'?"],
  [{ walltime: "60s", terminateGrace: 60 }, "terminateGrace '60': it must be less than the walltime, 60 s"],
  [{ walltime: "01:30" }, "walltime '01:30': it must be a time such as"],
  [{ memory: "4096" }, "memory '4096': it must be a size with its unit"],
  [{ cores: 0 }, "cores '0': it must be a whole number of at least 1"],
  [{ queue: "a", partition: "b" }, "queue 'a' and partition 'b' are the same thing: give one"],
  [{ queue: "a\n#SBATCH --wrap=x" }, "queue $'a\\n#SBATCH --wrap=x': it must be on one line"],
  [
    { sbatchOptions: ["-p a\n-q b"] },
    "sbatchOptions $'-p a\\n-q b': it must be on one line, without control characters: give a list for several",
  ],
  [{ initCmds: [1] }, "initCmds '[1]': it must be a text or a list of texts"],
  [{ arrays: "no" }, "arrays 'no': it must be true or false"],
  [{ shell: "/usr/bin/fish" }, "shell '/usr/bin/fish': it must be the path of a bash"],
  [{ exportEnv: ["A B"] }, "exportEnv 'A B': it must name environment variables"],
  [{ exportEnv: "PATH" }, "exportEnv 'PATH': it must be a list of names"],
  [
    { omitDirectives: ["--meme"] },
    "there is no directive 'meme' of ours to leave out. There are job-name, output",
  ],
  [{ omitDirectives: ["--array"] }, "there is no directive 'array' of ours to leave out"],
];

for (const [given, words] of REFUSED) {
  Deno.test(`extra parameters ${JSON.stringify(given)} are refused by name`, () => {
    assertThrows(() => checkedParams(slurm, given), ConfigError, words);
  });
}

Deno.test("a secret in exportEnv is not in the error about it", () => {
  const error = assertThrows(
    () => checkExtraParams({ exportEnv: { TOKEN: "s3cret\0" } }, "sbatchOptions"),
    ConfigError,
    "exportEnv.TOKEN must be a text",
  );
  assertEquals((error as Error).message.includes("s3cret"), false);
});

Deno.test("the other scheduler's own options are passed over, so that one dictionary serves both", () => {
  const given = { sbatchOptions: "-p a", qsubOptions: ["-q b", "-r y"], extraDirectives: ["-m n"] };
  assertEquals(checkedParams(slurm, given).extraDirectives, ["-p a", "-m n"]);
  assertEquals(checkedParams(pbsScheduler(), given).extraDirectives, ["-q b", "-r y", "-m n"]);
});

Deno.test("the default of terminateGrace is a minute, and at most a quarter of the walltime", () => {
  const graceOf = (given: Record<string, unknown>) => checkedParams(slurm, given).terminateGraceSeconds;
  assertEquals([{}, { walltime: "1h" }, { walltime: "2m" }, { walltime: 2 }].map(graceOf), [60, 60, 30, 1]);
  assertEquals(graceOf({ walltime: "2m", terminateGrace: 90 }), 90);
  assertEquals(slurm.drainSeconds(checkedParams(slurm, { walltime: 8 })), 2);
});

Deno.test("an account of digits alone may come as a number", () => {
  assertEquals(checkedParams(slurm, { account: 1234 }).account, "1234");
});

Deno.test("the manager's job has its own resources, and the workers' queue and account", () => {
  const manager = { walltime: "24:00:00" };
  const workers = {
    queue: "short",
    account: "p",
    walltime: "1h",
    memory: "64G",
    cores: 32,
    constraint: "gpu",
  };
  assertEquals(managerParams({ ...workers, manager }), {
    queue: "short",
    account: "p",
    walltime: "24:00:00",
  });
  assertEquals(managerParams({ ...workers, manager: { partition: "long" } }), {
    account: "p",
    partition: "long",
  });
});
