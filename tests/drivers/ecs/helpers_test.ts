import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import { checkExtraParams } from "../../../drivers/ecs/extra_params.ts";
import { type FargateOptions, makeExtraParamsFargate } from "../../../drivers/ecs/fargate.ts";
import { makeJobIDstr } from "../../../drivers/ecs/names.ts";
import {
  makeExtraParamsPrivateCluster,
  type PrivateClusterOptions,
} from "../../../drivers/ecs/private_cluster.ts";

const COMMON = {
  jobName: "ndvi of 2026",
  containerImage: "image:1",
  taskRoleArn: "arn:aws:iam::1:role/task",
  executionRoleArn: "arn:aws:iam::1:role/execution",
  subnet: "subnet-1",
  securityGroups: ["sg-1"],
};
const PRIVATE: PrivateClusterOptions = {
  ...COMMON,
  numInstances: 3,
  ami: "ami-1",
  instanceType: "c7g.xlarge",
  instanceProfileArn: "arn:aws:iam::1:instance-profile/ecs",
};

/** The random part of names, made alike. */
// deno-lint-ignore no-explicit-any -- compared as a whole
function golden(value: unknown): any {
  return JSON.parse(JSON.stringify(value).replace(/ndvi_of_2026-[0-9a-f]{8}/g, "JOB"));
}

Deno.test("a job's name becomes part of the names as far as AWS takes it, with a part that is unique", () => {
  assertMatch(makeJobIDstr("ndvi of 2026"), /^ndvi_of_2026-[0-9a-f]{8}$/);
  assertMatch(makeJobIDstr(), /^[0-9a-f]{8}$/);
  assert(makeJobIDstr("x".repeat(300)).length < 100);
  assert(makeJobIDstr("a") !== makeJobIDstr("a"));
});

Deno.test("the Fargate helper makes what RIOS's makes, from the same essentials", () => {
  assertEquals(golden(makeExtraParamsFargate(COMMON)), {
    create_cluster: { clusterName: "blockfleet_JOB_cluster", tags: [] },
    register_task_definition: {
      family: "blockfleet_JOB_task",
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      cpu: "0.5 vCPU",
      memory: "1GB",
      taskRoleArn: COMMON.taskRoleArn,
      executionRoleArn: COMMON.executionRoleArn,
      runtimePlatform: { cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" },
      containerDefinitions: [{
        name: "blockfleet_JOB_container",
        image: "image:1",
        essential: true,
        entryPoint: ["blockfleet"],
        memoryReservation: 1024,
      }],
      tags: [],
    },
    run_task: {
      cluster: "blockfleet_JOB_cluster",
      taskDefinition: "blockfleet_JOB_task",
      launchType: "FARGATE",
      networkConfiguration: {
        awsvpcConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"], assignPublicIp: "DISABLED" },
      },
      tags: [],
      propagateTags: "TASK_DEFINITION",
    },
  });
});

Deno.test("every parameter of the Fargate helper finds its place", () => {
  const { create_cluster, register_task_definition: definition, run_task } = golden(makeExtraParamsFargate({
    ...COMMON,
    cpu: "1024",
    memory: "2048",
    cpuArchitecture: "ARM64",
    cloudwatchLogGroup: "logs",
    tags: { project: "x" },
    riosTags: true,
    spot: true,
    ephemeralStorageGiB: 50,
    assignPublicIp: true,
    entryPoint: ["/app/blockfleet"],
    environment: { A: "b" },
  }));
  const project = { key: "project", value: "x" };
  assertEquals(create_cluster.tags, [project, { key: "RIOS-cluster", value: "blockfleet_JOB_cluster" }]);
  assertEquals(create_cluster.capacityProviders, ["FARGATE_SPOT"]);
  assertEquals([definition.cpu, definition.memory, definition.tags], ["1024", "2048", [project]]);
  assertEquals(definition.runtimePlatform.cpuArchitecture, "ARM64");
  assertEquals(definition.ephemeralStorage, { sizeInGiB: 50 });
  const [container] = definition.containerDefinitions;
  assertEquals(container.memoryReservation, 2048);
  assertEquals(container.entryPoint, ["/app/blockfleet"]);
  assertEquals(container.environment, [{ name: "A", value: "b" }]);
  assertEquals(container.logConfiguration, {
    logDriver: "awslogs",
    options: { "awslogs-group": "logs", "awslogs-stream-prefix": "blockfleet/JOB" },
  });
  assertEquals(run_task.capacityProviderStrategy, [{ capacityProvider: "FARGATE_SPOT", weight: 1 }]);
  assertEquals([run_task.launchType, run_task.tags], [undefined, [project]]);
  assertEquals(run_task.networkConfiguration.awsvpcConfiguration.assignPublicIp, "ENABLED");
});

Deno.test("several subnets are taken as they are, with a notice that they are deprecated; an existing cluster is not made", () => {
  const { subnet: _, ...rest } = COMMON;
  const notices: string[] = [];
  const { create_cluster, run_task } = makeExtraParamsFargate({
    ...rest,
    subnets: ["a", "b"],
    cluster: "theirs",
  }, { onNotice: (line) => notices.push(line) });
  assertEquals(notices, [
    "makeExtraParamsFargate(): 'subnets' is deprecated, as in RIOS: give one 'subnet'; workers gain nothing from several",
  ]);
  makeExtraParamsFargate(COMMON, { onNotice: () => assert(false, "one subnet is no matter for a notice") });
  assertEquals(run_task?.networkConfiguration?.awsvpcConfiguration?.subnets, ["a", "b"]);
  assertEquals([create_cluster, run_task?.cluster], [undefined, "theirs"]);
});

Deno.test("the Fargate helper takes the pairs of CPU and memory that AWS lists, however they are written", () => {
  const pairs = [["256", "512"], [".25 vCPU", "2 GB"], ["0.5 vCPU", "4GB"], ["1024", "8192"]];
  pairs.push(["4 vCPU", "30GB"], ["8 vCPU", "60GB"], ["16 vCPU", "120GB"], ["32 vCPU", "244GB"]);
  for (const [cpu, memory] of pairs) {
    const { register_task_definition: definition } = makeExtraParamsFargate(
      { ...COMMON, cpu, memory } as FargateOptions,
    );
    assertEquals([definition?.cpu, definition?.memory], [cpu, memory]);
  }
});

const FARGATE_REFUSALS: readonly [string, Partial<Record<keyof FargateOptions, unknown>>][] = [
  ["needs 'containerImage'", { containerImage: undefined }],
  ["needs 'taskRoleArn'", { taskRoleArn: "" }],
  ["needs 'executionRoleArn'", { executionRoleArn: null }],
  ["needs 'subnet'", { subnet: undefined }],
  ["either 'subnet' or the deprecated 'subnets'", { subnets: ["a"] }],
  ["needs 'securityGroups'", { securityGroups: [] }],
  [
    "makeExtraParamsFargate() has no 'securityGroup': did you mean 'securityGroups'?",
    { securityGroup: "x" } as object,
  ],
  ["makeExtraParamsFargate() has no 'numInstances'", { numInstances: 3 } as object],
  ["'cpu' of makeExtraParamsFargate() must be a text, not 1024", { cpu: 1024 }],
  ["'memory' of makeExtraParamsFargate() must be a text, not 1024", { memory: 1024 }],
  ["'cpuArchitecture' of makeExtraParamsFargate() must be 'X86_64' or 'ARM64', not 'arm'", {
    cpuArchitecture: "arm",
  }],
  ["'tags' of makeExtraParamsFargate() must be a dictionary of texts", { tags: { a: 1 } }],
  [`must be a text, not 2048: write "2048" (--param 'cpu="2048"')`, { cpu: 2048 }],
  ["'assignPublicIp' of makeExtraParamsFargate() must be true or false, not \"no\"", {
    assignPublicIp: "no",
  }],
  ["'spot' of makeExtraParamsFargate() must be true or false", { spot: "false" }],
  ["'riosTags' of makeExtraParamsFargate() must be true or false, not 0", { riosTags: 0 }],
  ["'cpu' '1 vCPU' and 'memory' '16GB': 1 vCPU go with 2GB to 8GB in steps of 1GB", {
    cpu: "1 vCPU",
    memory: "16GB",
  }],
  ["'cpu' '256' and 'memory' '1536': 0.25 vCPU go with 0.5GB, 1GB or 2GB", { cpu: "256", memory: "1536" }],
  ["16GB to 60GB in steps of 4GB", { cpu: "8 vCPU", memory: "18GB" }],
  ["no tasks with 'cpu' '3 vCPU': there are 0.25, 0.5, 1, 2, 4, 8, 16 vCPU", { cpu: "3 vCPU" }],
  ["from 21 to 200, not '20'", { ephemeralStorageGiB: 20 }],
  ["either 'spot' or 'capacityProviderStrategy'", { spot: true, capacityProviderStrategy: [] }],
];
for (const [message, change] of FARGATE_REFUSALS) {
  Deno.test(`the Fargate helper refuses: ${message}`, () => {
    const options = { ...COMMON, ...change } as FargateOptions;
    assertThrows(() => makeExtraParamsFargate(options), ConfigError, message);
  });
}

Deno.test("the private cluster helper makes what RIOS's makes, and instances that end themselves", () => {
  const { run_instances: { UserData, ...instances }, ...rest } = golden(
    makeExtraParamsPrivateCluster(PRIVATE),
  );
  assertEquals(instances, {
    ImageId: "ami-1",
    InstanceType: "c7g.xlarge",
    MinCount: 3,
    MaxCount: 3,
    SubnetId: "subnet-1",
    SecurityGroupIds: ["sg-1"],
    IamInstanceProfile: { Arn: "arn:aws:iam::1:instance-profile/ecs" },
    InstanceInitiatedShutdownBehavior: "terminate",
    TagSpecifications: [{
      ResourceType: "instance",
      Tags: [{ Key: "Name", Value: "blockfleet_JOB_cluster" }],
    }],
  });
  assertMatch(UserData, /^#!\/bin\/bash\n/);
  assertMatch(UserData, /^ECS_CLUSTER=blockfleet_JOB_cluster$/m);
  assertMatch(UserData, /^ECS_ENABLE_SPOT_INSTANCE_DRAINING=true$/m);
  assertMatch(UserData, /^ECS_AWSVPC_BLOCK_IMDS=true$/m);
  assertMatch(UserData, /"Family": \*"blockfleet_JOB_task"/);
  assertMatch(UserData, /-lt 20 \]/);
  assertEquals(rest.register_task_definition.containerDefinitions[0].memoryReservation, 1024);
  assertEquals([rest.run_task.launchType, rest.run_task.cluster], ["EC2", "blockfleet_JOB_cluster"]);
  assertEquals(rest.run_task.networkConfiguration.awsvpcConfiguration.assignPublicIp, "DISABLED");
});

Deno.test("RIOS's tags are given only when they are asked for, besides the user's own", () => {
  const { run_instances } = golden(
    makeExtraParamsPrivateCluster({ ...PRIVATE, riosTags: true, tags: { a: "b" } }),
  );
  assertEquals(run_instances.TagSpecifications[0].Tags, [
    { Key: "Name", Value: "blockfleet_JOB_cluster" },
    { Key: "a", Value: "b" },
    { Key: "RIOS-computeworkerinstance", Value: "true" },
    { Key: "RIOS-clustername", Value: "blockfleet_JOB_cluster" },
  ]);
});

const PRIVATE_REFUSALS: readonly [string, Partial<Record<keyof PrivateClusterOptions, unknown>>][] = [
  ["needs 'ami'", { ami: undefined }],
  ["makeExtraParamsPrivateCluster() has no 'instancetype': did you mean 'instanceType'?", {
    instancetype: "x",
  } as object],
  ["'spot' of makeExtraParamsPrivateCluster() must be true or false", { spot: "false" }],
  ["needs 'instanceType'", { instanceType: undefined }],
  ["needs 'instanceProfileArn'", { instanceProfileArn: undefined }],
  ["'numInstances' of makeExtraParamsPrivateCluster() must be a whole number", { numInstances: 0 }],
  ["'memoryReservation' of makeExtraParamsPrivateCluster()", { memoryReservation: "1GB" }],
];
for (const [message, change] of PRIVATE_REFUSALS) {
  Deno.test(`the private cluster helper refuses: ${message}`, () => {
    const options = { ...PRIVATE, ...change } as PrivateClusterOptions;
    assertThrows(() => makeExtraParamsPrivateCluster(options), ConfigError, message);
  });
}

Deno.test("a helper may be asked for by its name, with the job's name in the names", () => {
  const { jobName: _, ...options } = COMMON;
  const params = checkExtraParams({ helper: "fargate", ...options, requestTimeout: 5 }, {
    jobName: "ndvi of 2026",
  });
  assertEquals(golden(params).create_cluster.clusterName, "blockfleet_JOB_cluster");
  assertEquals(params.requestTimeout, 5);
  const { jobName: __, ...privateOptions } = PRIVATE;
  const cluster = checkExtraParams({ helper: "private-cluster", ...privateOptions }, { jobName: undefined });
  assertMatch(cluster.create_cluster!.clusterName!, /^blockfleet_[0-9a-f]{8}_cluster$/);
});

const REFUSALS: readonly [string, Record<string, unknown>][] = [
  ["CW_ECS needs computeWorkerExtraParams", {}],
  ["has no helper 'fargat'", { helper: "fargat" }],
  ["has no 'subnett'", { helper: "fargate", ...COMMON, subnett: "x" }],
  ["has no 'numInstances'", { helper: "fargate", ...COMMON, numInstances: 3 }],
  ["has no 'runTask'", { runTask: {} }],
  ["'run_task' in computeWorkerExtraParams of CW_ECS must be an object", { run_task: "x" }],
  ["neither register_task_definition nor run_task.taskDefinition", { run_task: {} }],
  ["needs containerDefinitions with a name", { register_task_definition: { family: "f" } }],
  ["needs a family", { register_task_definition: { containerDefinitions: [{ name: "c" }] } }],
  ["needs a clusterName", { create_cluster: {}, run_task: { taskDefinition: "t" } }],
  ["must be a number of seconds above 0, not '0'", { run_task: { taskDefinition: "t" }, requestTimeout: 0 }],
];
for (const [message, given] of REFUSALS) {
  Deno.test(`extra parameters are refused: ${message}`, () => {
    assertThrows(() => checkExtraParams(given, { jobName: undefined }), ConfigError, message);
  });
}
