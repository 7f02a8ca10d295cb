/** A cluster of a program's own, made and removed step by step by RIOS's names. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError, DriverError, TimeoutExceededError } from "../../../core/errors.ts";
import {
  createCluster,
  createTaskDef,
  getClusterInstanceCount,
  getClusterTaskCount,
  runInstances,
  waitClusterInstanceCount,
  waitClusterTasksFinished,
} from "../../../drivers/ecs/cluster_functions.ts";
import {
  type EcsInfrastructure,
  type EcsInfrastructureOptions,
  openInfrastructure,
  shutdownCluster,
} from "../../../drivers/ecs/open_infrastructure.ts";
import { checkTaskErrors } from "../../../drivers/ecs/task_errors.ts";
import { tempFolder } from "../../gdal.ts";
import { awsError, FakeAws } from "./fake_aws.ts";
import { EXTRA_PARAMS, FAST, HeldRun } from "./held_run.ts";

const WITH_INSTANCES = { ...EXTRA_PARAMS, run_instances: { ImageId: "ami-1" } };

/** An infrastructure of a program, its register, and what was told. */
interface Opened extends AsyncDisposable {
  readonly ecs: EcsInfrastructure;
  readonly notices: string[];
  /** The ids of runs in the register. */
  registered(): string[];
}

async function open(aws: FakeAws, options: Partial<EcsInfrastructureOptions> = {}): Promise<Opened> {
  const folder = tempFolder();
  const before = Deno.env.get("XDG_STATE_HOME");
  Deno.env.set("XDG_STATE_HOME", folder.path);
  const notices: string[] = [];
  const restore = () => {
    if (before === undefined) Deno.env.delete("XDG_STATE_HOME");
    else Deno.env.set("XDG_STATE_HOME", before);
    folder[Symbol.dispose]();
  };
  try {
    const ecs = await openInfrastructure(aws, {
      extraParams: WITH_INSTANCES,
      times: FAST,
      onNotice: (line) => notices.push(line),
      ...options,
    });
    return {
      ecs,
      notices,
      registered: () =>
        [...Deno.readDirSync(folder.file("blockfleet/runs"))].map(({ name }) => name.replace(/\.json$/, "")),
      async [Symbol.asyncDispose]() {
        await shutdownCluster(ecs);
        restore();
      },
    };
  } catch (error) {
    restore();
    throw error;
  }
}

Deno.test("cluster, task definition and instances are made by the driver's own calls, and removed in its order", async () => {
  const aws = new FakeAws();
  await using opened = await open(aws, { jobName: "many scenes", runId: "of-the-test" });
  const { ecs } = opened;
  assertEquals([ecs.runId, ecs.region, aws.calls], ["of-the-test", "us-east-1", []]);
  assertEquals(await createCluster(ecs), "cluster");
  const arn = await createTaskDef(ecs);
  assertMatch(arn, /:task-definition\/family:\d+$/);
  assertEquals(ecs.taskDefinition, arn);
  const ids = await runInstances(ecs, 2);
  assertEquals(ids.length, 2);
  assertEquals(await getClusterInstanceCount(ecs), 0);
  const waiting = waitClusterInstanceCount(ecs, 2);
  aws.join();
  await waiting;
  assertEquals([await getClusterInstanceCount(ecs), await getClusterTaskCount(ecs)], [2, 0]);
  assertEquals(opened.registered(), ["of-the-test"]);
  const [tags] = aws.inputs("ecs:CreateCluster").map(({ tags }) => tags);
  assertEquals(tags, [
    { key: "blockfleet:run", value: "of-the-test" },
    { key: "blockfleet:job", value: "many scenes" },
  ]);

  const { removed, failed } = await shutdownCluster(ecs);
  assertEquals(failed, []);
  assertEquals(removed, [
    ...ids.map((id) => `EC2 instance ${id}`),
    `ECS task definition ${arn}`,
    "ECS cluster cluster",
  ]);
  assertEquals([aws.left(), opened.registered(), opened.notices], [[], [], []]);
  assertEquals(await shutdownCluster(ecs), { removed, failed }, "it may be called again");
  assertEquals(aws.destroyed, 1);
  await assertRejects(() => createCluster(ecs), TypeError, "was shut down");
});

Deno.test("runs use the cluster and the task definition that were made, and remove neither", async () => {
  const aws = new FakeAws();
  await using opened = await open(aws, { extraParams: EXTRA_PARAMS });
  const { ecs } = opened;
  await createCluster(ecs);
  const taskDefinition = await createTaskDef(ecs);
  assertEquals(ecs.extraParams, {
    run_task: {
      ...{ launchType: "FARGATE", cluster: "cluster", taskDefinition },
      overrides: { containerOverrides: [{ name: "c" }] },
    },
  });
  for (const runId of ["run-1", "run-2"]) {
    await using run = await HeldRun.start(aws, { extraParams: { ...ecs.extraParams }, runId });
    const arn = await run.until(() => run.fleet.workers()[0]?.nativeId);
    assertEquals(await getClusterTaskCount(ecs), 1);
    if (runId === "run-1") {
      assertEquals(aws.inputs("ecs:DescribeTaskDefinition"), [], "which container is the worker's is known");
    }
    run.connect(arn);
    await run.fleet.stop({ finished: false });
    assertEquals(aws.left(), ["cluster", taskDefinition], runId);
  }
  await waitClusterTasksFinished(ecs);
});

Deno.test("only what the dictionary asks for is made", async () => {
  const aws = new FakeAws();
  aws.clusters.set("theirs", { status: "ACTIVE", tags: [] });
  aws.definitions.set("theirs:3", { status: "ACTIVE", body: { containerDefinitions: [{ name: "c" }] } });
  await using opened = await open(aws, {
    extraParams: { run_task: { cluster: "theirs", taskDefinition: "theirs:3" } },
  });
  const { ecs } = opened;
  assertEquals(await createCluster(ecs), undefined);
  assertEquals(await createTaskDef(ecs), "theirs:3");
  assertEquals(await runInstances(ecs, 2), []);
  assertEquals(ecs.cluster, "theirs");
  assertEquals((await shutdownCluster(ecs)).removed, []);
  assertEquals(aws.left(), ["theirs", "theirs:3"]);
});

Deno.test("a cluster that does not exist has no counts, and is not waited for", async () => {
  const aws = new FakeAws();
  await using opened = await open(aws);
  const { ecs } = opened;
  assertEquals([await getClusterInstanceCount(ecs), await getClusterTaskCount(ecs)], [undefined, undefined]);
  await waitClusterTasksFinished(ecs);
  await waitClusterInstanceCount(ecs, 0);
  await assertRejects(
    () => waitClusterInstanceCount(ecs, 1),
    DriverError,
    "There is no cluster 'cluster' for instances to join",
  );
});

Deno.test("waiting that a signal ends is told by its reason, and never taken for what was waited for", async () => {
  const aws = new FakeAws();
  const over = new AbortController();
  await using opened = await open(aws, { signal: over.signal });
  const { ecs } = opened;
  await createCluster(ecs);
  await createTaskDef(ecs);
  await runInstances(ecs, 1);
  const reason = new Error("enough");
  const joining = assertRejects(() => waitClusterInstanceCount(ecs, 1), Error, "enough");
  over.abort(reason);
  await joining;
  aws.join();
  await assertRejects(() => waitClusterInstanceCount(ecs, 0), Error, "enough");
});

Deno.test("what is waited for in vain ends with the time, and says what is there", async () => {
  const aws = new FakeAws();
  await using opened = await open(aws, {
    extraParams: { ...WITH_INSTANCES, waitClusterInstanceCountTimeout: 0.05 },
  });
  const { ecs } = opened;
  await createCluster(ecs);
  await createTaskDef(ecs);
  await runInstances(ecs, 2);
  aws.join();
  const tooMany = await assertRejects(() => waitClusterInstanceCount(ecs, 3), DriverError);
  assertEquals(tooMany.message, "3 instances are to join the cluster, and only 2 were started");
  const left = await assertRejects(
    () => waitClusterInstanceCount(ecs, 0, { timeoutSeconds: 0.02 }),
    TimeoutExceededError,
  );
  assertStringIncludes(left.message, "all instances to leave the cluster 'cluster'");
  assertStringIncludes(left.message, "There are 0 tasks and 2 instances in it");
  await using run = await HeldRun.start(aws, { extraParams: { ...ecs.extraParams } });
  await run.until(() => run.fleet.workers()[0]?.nativeId);
  const busy = await assertRejects(
    () => waitClusterTasksFinished(ecs, { timeoutSeconds: 0.02 }),
    TimeoutExceededError,
  );
  assertStringIncludes(busy.message, "all tasks to leave the cluster 'cluster'");
});

Deno.test("instances that don't join in time are a timeout by its name, as for a run", async () => {
  const aws = new FakeAws();
  await using opened = await open(aws, {
    extraParams: { ...WITH_INSTANCES, waitClusterInstanceCountTimeout: 0.05 },
  });
  const { ecs } = opened;
  await createCluster(ecs);
  await createTaskDef(ecs);
  await runInstances(ecs, 1);
  const error = await assertRejects(() => waitClusterInstanceCount(ecs, 1), TimeoutExceededError);
  assertEquals(error.timeoutName, "waitClusterInstanceCountTimeout");
});

Deno.test("tasks that ended in trouble are explained; clean ends and those that we stopped are none", async () => {
  const aws = new FakeAws();
  await using opened = await open(aws, { extraParams: EXTRA_PARAMS });
  const { ecs } = opened;
  await createCluster(ecs);
  await createTaskDef(ecs);
  await using run = await HeldRun.start(aws, { extraParams: { ...ecs.extraParams }, workers: 4 });
  await run.until(() => aws.tasks.size === 4);
  const [clean, failed, spot, stopped] = [...aws.tasks.keys()] as [string, string, string, string];
  assertEquals(await checkTaskErrors(ecs), [], "none has ended");
  aws.end(clean, { stopCode: "EssentialContainerExited" }, 0);
  aws.end(failed, { stopCode: "EssentialContainerExited", stoppedReason: "Essential container exited" }, 137);
  aws.end(spot, { stopCode: "SpotInterruption", stoppedReason: "Your Spot Task was interrupted." });
  aws.end(stopped, { stopCode: "UserInitiated", stoppedReason: "blockfleet: the run is over" });
  const errors = await checkTaskErrors(ecs);
  assertEquals(errors.map(({ taskArn, cause, exitCode }) => [taskArn, cause, exitCode]), [
    [failed, "killed", 137],
    [spot, "preempted", undefined],
  ]);
  assertStringIncludes(errors[0]!.text, "container 'c' exited with 137");
  assertEquals((await checkTaskErrors(ecs, [spot])).length, 1);
});

Deno.test("what can't be removed stays in the register, is told, and says what is in the way", async () => {
  const aws = new FakeAws();
  const opened = await open(aws, { extraParams: EXTRA_PARAMS });
  const { ecs } = opened;
  try {
    await createCluster(ecs);
    await using stranger = await HeldRun.start(aws, {
      extraParams: {
        run_task: {
          cluster: "cluster",
          taskDefinition: "f:1",
          overrides: { containerOverrides: [{ name: "c" }] },
        },
      },
      runId: "stranger",
    });
    await stranger.until(() => stranger.fleet.workers()[0]?.nativeId);
    aws.next("ecs:DeleteCluster", () => {
      throw awsError(
        "ClusterContainsTasksException",
        "The Cluster cannot be deleted while Tasks are active.",
      );
    }, 1000);
    const { failed } = await shutdownCluster(ecs);
    assertEquals(failed.length, 1);
    assertStringIncludes(failed[0]!, "while Tasks are active. (1 task in it)");
    assertEquals(opened.notices, [`Not removed: ${failed[0]}`]);
    assertEquals(opened.registered(), [ecs.runId]);
  } finally {
    await opened[Symbol.asyncDispose]();
  }
});

Deno.test("what can't work is refused before anything is made, and leaves no register", async () => {
  const aws = new FakeAws();
  const wrong: [Record<string, unknown>, string][] = [
    [{ extraParams: {} }, "CW_ECS needs computeWorkerExtraParams"],
    [{ extraParams: { run_tasks: {} } }, "has no 'run_tasks'"],
    [{ extraparams: {} }, "did you mean 'extraParams'?"],
    [{ onNotice: 1 }, "onNotice must be a function"],
  ];
  for (const [options, says] of wrong) {
    await assertRejects(() => open(aws, options as never), ConfigError, says);
  }
  assertEquals(aws.calls, []);
  await using opened = await open(aws);
  await assertRejects(
    () => runInstances(opened.ecs, 0),
    ConfigError,
    "numWorkers must be a whole number of at least 1",
  );
  await assertRejects(
    () => waitClusterInstanceCount(opened.ecs, -1),
    ConfigError,
    "endInstanceCount must be a whole number of at least 0",
  );
  await assertRejects(() => createCluster({} as EcsInfrastructure), TypeError, "openEcsInfrastructure()");
  assert(!aws.actions().includes("ec2:RunInstances"));
});
