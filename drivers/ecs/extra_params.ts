/**
 * `computeWorkerExtraParams` of `CW_ECS`.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import { isObject } from "../../core/is_object.ts";
import { checkKnownKeys } from "../../core/known_keys.ts";
import type { SdkInput } from "../aws/sdk_input.ts";
import { type FargateOptions, makeExtraParamsFargate } from "./fargate.ts";
import type { HelperNotices } from "./helper_options.ts";
import { makeExtraParamsPrivateCluster, type PrivateClusterOptions } from "./private_cluster.ts";

/**
 * What is made in AWS, each as the input of the call that makes it, in the SDK's words, which are boto3's and RIOS's. A cluster,
 * instances and a task definition are made, and removed at the end, only if their key is there.
 */
export type EcsExtraParams = {
  /** Makes a cluster of this run's own. Absent: the one that `run_task` names. */
  readonly create_cluster?: SdkInput<typeof import("@aws-sdk/client-ecs"), "CreateClusterCommand">;
  /** Starts EC2 instances for the cluster. `UserData` may be plain text, as boto3 wants it. */
  readonly run_instances?: Partial<SdkInput<typeof import("@aws-sdk/client-ec2"), "RunInstancesCommand">>;
  /** Makes a task definition. Absent: the one that `run_task` names. */
  readonly register_task_definition?: SdkInput<
    typeof import("@aws-sdk/client-ecs"),
    "RegisterTaskDefinitionCommand"
  >;
  /**
   * How tasks are started. Number, start mark, token, command and key are the driver's; cluster and task definition are those
   * that were made, if they were. The worker's container is the one of the first override, else of the task definition.
   */
  readonly run_task?: Partial<SdkInput<typeof import("@aws-sdk/client-ecs"), "RunTaskCommand">>;
  /** How long instances may take to join the cluster, seconds. Default 300. */
  readonly waitClusterInstanceCountTimeout?: number;
  /** How long AWS may take to answer one call, seconds. Default 30. */
  readonly requestTimeout?: number;
};

/** The same, or a helper's options with the helper's name. */
export type EcsParams =
  | EcsExtraParams
  | (FargateOptions & EcsWaits & { readonly helper: "fargate" })
  | (PrivateClusterOptions & EcsWaits & { readonly helper: "private-cluster" });

/** What goes with a helper's options, too. */
export type EcsWaits = Pick<EcsExtraParams, "waitClusterInstanceCountTimeout" | "requestTimeout">;

const WAIT_KEYS = { waitClusterInstanceCountTimeout: true, requestTimeout: true } as const;
const KEYS: Readonly<Record<keyof EcsExtraParams, true>> = {
  create_cluster: true,
  run_instances: true,
  register_task_definition: true,
  run_task: true,
  ...WAIT_KEYS,
};
const OBJECT_KEYS = ["create_cluster", "run_instances", "register_task_definition", "run_task"] as const;
const WHAT = "computeWorkerExtraParams of CW_ECS";

/** What checking takes beside the dictionary. */
interface CheckOptions extends HelperNotices {
  readonly jobName: string | undefined;
}

/**
 * The calls' inputs, made by the helper that is asked for, if one is.
 *
 * @param given the user's dictionary, typed or from JSON.
 * @param options the job's name, for a helper that is given none, and who hears what a helper tells.
 * @throws {ConfigError} naming what is misspelt, missing or of the wrong type.
 */
export function checkExtraParams(
  given: Readonly<Record<string, unknown>>,
  options: CheckOptions,
): EcsExtraParams {
  const params = given.helper === undefined ? given as EcsExtraParams : fromHelper(given, options);
  checkKnownKeys(params, KEYS, WHAT);
  for (const key of OBJECT_KEYS) {
    const value: unknown = params[key];
    if (value !== undefined && !isObject(value)) {
      throw new ConfigError(`'${key}' in ${WHAT} must be an object: the input of the AWS call of that name`);
    }
  }
  for (const key of Object.keys(WAIT_KEYS) as (keyof EcsWaits)[]) {
    const value: unknown = params[key];
    if (value !== undefined && !(typeof value === "number" && value > 0)) {
      throw new ConfigError(
        `'${key}' in ${WHAT} must be a number of seconds above 0, not '${String(value)}'`,
      );
    }
  }
  return checkedTogether(params);
}

function checkedTogether(params: EcsExtraParams): EcsExtraParams {
  const { register_task_definition: definition, run_task: task } = params;
  if (Object.keys(params).length === 0) {
    throw new ConfigError(
      `CW_ECS needs computeWorkerExtraParams (--extra-params @FILE.json): ` +
        `{"helper": "fargate", ...}, {"helper": "private-cluster", ...}, or run_task and what it needs; see docs/ecs.md`,
    );
  }
  if (!definition && !task?.taskDefinition) {
    throw new ConfigError(
      `${WHAT} has neither register_task_definition nor run_task.taskDefinition: name the task definition to run`,
    );
  }
  if (definition && !definition.containerDefinitions?.[0]?.name) {
    throw new ConfigError(
      `register_task_definition in ${WHAT} needs containerDefinitions with a name and an image`,
    );
  }
  if (definition && !definition.family) {
    throw new ConfigError(`register_task_definition in ${WHAT} needs a family: its name`);
  }
  if (params.create_cluster && !params.create_cluster.clusterName) {
    throw new ConfigError(`create_cluster in ${WHAT} needs a clusterName, by which it is found again`);
  }
  return params;
}

function fromHelper(
  given: Readonly<Record<string, unknown>>,
  { jobName, ...notices }: CheckOptions,
): EcsExtraParams {
  const { helper, waitClusterInstanceCountTimeout, requestTimeout, ...options } = given;
  const named = { ...jobName === undefined ? {} : { jobName }, ...options };
  const waits = Object.fromEntries(
    Object.entries({ waitClusterInstanceCountTimeout, requestTimeout }).filter(([, value]) =>
      value !== undefined
    ),
  ) as EcsWaits;
  if (helper === "fargate") {
    return { ...makeExtraParamsFargate(named as FargateOptions, notices), ...waits };
  }
  if (helper === "private-cluster") {
    return { ...makeExtraParamsPrivateCluster(named as PrivateClusterOptions), ...waits };
  }
  throw new ConfigError(
    `${WHAT} has no helper '${String(helper)}': there are 'fargate' and 'private-cluster'`,
  );
}
