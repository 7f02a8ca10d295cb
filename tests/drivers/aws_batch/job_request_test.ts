import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import { jobRequest, type JobRequestFacts } from "../../../drivers/aws_batch/job_request.ts";
import { checkExtraParams } from "../../../drivers/aws_batch/params.ts";

const FACTS: JobRequestFacts = {
  runId: "RUN",
  jobName: "my job/1",
  place: { jobQueue: "queue", jobDefinition: "definition:3" },
  submitJob: {},
  threads: 2,
  environment: { BLOCKFLEET_CHANNEL: "address", BLOCKFLEET_KEY: "key" },
};

Deno.test("several workers are an array job: the whole call is as it should be", () => {
  assertEquals(jobRequest(FACTS, { first: 10, count: 5, sequence: 1 }), {
    timeout: { attemptDurationSeconds: 86400 },
    propagateTags: true,
    jobName: "blockfleet_my-job-1_RUN_1",
    jobQueue: "queue",
    jobDefinition: "definition:3",
    arrayProperties: { size: 5 },
    retryStrategy: { attempts: 1 },
    containerOverrides: {
      command: ["worker", "-i", "auto", "--index-offset", "10", "--threads", "2"],
      environment: [{ name: "BLOCKFLEET_CHANNEL", value: "address" }, {
        name: "BLOCKFLEET_KEY",
        value: "key",
      }],
    },
    tags: { "blockfleet:run": "RUN", "blockfleet:job": "my job/1" },
  });
});

Deno.test("one worker is a plain job with its number, since an array has two jobs or more", () => {
  const { arrayProperties, containerOverrides } = jobRequest(FACTS, { first: 7, count: 1, sequence: 2 });
  assertEquals(arrayProperties, undefined);
  assertEquals(containerOverrides?.command, ["worker", "-i", "7", "--threads", "2"]);
});

Deno.test("what the user adds is in the call, and the key is in no command", () => {
  const submitJob = checkExtraParams({
    submit_job: {
      timeout: { attemptDurationSeconds: 600 },
      schedulingPriorityOverride: 3,
      shareIdentifier: "me",
      tags: { project: "x" },
      containerOverrides: {
        resourceRequirements: [{ type: "VCPU", value: "4" }],
        environment: [{ name: "GDAL_CACHEMAX", value: "64" }],
      },
    },
  }).submit_job!;
  const request = jobRequest({ ...FACTS, submitJob }, { first: 0, count: 2, sequence: 0 });
  assertEquals(request.timeout, { attemptDurationSeconds: 600 });
  assertEquals([request.shareIdentifier, request.schedulingPriorityOverride], ["me", 3]);
  assertEquals(request.tags?.project, "x");
  assertEquals(request.containerOverrides?.resourceRequirements, [{ type: "VCPU", value: "4" }]);
  assertEquals(request.containerOverrides?.environment?.map(({ name }) => name), [
    ...["GDAL_CACHEMAX", "BLOCKFLEET_CHANNEL", "BLOCKFLEET_KEY"],
  ]);
  assertEquals(JSON.stringify(request.containerOverrides?.command).includes("key"), false);
});

Deno.test("overrides that AWS would refuse for their length are refused before the call", () => {
  const environment = [{ name: "LONG", value: "x".repeat(8192) }];
  const facts = { ...FACTS, submitJob: { containerOverrides: { environment } } };
  const error = assertThrows(() => jobRequest(facts, { first: 0, count: 2, sequence: 0 }), ConfigError);
  assertStringIncludes(error.message, "AWS takes 8192");
});

for (
  const [given, words] of [
    [{ submitjob: {} }, "submitjob"],
    [{ stack: 3 }, "stack must be a name"],
    [{ requestTimeout: 0 }, "requestTimeout must be seconds above 0"],
    [
      { submit_job: { jobName: "x" } },
      "submit_job can't have 'jobName': jobs are named after their run and its name (--job-name)",
    ],
    [{ submit_job: { timeout: {} } }, "submit_job.timeout needs attemptDurationSeconds"],
    [{ submit_job: { retryStrategy: { attempts: 3 } } }, "'retryStrategy'"],
    [{ submit_job: { containerOverrides: { command: ["x"] } } }, "can't have 'command'"],
    [{ submit_job: { timeout: { attemptDurationSeconds: 10 } } }, "at least 60, not '10'"],
  ] as const
) {
  Deno.test(`extra parameters are checked before anything starts: ${words}`, () => {
    assertStringIncludes(assertThrows(() => checkExtraParams(given), ConfigError).message, words);
  });
}

Deno.test("the key can't be replaced by a variable of the user's", () => {
  const environment = [{ name: "BLOCKFLEET_KEY", value: "mine" }];
  const facts = { ...FACTS, submitJob: { containerOverrides: { environment } } };
  assertThrows(
    () => jobRequest(facts, { first: 0, count: 2, sequence: 0 }),
    ConfigError,
    "can't set 'BLOCKFLEET_KEY'",
  );
});
