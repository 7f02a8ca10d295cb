import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { DriverContext, HostedChannel, RegisteredRun, RegisteredThing } from "../../../core/driver.ts";
import { ConfigError } from "../../../core/errors.ts";
import { awsBatchDriver } from "../../../drivers/aws_batch.ts";
import { cleanUpBatch } from "../../../drivers/aws_batch/batch_cleanup.ts";
import { BATCH_TIMING, type BatchTiming } from "../../../drivers/aws_batch/timing.ts";
import { fleetSpec } from "../ecs/held_run.ts";
import { fakeBatch, type FakeCall } from "./fake_batch.ts";

const FAST: BatchTiming = { ...BATCH_TIMING, pollMs: { least: 1, most: 5 }, absenceMs: 1, freshMs: 1 };
const SELECTOR = { dryRun: false, confirm: () => Promise.resolve(true) };

/** A run that left one job; what becomes of its register. */
function leftover(data: Record<string, unknown>): { run: RegisteredRun; gone: string[] } {
  const gone: string[] = [];
  return {
    gone,
    run: {
      ...{ runId: "RUN", kind: "CW_AWSBATCH", host: "h", pid: 1, startedAt: "", isAlive: false },
      things: [{
        type: "batch-job",
        key: "blockfleet_RUN_0",
        state: "made",
        data: { jobQueue: "q", ...data },
      }],
      gone: ({ key }) => Promise.resolve(void gone.push(key)),
    },
  };
}

const unknownJob = ({ action }: FakeCall) =>
  action === "batch:ListJobs" ? { jobSummaryList: [] } : { jobs: [] };

Deno.test("a job is looked for in the region of its register, and gone if it is not there", async () => {
  const regions: (string | undefined)[] = [];
  const { run, gone } = leftover({ region: "eu-north-1", jobId: "J" });
  const caller = (region: string | undefined) => {
    regions.push(region);
    return fakeBatch(unknownJob).caller;
  };
  assertEquals(await cleanUpBatch({ ...SELECTOR, runs: [run] }, { timing: FAST, caller }), {
    removed: [],
    failed: [],
  });
  assertEquals([regions, gone], [["eu-north-1"], ["blockfleet_RUN_0"]]);
});

Deno.test("a job whose register has no region is never called gone because it is not here", async () => {
  const { run, gone } = leftover({ jobId: "J" });
  const caller = () => fakeBatch(unknownJob).caller;
  const { failed } = await cleanUpBatch({ ...SELECTOR, runs: [run] }, { timing: FAST, caller });
  assertEquals([failed.length, gone], [1, []]);
  assertStringIncludes(failed[0]!, "its register does not say its region");
  assertStringIncludes(failed[0]!, "eu-west-1");
});

Deno.test("of a run that is in no register, a cleanup that knows no stack says what it takes to look", async () => {
  const caller = () => fakeBatch(unknownJob).caller;
  const names = ["RIOS_AWSBATCH_STACK", "BLOCKFLEET_AWSBATCH_STACK"];
  const set = new Map(names.map((name) => [name, Deno.env.get(name)]));
  for (const name of names) Deno.env.delete(name);
  try {
    const selector = { ...SELECTOR, runs: [], unregistered: { runId: "RUN" } };
    const { removed, failed, hint } = await cleanUpBatch(selector, { timing: FAST, caller });
    assertEquals([removed, failed], [[], []]);
    for (const name of names) assertStringIncludes(hint!, name);
  } finally {
    for (const [name, value] of set) if (value !== undefined) Deno.env.set(name, value);
  }
});

Deno.test("the register has the region, also one that nobody chose for Batch", async () => {
  const things: RegisteredThing[] = [];
  let isTerminated = false;
  const client = {
    config: { region: () => Promise.resolve("eu-central-1") },
    send: (command: object) => {
      const name = command.constructor.name;
      if (name === "TerminateJobCommand") isTerminated = true;
      const status = isTerminated ? "FAILED" : "RUNNABLE";
      return Promise.resolve(
        name === "SubmitJobCommand" ? { jobId: "J" } : { jobs: [{ jobId: "J", status }], jobSummaryList: [] },
      );
    },
    destroy() {},
  };
  const channel: HostedChannel = {
    hosts: ["10.0.0.1"],
    port: 30000,
    workerArguments: ["--channel", "blockfleet:1/run-1/10.0.0.1/30000/plain/any"],
    workerEnvironment: { BLOCKFLEET_KEY: "c2VjcmV0" },
    addressFile: () => Promise.reject(new TypeError("there is no shared folder")),
    admit: () => 0,
    workerGone: () => {},
  };
  const notices: string[] = [];
  const context: DriverContext = {
    runId: "RUN",
    signal: new AbortController().signal,
    notice: (line) => notices.push(line),
    register: () =>
      Promise.resolve({
        intend: (thing) => {
          things.push(thing);
          return Promise.resolve({ made: () => Promise.resolve(), gone: () => Promise.resolve() });
        },
      }),
    openChannel: () => Promise.resolve(channel),
    attach: () => {},
  };
  const driver = awsBatchDriver({ clients: { batch: client }, timing: FAST });
  const submit_job = { jobQueue: "q", jobDefinition: "d" };
  const fleet = await driver.start(fleetSpec(1, { submit_job }), context);
  await fleet.stop({ finished: false });
  assertEquals(things.map(({ data }) => data), [{ jobQueue: "q", region: "eu-central-1" }]);
  assert(isTerminated);
  assertEquals(notices, ["CW_AWSBATCH: submitted job J (worker 0), run RUN; queue 'q' in eu-central-1"]);
});

Deno.test("a preview refuses a name that SubmitJob does not have, as the real run does", async () => {
  const submit_job = { containerOverrides: { resourceRequirments: [] } };
  await assertRejects(
    () => awsBatchDriver().preview!(fleetSpec(1, { submit_job })),
    ConfigError,
    "has no 'containerOverrides.resourceRequirments'",
  );
});
