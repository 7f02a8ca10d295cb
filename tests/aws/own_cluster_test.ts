/** A cluster that a program makes for several runs, with the manager used by itself, on an account of its own. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ComputeWorkerManager, ConfigError, makeBlockJob } from "../../mod.ts";
import { getStackOutputs } from "../../drivers/aws_batch.ts";
import * as ecs from "../../drivers/ecs.ts";
import { assertNothingLeft, awsTest } from "./aws_case.ts";
import { makeBatchStack, STACK } from "./batch_stack.ts";
import { REGION } from "./moto_server.ts";
import { QUICK_ECS } from "./quick_timing.ts";

const SETTINGS = { times: QUICK_ECS };

/** Doubles numbers with two workers; gives the results and what the manager told. */
async function double(extraParams: ecs.EcsExtraParams): Promise<{ results: number[]; notices: string[] }> {
  const results: number[] = [];
  const notices: string[] = [];
  const manager = new ComputeWorkerManager(ecs.ecsDriver(SETTINGS));
  manager.setJobName("double");
  const job = await makeBlockJob({
    userFunction: (n: number) => 2 * n,
    blocks: [1, 2, 3, 4, 5, 6],
    onResult: (result, block) => void (results[block] = result),
  });
  try {
    await manager.startWorkers({
      job,
      concurrency: { numComputeWorkers: 2, computeWorkerExtraParams: { ...extraParams } },
      onNotice: (line) => notices.push(line),
    });
    await manager.run();
  } finally {
    await manager.shutdown();
  }
  return { results, notices };
}

awsTest(
  "a private cluster serves two runs one after the other, and is removed with its instances",
  async (given) => {
    const { account, essentials: { fargate, instances }, folder } = given;
    using _env = account.enter();
    Deno.env.set("XDG_STATE_HOME", `${folder.path}/state`);
    const notices: string[] = [];
    const cluster = await ecs.openEcsInfrastructure({
      ...SETTINGS,
      jobName: "scenes",
      extraParams: ecs.makeExtraParamsPrivateCluster({ ...fargate, ...instances, numInstances: 2 }),
      onNotice: (line) => notices.push(line),
    });
    try {
      const name = await ecs.createCluster(cluster);
      assert(name?.startsWith("blockfleet_"), name);
      await ecs.createTaskDef(cluster);
      assertEquals((await ecs.runInstances(cluster, 2)).length, 2);
      await ecs.waitClusterInstanceCount(cluster, 2);
      assertEquals(await ecs.getClusterInstanceCount(cluster), 2);
      for (let run = 0; run < 2; run++) {
        assertEquals((await double(cluster.extraParams)).results, [2, 4, 6, 8, 10, 12]);
      }
      await ecs.waitClusterTasksFinished(cluster);
      assertEquals(await ecs.getClusterTaskCount(cluster), 0);
      assertEquals(await ecs.checkTaskErrors(cluster), []);
      const calls = account.door.calls.map(({ action }) => action);
      for (const once of ["CreateCluster", "RegisterTaskDefinition", "RunInstances"]) {
        assertEquals(calls.filter((action) => action === once).length, 1, once);
      }
    } finally {
      const { failed } = await ecs.shutdownCluster(cluster);
      Deno.env.delete("XDG_STATE_HOME");
      assertEquals([failed, notices], [[], []]);
    }
    assertEquals([...Deno.readDirSync(`${folder.path}/state/blockfleet/runs`)], []);
    await assertNothingLeft(given);
  },
);

awsTest(
  "the outputs of Batch's stack are found by the environment or by name, and a stack that is not there is named",
  async ({ account }) => {
    const made = await makeBatchStack(account);
    using _env = account.enter();
    assertEquals(Object.fromEntries(await getStackOutputs({ stack: STACK, region: REGION })), made);
    assertEquals(made.BatchMaxVCPUS, "40");
    Deno.env.set("RIOS_AWSBATCH_STACK", STACK);
    try {
      assertEquals(Object.fromEntries(await getStackOutputs()), made);
    } finally {
      Deno.env.delete("RIOS_AWSBATCH_STACK");
    }
    await assertRejects(
      () => getStackOutputs({ stack: "nowhere" }),
      ConfigError,
      `There is no CloudFormation stack 'nowhere' in ${REGION}`,
    );
    await assertRejects(() => getStackOutputs({ stak: "x" } as never), ConfigError, "did you mean 'stack'?");
  },
);
