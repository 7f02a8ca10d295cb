import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertDone, assertNothingLeft, awsTest } from "./aws_case.ts";
import { makeBatchStack, STACK } from "./batch_stack.ts";
import { OtherRun } from "./faults/other_run.ts";
import { xmlTexts } from "./moto_client.ts";
import { REGION } from "./moto_server.ts";
import { WORKER_IMAGE } from "./worker_image.ts";

awsTest("NDVI on Fargate, made by the helper, equals that of threads, and nothing is left", async (given) => {
  const extraParams = { helper: "fargate", ...given.essentials.fargate };
  await assertDone(given, "fargate", await given.folder.ndvi("fargate", { kind: "CW_ECS", extraParams }));
  await assertNothingLeft(given);
});

awsTest("NDVI on a private cluster equals that of threads, and no instance is left", async (given) => {
  const { fargate, instances } = given.essentials;
  const extraParams = { helper: "private-cluster", ...fargate, ...instances, numInstances: 2 };
  await assertDone(given, "private", await given.folder.ndvi("private", { kind: "CW_ECS", extraParams }));
  await assertNothingLeft(given);
});

awsTest(
  "a dictionary as RIOS's own helper makes it runs with blockfleet in its containers, which is said",
  async (given) => {
    const { subnet, securityGroups, taskRoleArn, executionRoleArn } = given.essentials.fargate;
    const extraParams = {
      create_cluster: {
        clusterName: "RIOS_ndvi-0a1b2c3d_cluster",
        tags: [{ key: "RIOS-cluster", value: "" }],
      },
      register_task_definition: {
        family: "RIOS_ndvi-0a1b2c3d_task",
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        ...{ cpu: "0.5 vCPU", memory: "1GB", taskRoleArn, executionRoleArn },
        containerDefinitions: [{
          name: "RIOS_ndvi-0a1b2c3d_container",
          image: WORKER_IMAGE,
          entryPoint: ["/usr/bin/env", "rios_computeworker"],
          // moto counts by it, and fails without.
          memoryReservation: 1024,
        }],
      },
      run_task: {
        launchType: "FARGATE",
        cluster: "RIOS_ndvi-0a1b2c3d_cluster",
        taskDefinition: "RIOS_ndvi-0a1b2c3d_task",
        networkConfiguration: { awsvpcConfiguration: { subnets: [subnet], securityGroups } },
      },
    };
    const begun = await given.folder.ndvi("rios", { kind: "CW_ECS", extraParams });
    await assertDone(given, "rios", begun);
    assertStringIncludes(
      (await begun.outcome).stderr,
      "starts RIOS's rios_computeworker, so blockfleet is started",
    );
    const { clusters } = await given.account.moto.ecs("DescribeClusters", {
      clusters: ["RIOS_ndvi-0a1b2c3d_cluster"],
    });
    assertEquals(clusters.filter(({ status }: { status: string }) => status === "ACTIVE"), []);
    await assertNothingLeft(given);
  },
);

awsTest("an existing cluster and task definition are used, and are there afterwards", async (given) => {
  const { account, essentials: { fargate } } = given;
  await account.moto.ecs("CreateCluster", { clusterName: "standing" });
  await account.moto.ecs("RegisterTaskDefinition", {
    family: "standing",
    networkMode: "awsvpc",
    containerDefinitions: [{ name: "worker", image: WORKER_IMAGE, memory: 512 }],
  });
  const other = await OtherRun.start(account, fargate);
  const { subnet, securityGroups } = fargate;
  const extraParams = {
    run_task: {
      ...{ cluster: "standing", taskDefinition: "standing", launchType: "FARGATE" },
      networkConfiguration: { awsvpcConfiguration: { subnets: [subnet], securityGroups } },
    },
  };
  await assertDone(given, "standing", await given.folder.ndvi("standing", { kind: "CW_ECS", extraParams }));
  const { clusters: [cluster] } = await account.moto.ecs("DescribeClusters", { clusters: ["standing"] });
  assertEquals([cluster.status, cluster.runningTasksCount], ["ACTIVE", 0]);
  const { taskDefinition } = await account.moto.ecs("DescribeTaskDefinition", { taskDefinition: "standing" });
  assertEquals([taskDefinition.status, taskDefinition.revision], ["ACTIVE", 1]);
  assertEquals(await other.missing(), []);
});

awsTest(
  "NDVI on Batch, from the template's stack, equals that of threads, and no job is left",
  async (given) => {
    const { account, folder } = given;
    await makeBatchStack(account);
    const env = { RIOS_AWSBATCH_STACK: STACK, RIOS_AWSBATCH_REGION: REGION };
    await assertDone(
      given,
      "batch",
      await folder.ndvi("batch", { kind: "CW_AWSBATCH", extraParams: {}, env }),
    );
    await assertNothingLeft(given);
    // Array jobs: one call, whatever the number of workers.
    assertEquals(account.door.calls.filter(({ action }) => action === "SubmitJob").length, 1);
  },
);

awsTest(
  "more workers on Batch than the stack has room for are refused before any is submitted",
  async (given) => {
    const { account, folder } = given;
    await makeBatchStack(account);
    const extraParams = {
      stack: STACK,
      submit_job: { containerOverrides: { resourceRequirements: [{ type: "VCPU", value: "16" }] } },
    };
    const { code, stderr } = await (await folder.ndvi("many", { kind: "CW_AWSBATCH", extraParams })).outcome;
    assertEquals(code, 2, stderr);
    assertStringIncludes(
      stderr,
      "3 workers are too many: the stack 'test-batch' has room for 2 (40 vCPUs in all, 16 a worker)",
    );
    assertEquals(account.door.calls.map(({ action }) => action), ["DescribeStacks"]);
  },
);

awsTest(
  "an instance whose manager was killed powers itself off after 20 minutes without a task",
  async (given) => {
    const { account: { moto, door }, folder, essentials: { fargate, instances } } = given;
    const extraParams = { helper: "private-cluster", ...fargate, ...instances, numInstances: 1 };
    const begun = await folder.ndvi("killed", { kind: "CW_ECS", extraParams });
    using _ = door.use(async (call, next) => {
      const answer = await next(call);
      if (call.action === "RunInstances") begun.child.kill("SIGKILL");
      return answer;
    });
    await begun.outcome;
    const states = async () => xmlTexts(await moto.query("ec2", "DescribeInstances"), "name");
    assertEquals((await states()).filter((name) => name === "running"), ["running"]);
    // Time in user data goes 60 times faster.
    const endMs = performance.now() + 300_000;
    while ((await states()).includes("running") && performance.now() < endMs) await pause(500);
    assert((await states()).includes("terminated"), String(await states()));
  },
);

awsTest("a worker that Fargate Spot takes away in mid-run loses no block", async (given) => {
  const { account: { ecs }, folder, essentials } = given;
  const extraParams = { helper: "fargate", ...essentials.fargate, spot: true };
  const gated = await folder.gatedNdvi();
  const begun = await folder.ndvi("spot", { kind: "CW_ECS", extraParams, module: gated.module });
  const id = await gated.task(begun);
  const arn = [...ecs.tasks.keys()].find((arn) => arn.endsWith(`/${id}`))!;
  ecs.interruptSpot(arn);
  await gated.open();
  await assertDone(given, "spot", begun);
  const { stopCode, exitCode } = ecs.tasks.get(arn)!;
  assertEquals([stopCode, exitCode], ["SpotInterruption", 0], "it drained and ended by itself");
  await assertNothingLeft(given);
});

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
