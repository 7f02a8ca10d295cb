import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { DriverError } from "../../../core/errors.ts";
import { awsError, FakeAws } from "./fake_aws.ts";
import { EXTRA_PARAMS, HeldRun } from "./held_run.ts";

Deno.test("a cluster that is not there fails the run at the first answer, though the task definition is new", async () => {
  const aws = new FakeAws();
  aws.next("ecs:RunTask", () => {
    throw awsError("ClusterNotFoundException", "Cluster not found.");
  }, 100);
  const { create_cluster: _, ...rest } = EXTRA_PARAMS;
  const extraParams = { ...rest, run_task: { ...EXTRA_PARAMS.run_task, cluster: "nope" } };
  await using run = await HeldRun.start(aws, { extraParams });
  const failure = await run.failure;
  assertInstanceOf(failure, DriverError);
  assertStringIncludes((failure as Error).message, "There is no ECS cluster 'nope' in us-east-1");
  assertEquals(aws.inputs("ecs:RunTask").length, 1);
});

Deno.test("the cluster that the run has just made may not be known yet: tasks are asked for again", async () => {
  const aws = new FakeAws();
  aws.next("ecs:RunTask", () => {
    throw awsError("ClusterNotFoundException", "Cluster not found.");
  });
  await using run = await HeldRun.start(aws);
  await run.until(() => aws.tasks.size === 1);
  assertEquals(aws.inputs("ecs:RunTask").length, 2);
});
