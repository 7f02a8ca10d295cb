import { assert, assertEquals } from "@std/assert";
import { awsError, FakeAws } from "./fake_aws.ts";
import { HeldRun } from "./held_run.ts";

Deno.test("a cluster is deleted once what was in it has gone", async () => {
  const aws = new FakeAws();
  aws.next("ecs:DeleteCluster", () => {
    throw awsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.");
  }, 3);
  await using run = await HeldRun.start(aws);
  await run.fleet.stop({ finished: false });
  assertEquals(aws.inputs("ecs:DeleteCluster").length, 4);
  assertEquals(aws.left(), []);
});

Deno.test("what can't be removed is named, and stays in the register", async () => {
  const aws = new FakeAws();
  aws.next("ecs:DeleteCluster", () => {
    throw awsError(
      "AccessDeniedException",
      "User: u is not authorized to perform: ecs:DeleteCluster on resource: c",
    );
  }, 1000);
  await using run = await HeldRun.start(aws);
  await run.fleet.stop({ finished: false });
  assert(run.notices.some((line) => line.includes("ECS cluster cluster")));
  assertEquals(run.register.things.map(({ type }) => type), ["ecs-cluster"]);
});

for (const action of ["ecs:ListTasks", "ecs:DescribeTasks", "ecs:ListTaskDefinitions"] as const) {
  Deno.test(`a run that may not call ${action} still removes what it knows of`, async () => {
    const aws = new FakeAws();
    aws.next(action, () => {
      throw awsError(
        "AccessDeniedException",
        `User: u is not authorized to perform: ${action} on resource: x`,
      );
    }, 1000);
    await using run = await HeldRun.start(aws, { workers: 2 });
    await run.until(() => run.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
    await run.fleet.stop({ finished: false });
    assertEquals([aws.left(), run.register.things], [[], []]);
  });
}
