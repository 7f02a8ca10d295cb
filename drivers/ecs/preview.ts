/**
 * What a run on ECS would call, in order, without calling it.
 *
 * @module
 */
import type { FleetSpec, Preview } from "../../core/driver.ts";
import type { AwsAction } from "../aws/api.ts";
import { PLACEHOLDER_ENVIRONMENT } from "../aws/channel_environment.ts";
import type { EcsExtraParams } from "./extra_params.ts";
import { inChunks } from "./in_chunks.ts";
import {
  createClusterInput,
  registerTaskDefinitionInput,
  type RequestContext,
  riosNotice,
  runInstancesInput,
  runTaskInput,
} from "./requests.ts";
import { plainUserData } from "./user_data.ts";
import { workerArguments } from "./worker_arguments.ts";

const BATCH = 10;

/** Every call of a run that goes well, with placeholders for what is only known then. */
export function previewCalls(spec: FleetSpec, params: EcsExtraParams): Preview {
  const context: RequestContext = { params, run: { runId: "<run-id>", jobName: spec.jobName }, tagged: true };
  return { steps: [...creation(context, spec), ...tasks(context, spec), ...removal(params)] };
}

type Step = Preview["steps"][number];

function creation(context: RequestContext, { workers }: FleetSpec): Step[] {
  const { create_cluster: cluster, register_task_definition: definition, run_instances: instances } =
    context.params;
  const steps: Step[] = [];
  if (cluster) {
    steps.push(
      step("ecs:DescribeClusters", { clusters: [cluster.clusterName] }, "a name that is taken is refused"),
    );
    steps.push(step("ecs:CreateCluster", createClusterInput(context)));
  }
  if (definition) {
    const input = registerTaskDefinitionInput(context, { region: "<region>" });
    steps.push(step("ecs:RegisterTaskDefinition", input, riosNotice(context.params)));
  } else if (!hasContainerName(context.params)) {
    steps.push(
      step("ecs:DescribeTaskDefinition", { taskDefinition: context.params.run_task?.taskDefinition }),
    );
  }
  if (instances) {
    const { input } = runInstancesInput(context, {
      token: "<token>",
      workers,
      cluster: clusterOf(context.params) ?? "default",
      family: familyOf(context.params),
    });
    const { UserData, ...rest } = input;
    const readable = UserData === undefined ? {} : { UserData: plainUserData(UserData) };
    steps.push(
      step("ec2:RunInstances", { ...rest, ...readable }, "UserData is shown as text and sent in base64"),
    );
  }
  return steps;
}

function tasks(context: RequestContext, { workers, threadsPerWorker }: FleetSpec): Step[] {
  const { params } = context;
  const environment = PLACEHOLDER_ENVIRONMENT;
  const worker = {
    name: hasContainerName(params) ?? params.register_task_definition?.containerDefinitions?.[0]?.name ??
      "<first container>",
    command: workerArguments(threadsPerWorker),
    environment,
  };
  const taskDefinition = params.register_task_definition
    ? `<ARN of ${familyOf(params)}>`
    : params.run_task?.taskDefinition ?? "";
  return inChunks(Array.from({ length: workers }), BATCH).map(({ length }) =>
    step(
      "ecs:RunTask",
      runTaskInput(context, {
        count: length,
        token: "<token>",
        taskDefinition,
        cluster: clusterOf(params),
        worker,
      }),
    )
  );
}

function removal(params: EcsExtraParams): Step[] {
  const cluster = clusterOf(params);
  const where = cluster === undefined ? {} : { cluster };
  const { create_cluster, register_task_definition: definition, run_instances: instances } = params;
  return [
    step(
      "ecs:StopTask",
      { ...where, task: "<task>" },
      "at the end, for each task that has not ended by itself",
    ),
    ...instances
      ? [
        step(
          "ecs:DeregisterContainerInstance",
          { ...where, containerInstance: "<instance>", force: true },
          "for each",
        ),
        step("ec2:TerminateInstances", { InstanceIds: ["<instance id>"] }),
      ]
      : [],
    ...definition
      ? [
        step("ecs:DeregisterTaskDefinition", { taskDefinition: `<ARN of ${definition.family}>` }),
        step(
          "ecs:DeleteTaskDefinitions",
          { taskDefinitions: [`<ARN of ${definition.family}>`] },
          "if it is allowed",
        ),
      ]
      : [],
    ...create_cluster ? [step("ecs:DeleteCluster", { cluster: create_cluster.clusterName })] : [],
  ];
}

function step(action: AwsAction, input: object, remark?: string): Step {
  return {
    title: remark === undefined ? action : `${action} (${remark})`,
    text: JSON.stringify(input, undefined, 2),
  };
}

function clusterOf({ create_cluster, run_task }: EcsExtraParams): string | undefined {
  return create_cluster?.clusterName ?? run_task?.cluster;
}

function familyOf({ register_task_definition: definition, run_task }: EcsExtraParams): string {
  return definition?.family ?? run_task?.taskDefinition?.split("/").at(-1)?.split(":")[0] ?? "";
}

function hasContainerName({ run_task }: EcsExtraParams): string | undefined {
  return run_task?.overrides?.containerOverrides?.[0]?.name;
}
