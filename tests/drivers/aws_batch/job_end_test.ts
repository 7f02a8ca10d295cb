import { assertEquals } from "@std/assert";
import type { JobDetail } from "@aws-sdk/client-batch";
import { jobEnd, waitingReason } from "../../../drivers/aws_batch/job_end.ts";

function job(more: Partial<JobDetail>): JobDetail {
  return {
    ...{ jobArn: "arn", jobName: "j", jobId: "J:1", jobQueue: "q", jobDefinition: "d", startedAt: 0 },
    status: "FAILED",
    ...more,
  };
}

const ENDS: readonly (readonly [string, Partial<JobDetail>, string])[] = [
  ["exit code 0 is an exit", { status: "SUCCEEDED", container: { exitCode: 0 } }, "exit"],
  ["another exit code is an exit", { container: { exitCode: 3 } }, "exit"],
  ["the time limit", { statusReason: "Job attempt duration exceeded timeout" }, "walltime"],
  ["Fargate Spot", { statusReason: "Your Spot Task was interrupted." }, "preempted"],
  ["a host that goes", { statusReason: "Host EC2 (instance i-0abc) terminated." }, "node"],
  ["somebody's TerminateJob", {
    statusReason: "not wanted",
    isTerminated: true,
    container: { exitCode: 143 },
  }, "cancelled"],
  [
    "too much memory",
    { container: { exitCode: 137, reason: "OutOfMemoryError: Container killed" } },
    "killed",
  ],
  ["SIGKILL", { container: { exitCode: 137 } }, "killed"],
  ["a container that never ran", {
    statusReason: "Task failed to start",
    container: { reason: "CannotPullContainerError" },
  }, "unknown"],
];

for (const [name, detail, cause] of ENDS) {
  Deno.test(`the end of a job is told from its words: ${name} is '${cause}'`, () => {
    assertEquals(jobEnd(job(detail)).cause, cause);
  });
}

Deno.test("all that is known of an end is in its text, the log stream too", () => {
  const { text, exitCode } = jobEnd(job({
    statusReason: "Essential container in task exited",
    container: {
      exitCode: 3,
      reason: "oops",
      logStreamName: "d/default/1",
      logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "mine" } },
    },
  }));
  assertEquals(exitCode, 3);
  assertEquals(
    text,
    "job J:1: Essential container in task exited; oops; exit code 3; its log is stream 'd/default/1' of 'mine'",
  );
});

Deno.test("why a job waits is its state, with the queue's reason if there is one", () => {
  assertEquals(waitingReason(job({ status: "RUNNABLE" })), "RUNNABLE");
  assertEquals(
    waitingReason(job({ status: "RUNNABLE", statusReason: "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT" })),
    "RUNNABLE: MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
  );
});
