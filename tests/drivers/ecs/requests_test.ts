import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import type { EcsExtraParams } from "../../../drivers/ecs/extra_params.ts";
import { ecsDriver } from "../../../drivers/ecs.ts";
import { makeDriver } from "../../../drivers/ecs/make_driver.ts";
import { ECS_TIMES } from "../../../drivers/ecs/ecs_times.ts";
import {
  createClusterInput,
  registerTaskDefinitionInput,
  type RequestContext,
  runInstancesInput,
  runTaskInput,
} from "../../../drivers/ecs/requests.ts";
import { addWatchdog, encodeUserData, makeUserData, plainUserData } from "../../../drivers/ecs/user_data.ts";
import { FakeAws } from "./fake_aws.ts";
import { EXTRA_PARAMS, fleetSpec } from "./held_run.ts";

const RUN_TAGS = [{ key: "blockfleet:run", value: "run-1" }, { key: "blockfleet:job", value: "a_job" }];
const INSTANCES = { token: "t", workers: 4, cluster: "c", family: "f" };

function context(params: EcsExtraParams, tagged = true): RequestContext {
  return { params, run: { runId: "run-1", jobName: "a#job" }, tagged };
}

function runTask(run_task: EcsExtraParams["run_task"] & object, environment: Record<string, string> = {}) {
  return runTaskInput(context({ run_task }), {
    ...{ count: 3, token: "t", taskDefinition: "d:1", cluster: "c" },
    worker: { name: "w", command: ["worker"], environment },
  });
}

Deno.test("everything is tagged with its run in the call that makes it, after the user's own tags", () => {
  const own = { key: "project", value: "x" };
  assertEquals(createClusterInput(context({ create_cluster: { clusterName: "c", tags: [own] } })), {
    clusterName: "c",
    tags: [own, ...RUN_TAGS],
  });
  const stolen = { key: "blockfleet:run", value: "another" };
  assertEquals(
    createClusterInput(context({ create_cluster: { clusterName: "c", tags: [stolen] } })).tags,
    RUN_TAGS,
  );
  assertEquals(createClusterInput(context({ create_cluster: { clusterName: "c", tags: [own] } }, false)), {
    clusterName: "c",
  });
  const { input } = runInstancesInput(context({ run_instances: {} }), INSTANCES);
  assertEquals(
    input.TagSpecifications?.map(({ ResourceType, Tags }) => [ResourceType, Tags?.map(({ Value }) => Value)]),
    [["instance", ["run-1", "a_job"]], ["volume", ["run-1", "a_job"]]],
  );
});

Deno.test("signals reach the worker, it has two minutes to end, and it is labelled with its run", () => {
  const definition = {
    family: "f",
    containerDefinitions: [
      {
        name: "c",
        image: "i",
        logConfiguration: { logDriver: "awslogs" as const, options: { "awslogs-group": "g" } },
      },
      { name: "side", stopTimeout: 5, linuxParameters: { initProcessEnabled: false, maxSwap: 1 } },
    ],
  };
  const input = registerTaskDefinitionInput(context({ register_task_definition: definition }), {
    region: "eu-west-1",
  });
  const dockerLabels = { "blockfleet.run": "run-1" };
  assertEquals(input.containerDefinitions, [
    {
      name: "c",
      image: "i",
      logConfiguration: {
        logDriver: "awslogs",
        options: {
          "awslogs-group": "g",
          "awslogs-region": "eu-west-1",
          "awslogs-stream-prefix": "blockfleet/a_job",
        },
      },
      stopTimeout: 120,
      linuxParameters: { initProcessEnabled: true },
      dockerLabels,
    },
    {
      name: "side",
      stopTimeout: 5,
      linuxParameters: { initProcessEnabled: false, maxSwap: 1 },
      dockerLabels,
    },
  ]);
  const windows = {
    ...definition,
    runtimePlatform: { operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" as const },
  };
  const [container] = registerTaskDefinitionInput(
    context({ register_task_definition: { ...windows, containerDefinitions: [{ name: "c" }] } }),
    { region: undefined },
  ).containerDefinitions!;
  assertEquals(container?.linuxParameters, undefined);
});

Deno.test("instances end themselves, and are found again by their token", () => {
  const { input, isUnwatched } = runInstancesInput(context({ run_instances: { ImageId: "ami" } }), INSTANCES);
  assertEquals(isUnwatched, false);
  assertEquals([input.ClientToken, input.MinCount, input.MaxCount], ["t", 1, 4]);
  assertEquals(input.InstanceInitiatedShutdownBehavior, "terminate");
  assertEquals(plainUserData(input.UserData!), makeUserData({ cluster: "c", family: "f" }));
});

Deno.test("user data may be plain, as for boto3, or in base64, as for the SDK", () => {
  const text = "#!/bin/bash\necho ECS_CLUSTER=c > /etc/ecs/ecs.config\n";
  const base64 = btoa(text);
  for (const UserData of [text, base64]) {
    const { input } = runInstancesInput(context({ run_instances: { UserData } }), INSTANCES);
    const sent = plainUserData(input.UserData!);
    assertStringIncludes(sent, "echo ECS_CLUSTER=c > /etc/ecs/ecs.config");
    assertMatch(sent, /^#!\/bin\/bash\n# blockfleet's dead-man's switch/);
    assert(sent.trimEnd().endsWith("echo ECS_CONTAINER_STOP_TIMEOUT=120s >> /etc/ecs/ecs.config"));
  }
  assertEquals(encodeUserData(base64), base64);
  assertEquals(atob(encodeUserData(text)), text);
});

Deno.test("the switch is put in once, and never into what is no shell script", () => {
  const ours = makeUserData({ cluster: "c", family: "f" });
  assertEquals(addWatchdog(ours, "f"), ours);
  assertEquals(addWatchdog("#cloud-config\nruncmd: []\n", "f"), undefined);
  const UserData = "#cloud-config\nruncmd: []\n";
  const { input, isUnwatched } = runInstancesInput(context({ run_instances: { UserData } }), INSTANCES);
  assertEquals([isUnwatched, plainUserData(input.UserData!)], [true, UserData]);
  const template = { LaunchTemplate: { LaunchTemplateName: "l" } };
  const own = runInstancesInput(context({ run_instances: template }), INSTANCES);
  assertEquals([own.isUnwatched, own.input.UserData], [true, undefined]);
});

Deno.test("the user data is a script that bash takes", async () => {
  const bash = new Deno.Command("bash", { args: ["-n"], stdin: "piped", stderr: "piped" }).spawn();
  const writer = bash.stdin.getWriter();
  await writer.write(new TextEncoder().encode(makeUserData({ cluster: "c", family: "f" })));
  await writer.close();
  const { code, stderr } = await bash.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
});

Deno.test("a task's own settings are kept, those that the run stands on are not", () => {
  const input = runTask({
    cluster: "other",
    taskDefinition: "Dummy, to be overwritten",
    count: 1,
    startedBy: "me",
    launchType: "EC2",
    group: "g",
    overrides: {
      cpu: "512",
      containerOverrides: [
        {
          name: "w",
          command: ["x"],
          memory: 2000,
          environment: [{ name: "A", value: "1" }, { name: "K", value: "old" }],
        },
        { name: "side", memory: 1 },
      ],
    },
  }, { K: "key" });
  assertEquals(input, {
    launchType: "EC2",
    group: "g",
    cluster: "c",
    taskDefinition: "d:1",
    count: 3,
    clientToken: "t",
    startedBy: "run-1",
    overrides: {
      cpu: "512",
      containerOverrides: [
        {
          name: "w",
          command: ["worker"],
          memory: 2000,
          environment: [{ name: "A", value: "1" }, { name: "K", value: "key" }],
        },
        { name: "side", memory: 1 },
      ],
    },
    tags: RUN_TAGS,
    propagateTags: "TASK_DEFINITION",
  });
});

Deno.test("overrides are measured before the call", () => {
  assertThrows(
    () =>
      runTask({
        overrides: { containerOverrides: [{ environment: [{ name: "A", value: "x".repeat(9000) }] }] },
      }),
    ConfigError,
    "characters, and AWS takes 8192",
  );
});

Deno.test("a preview shows every call in order, and neither key nor address", async () => {
  const aws = new FakeAws();
  const send = () => aws;
  const { preview } = makeDriver({ send, times: ECS_TIMES });
  const { steps } = await preview!(
    fleetSpec(12, { ...EXTRA_PARAMS, run_instances: { ImageId: "ami-1", MinCount: 2, MaxCount: 2 } }),
  );
  assertEquals(steps.map(({ title }) => title.split(" ")[0]), [
    "ecs:DescribeClusters",
    "ecs:CreateCluster",
    "ecs:RegisterTaskDefinition",
    "ec2:RunInstances",
    "ecs:RunTask",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:DeregisterContainerInstance",
    "ec2:TerminateInstances",
    "ecs:DeregisterTaskDefinition",
    "ecs:DeleteTaskDefinitions",
    "ecs:DeleteCluster",
  ]);
  assertEquals([aws.calls, aws.destroyed], [[], 1]);
  assertEquals(steps.flatMap(({ text }) => JSON.parse(text).count ?? []), [10, 2]);
  const [task] = steps.filter(({ title }) => title === "ecs:RunTask");
  assertEquals(JSON.parse(task!.text).overrides.containerOverrides[0].environment, [
    { name: "BLOCKFLEET_CHANNEL", value: "<address of the manager>" },
    { name: "BLOCKFLEET_KEY", value: "<key>" },
  ]);
});

Deno.test("a preview refuses what the real run would: a name that a call does not have, however deep", async () => {
  const run_task = { ...EXTRA_PARAMS.run_task, networkConfigration: {} };
  await assertRejects(
    () => ecsDriver().preview!(fleetSpec(1, { ...EXTRA_PARAMS, run_task })),
    ConfigError,
    "'run_task' in computeWorkerExtraParams has no 'networkConfigration'",
  );
});
