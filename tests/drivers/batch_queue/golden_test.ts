/**
 * The whole script of each parameter for each scheduler. After an intended change:
 * `UPDATE_GOLDENS=1 deno test -A tests/drivers/batch_queue/golden_test.ts`.
 */
import { assert, assertEquals } from "@std/assert";
import { runCommand } from "../../../drivers/batch_queue/run_command.ts";
import type { BatchQueueParams } from "../../../drivers/batch_queue/extra_params.ts";
import { placeless, sampleJob, type SampleOptions, SCHEDULERS } from "./sample_jobs.ts";

const GOLDEN = new URL("./golden/", import.meta.url);
const isUpdating = Deno.env.get("UPDATE_GOLDENS") === "1";

const CASES: Readonly<Record<string, readonly [BatchQueueParams, SampleOptions?]>> = {
  array: [{}],
  one_worker: [{}, { workers: 1, first: 3, jobName: "ndvi" }],
  array_with_offset: [{}, { workers: 2, first: 1000, jobName: "two words" }],
  no_shared_folder: [{}, { haveSharedTemp: false }],
  threads: [{}, { threadsPerWorker: 4 }],
  queue: [{ queue: "short" }],
  partition: [{ partition: "short" }],
  account: [{ account: "proj-7" }],
  walltime: [{ walltime: "1-02:30:00" }],
  memory: [{ memory: "4G" }],
  cores: [{ cores: 8 }],
  resources: [{ cores: 2, memory: "1.5G", walltime: "90m", constraint: "haswell" }],
  constraint: [{ constraint: "avx512" }],
  qos: [{ qos: "long" }],
  export_env: [{ exportEnv: ["SECRET_TOKEN", "NOT_SET"] }],
  export_env_values: [{ exportEnv: { GREETING: `it's "$HOME"\nand more`, EMPTY: "" } }],
  extra_directives: [{ extraDirectives: ["--exclusive", "-m n"] }],
  omit_directives: [{ omitDirectives: ["--signal", "-j"] }],
  shell: [{ shell: "/bin/bash -l" }],
  log_folder: [{ logFolder: "/scratch/my logs/100%" }],
  sbatch_options: [{ sbatchOptions: "-p debug --mem=1G", qsubOptions: "-q work -l mem=1gb" }],
  options_list: [{ sbatchOptions: ["--nice=100", "--exclude=n3"], qsubOptions: ["-p -10", "-r y"] }],
  init_cmds: [{ initCmds: ["module load deno", "ulimit -n 4096"] }],
  cmd_prefix: [{ cmdPrefix: "singularity exec image.sif" }],
  cmd_suffix: [{ cmdSuffix: "2> errors.txt" }],
  max_running: [{ maxRunning: 2 }],
  terminate_grace: [{ terminateGrace: 120 }],
  memory_resource: [{ memory: "4G", memoryResource: "vf" }],
  awkward_log_folder: [{ logFolder: `/scratch/it's, "$HOME": 100%` }],
  awkward_paths: [{}, { folder: "/home/ann/it's $HOME", file: '/home/ann/a "b" c/channel' }],
};

/** What one of them needs for its every case. */
const OWN: Readonly<Record<string, BatchQueueParams>> = { sge: { parallelEnvironment: "smp" } };

/** Grid Engine has no quality of service. */
function casesOf(name: string): typeof CASES {
  return Object.fromEntries(Object.entries(CASES).filter(([title]) => name !== "sge" || title !== "qos"));
}

for (const [name, scheduler] of Object.entries(SCHEDULERS)) {
  const folder = new URL(`${name}/`, GOLDEN);
  const cases = casesOf(name);
  const render = ([params, options]: readonly [BatchQueueParams, SampleOptions?]) => {
    const known = params.omitDirectives && { omitDirectives: [name === "slurm" ? "--signal" : "-j"] };
    return placeless(sampleJob(scheduler, { ...OWN[name], ...params, ...known }, options).script);
  };
  for (const [title, given] of Object.entries(cases)) {
    Deno.test(`${scheduler.title}: the script with ${title.replaceAll("_", " ")} is what it was`, async () => {
      const file = new URL(`${title}.sh`, folder);
      if (isUpdating) {
        await Deno.mkdir(folder, { recursive: true });
        await Deno.writeTextFile(file, render(given));
      }
      assertEquals(render(given), await Deno.readTextFile(file));
    });
  }

  Deno.test(`${scheduler.title}: there is no golden script without a case`, () => {
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name.replace(/\.sh$/, ""));
    assertEquals(files.toSorted(), Object.keys(cases).toSorted());
  });
}

const shellcheck = await runCommand(["shellcheck", "--version"]);
Deno.test({
  name: shellcheck.exitCode === 0
    ? "shellcheck finds nothing in any of the scripts"
    : "shellcheck finds nothing in any of the scripts (skipped: shellcheck is not on PATH)",
  ignore: shellcheck.exitCode !== 0,
  fn: async () => {
    const files = Object.keys(SCHEDULERS).flatMap((name) =>
      Object.keys(casesOf(name)).map((title) => new URL(`${name}/${title}.sh`, GOLDEN).pathname)
    );
    const { exitCode, stdout } = await runCommand(["shellcheck", "--severity=style", ...files]);
    assert(exitCode === 0, stdout);
  },
});
