import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import { AwsError } from "../../../drivers/aws/aws_error.ts";
import { findPlace } from "../../../drivers/aws_batch/stack.ts";
import { submitJob } from "../../../drivers/aws_batch/job_calls.ts";
import { fakeBatch, noAnswer } from "./fake_batch.ts";

const INPUT = {
  jobName: "blockfleet_RUN_0",
  jobQueue: "q",
  jobDefinition: "d",
  tags: { a: "b" },
  propagateTags: true,
};
const WAITS = { absenceMs: 1, notice: () => {} };

Deno.test("after a SubmitJob without an answer the job of that name is taken, and none is submitted again", async () => {
  const { caller, calls } = fakeBatch(({ action }) => {
    if (action === "batch:SubmitJob") throw noAnswer();
    return { jobSummaryList: [{ jobId: "J", jobName: INPUT.jobName }] };
  });
  assertEquals(await submitJob(caller, INPUT, WAITS), { jobId: "J", perhapsTwice: false });
  assertEquals(calls.map(({ action }) => action), ["batch:SubmitJob", "batch:ListJobs"]);
  assertEquals(calls[1]!.input.filters, [{ name: "JOB_NAME", values: [INPUT.jobName] }]);
});

Deno.test("a job that two lists do not have is submitted again, and remembered as perhaps there twice", async () => {
  const { caller, calls } = fakeBatch(({ action }, all) => {
    if (action === "batch:ListJobs") return { jobSummaryList: [] };
    if (all.length === 1) throw noAnswer();
    return { jobId: "J2" };
  });
  assertEquals(await submitJob(caller, INPUT, WAITS), { jobId: "J2", perhapsTwice: true });
  assertEquals(calls.map(({ action }) => action.split(":")[1]), [
    "SubmitJob",
    "ListJobs",
    "ListJobs",
    "SubmitJob",
  ]);
});

Deno.test("where tags are denied jobs are submitted without them, with one warning", async () => {
  const lines: string[] = [];
  const { caller, calls } = fakeBatch(({ input }) => {
    if (input.tags) {
      const message =
        "User: arn:aws:iam::1:user/u is not authorized to perform: batch:TagResource on resource: arn:x";
      throw Object.assign(new Error(message), { name: "AccessDeniedException" });
    }
    return { jobId: "J" };
  });
  const notice = (line: string) => lines.push(line);
  assertEquals((await submitJob(caller, INPUT, { ...WAITS, notice })).jobId, "J");
  assertEquals([calls.length, calls[1]!.input.propagateTags, lines.length], [2, undefined, 1]);
});

Deno.test("a SubmitJob that AWS refuses is made once", async () => {
  const { caller, calls } = fakeBatch(() => {
    throw Object.assign(new Error("Job queue q does not exist"), { name: "ClientException" });
  });
  await assertRejects(() => submitJob(caller, INPUT, WAITS), AwsError, "Job queue q does not exist");
  assertEquals(calls.length, 1);
});

function stackOf(outputs: Record<string, string>) {
  const Outputs = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  return fakeBatch(() => ({ Stacks: [{ Outputs }] })).caller;
}

const OUTPUTS = {
  BatchMaxVCPUS: "20",
  BatchVCPUS: "0.5",
  BatchProcessingJobQueueName: "q",
  BatchProcessingJobDefinitionName: "d",
};

Deno.test("a stack's outputs say where jobs go and how many workers there is room for", async () => {
  const { jobQueue, jobDefinition, room } = await findPlace(stackOf(OUTPUTS), { stack: "s" });
  assertEquals([jobQueue, jobDefinition, room?.workers], ["q", "d", 40]);
  const four = [{ type: "VCPU", value: "4" } as const];
  const submit_job = { containerOverrides: { resourceRequirements: four } };
  assertEquals((await findPlace(stackOf(OUTPUTS), { stack: "s", submit_job })).room?.workers, 5);
});

Deno.test("a stack that is not there, or is no stack of ours, is said with its name and what to do", async () => {
  const missing = fakeBatch(() => {
    throw Object.assign(new Error("Stack with id s does not exist"), { name: "ValidationError" });
  }).caller;
  await assertRejects(
    () => findPlace(missing, { stack: "s" }),
    ConfigError,
    "There is no CloudFormation stack 's' in eu-west-1",
  );
  const { BatchVCPUS: _, ...rest } = OUTPUTS;
  await assertRejects(
    () => findPlace(stackOf(rest), { stack: "s" }),
    ConfigError,
    "has no output 'BatchVCPUS'",
  );
  await assertRejects(
    () => findPlace(stackOf({ ...OUTPUTS, BatchVCPUS: "x" }), {}),
    ConfigError,
    "must be a number above 0",
  );
});

Deno.test("no stack is asked for where queue and definition are given", async () => {
  const { caller, calls } = fakeBatch(() => ({}));
  const submit_job = { jobQueue: "q", jobDefinition: "d" };
  assertEquals(await findPlace(caller, { submit_job }), submit_job);
  assertEquals(calls, []);
});
