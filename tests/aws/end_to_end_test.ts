import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { assertSamePixels, readRaster } from "../raster/apply_support.ts";
import { TestAccount } from "./account.ts";
import { SceneFolder } from "./aws_runs.ts";
import { makeBatchStack, STACK } from "./batch_stack.ts";
import { type EcsEssentials, ecsEssentials } from "./ecs_network.ts";
import { OtherRun } from "./faults/other_run.ts";
import { xmlTexts } from "./moto_client.ts";
import { motoMissing, REGION } from "./moto_server.ts";
import { BROKEN_IMAGE, WORKER_IMAGE, workerImages } from "./worker_image.ts";

const missing = await motoMissing();

interface Given {
  readonly account: TestAccount;
  readonly folder: SceneFolder;
  readonly essentials: EcsEssentials;
}

function awsTest(name: string, fn: (given: Given) => Promise<void>): void {
  Deno.test({
    name: missing === undefined ? name : `${name} (skipped: ${missing})`,
    ignore: missing !== undefined,
    async fn() {
      await using account = await TestAccount.open({ images: workerImages(), timeScale: 60 });
      await using folder = await SceneFolder.make(account);
      await fn({ account, folder, essentials: await ecsEssentials(account.moto) });
    },
  });
}

/** The output equals that of threads, three workers did it, and the register is empty. */
async function assertDone(
  { folder }: Given,
  name: string,
  begun: ReturnType<SceneFolder["command"]>,
): Promise<void> {
  const { code, stdout, stderr } = await begun.outcome;
  assertEquals(code, 0, stderr);
  const { workers, blocks } = JSON.parse(stdout);
  assertEquals(blocks.done, blocks.total);
  assert(workers.started >= 3, stdout);
  const [actual, expected] = await Promise.all(
    [`${name}.tif`, "ndvi.tif"].map((file) => readRaster(join(folder.path, file))),
  );
  assertSamePixels(actual!.pixels, expected!.pixels, name);
  const registers = await Array.fromAsync(Deno.readDir(join(folder.path, "state", "blockfleet", "runs")));
  assertEquals(registers, [], "the register is gone with what it held");
}

/** Every run of this account has taken its things away. */
async function assertNothingLeft({ account: { moto, ecs, batch } }: Given): Promise<void> {
  assertEquals(
    [...ecs.tasks.values()].filter(({ lastStatus }) => lastStatus !== "STOPPED"),
    [],
    "tasks",
  );
  assertEquals([...batch.jobs.values()].filter(({ status }) => status === "RUNNING"), [], "jobs");
  const { clusterArns } = await moto.ecs("ListClusters");
  const { clusters } = await moto.ecs("DescribeClusters", { clusters: clusterArns });
  // moto's compute environments have clusters, too.
  // deno-lint-ignore no-explicit-any -- a cluster as moto gives it
  const active = clusters.filter(({ status }: any) => status === "ACTIVE").map(({ clusterName }: any) =>
    clusterName
  );
  assertEquals(active.filter((name: string) => name.startsWith("blockfleet_")), [], "clusters");
  const { taskDefinitionArns } = await moto.ecs("ListTaskDefinitions", { status: "ACTIVE" });
  assertEquals(taskDefinitionArns, [], "task definitions");
  const instances = await moto.query("ec2", "DescribeInstances", {
    "Filter.1.Name": "instance-state-name",
    "Filter.1.Value.1": "running",
  });
  assertEquals(instances.includes("<instanceId>"), false, "instances");
}

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
  "a worker whose container fails is explained with exit code and log stream, on both kinds",
  async (given) => {
    const { account, folder, essentials } = given;
    const stack = "broken";
    await makeBatchStack(account, { stack, image: BROKEN_IMAGE });
    const fargate = {
      helper: "fargate",
      ...essentials.fargate,
      containerImage: BROKEN_IMAGE,
      cloudwatchLogGroup: "logs",
    };
    const runs = await Promise.all([
      folder.ndvi("onbatch", { kind: "CW_AWSBATCH", extraParams: { stack } }),
      folder.ndvi("onecs", { kind: "CW_ECS", extraParams: fargate }),
    ]);
    for (const { outcome } of runs) {
      const { code, stderr } = await outcome;
      assertEquals(code, 1, stderr);
      assertMatch(stderr, /exit code 7.* before it connected.*log (stream|is stream)/s);
    }
    await assertNothingLeft(given);
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
    const endMs = performance.now() + 120_000;
    while ((await states()).includes("running") && performance.now() < endMs) await pause(500);
    assert((await states()).includes("terminated"), String(await states()));
  },
);

awsTest("a worker that Fargate Spot takes away in mid-run loses no block", async (given) => {
  const { account: { ecs }, folder, essentials } = given;
  const extraParams = { helper: "fargate", ...essentials.fargate, spot: true };
  const { module, marker } = await folder.slowNdvi();
  const more = ["--window", "64x64"];
  const begun = await folder.ndvi("spot", { kind: "CW_ECS", extraParams, module, more });
  const isOver = begun.outcome.then(() => true);
  while (!await exists(marker) && !await Promise.race([isOver, pause(20)]));
  const id = (await Deno.readTextFile(marker)).split("/").at(-1)!;
  const arn = [...ecs.tasks.keys()].find((arn) => arn.endsWith(`/${id}`));
  if (arn !== undefined) ecs.interruptSpot(arn);
  await assertDone(given, "spot", begun);
  const { stopCode, exitCode } = ecs.tasks.get(arn!)!;
  assertEquals([stopCode, exitCode], ["SpotInterruption", 0], "it drained and ended by itself");
  await assertNothingLeft(given);
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
