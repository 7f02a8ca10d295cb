/**
 * Extra parameters for workers on a cluster of EC2 instances of the run's own.
 *
 * @module
 */
import type { EcsExtraParams } from "./extra_params.ts";
import {
  ecsTags,
  HELPER_KEYS,
  type HelperOptions,
  OptionCheck,
  riosTags,
  taskTags,
  workerContainer,
  workerNetwork,
} from "./helper_options.ts";
import { ecsNames, makeJobIDstr } from "./names.ts";
import { makeUserData } from "./user_data.ts";

/** What {@linkcode makeExtraParamsPrivateCluster} takes: RIOS's parameters, and some more. */
export interface PrivateClusterOptions extends HelperOptions {
  /** Instances in the cluster; workers are spread over them, one each is best. */
  readonly numInstances: number;
  /** The image of the instances, with the ECS agent in it: an ECS-optimized AMI. */
  readonly ami: string;
  /** The type of the instances, such as `c7g.xlarge`. */
  readonly instanceType: string;
  /** The subnet of instances and workers. */
  readonly subnet: string;
  /** The instance profile by which instances may join a cluster. */
  readonly instanceProfileArn: string;
  /** Memory that is kept for each worker, MiB. Default 1024. */
  readonly memoryReservation?: number;
  /** Whether to use Spot instances, with interruptions. Default false. */
  readonly spot?: boolean;
}

/** The keys of {@linkcode PrivateClusterOptions}. */
const PRIVATE_CLUSTER_KEYS: Readonly<Record<keyof PrivateClusterOptions, true>> = {
  ...HELPER_KEYS,
  numInstances: true,
  ami: true,
  instanceType: true,
  subnet: true,
  instanceProfileArn: true,
  memoryReservation: true,
  spot: true,
};

const HELPER = "makeExtraParamsPrivateCluster()";

/**
 * Makes `computeWorkerExtraParams` for a cluster of EC2 instances that lives as long as the run, from the bare essentials:
 * RIOS's helper of this name. The names in them are unique, so make new ones for each run.
 *
 * @throws {ConfigError} naming what is misspelt, missing or of the wrong type.
 */
export function makeExtraParamsPrivateCluster(options: PrivateClusterOptions): EcsExtraParams {
  const check = new OptionCheck(HELPER, options, PRIVATE_CLUSTER_KEYS);
  check.common();
  check.texts("ami", "instanceType", "subnet", "instanceProfileArn");
  check.count("numInstances", { needed: true });
  check.count("memoryReservation");
  const { numInstances, memoryReservation = 1024 } = options;
  const jobIdString = makeJobIDstr(options.jobName);
  const names = ecsNames(jobIdString);
  const tags = ecsTags(options.tags);
  return {
    create_cluster: {
      clusterName: names.cluster,
      tags: [...tags, ...riosTags(options, ["RIOS-cluster", names.cluster])],
    },
    run_instances: {
      ImageId: options.ami,
      InstanceType: options.instanceType as never,
      MinCount: numInstances,
      MaxCount: numInstances,
      SubnetId: options.subnet,
      SecurityGroupIds: [...options.securityGroups],
      IamInstanceProfile: { Arn: options.instanceProfileArn },
      InstanceInitiatedShutdownBehavior: "terminate",
      UserData: makeUserData(names),
      ...options.spot
        ? {
          InstanceMarketOptions: {
            MarketType: "spot",
            SpotOptions: { SpotInstanceType: "one-time", InstanceInterruptionBehavior: "terminate" },
          },
        }
        : {},
      TagSpecifications: [{
        ResourceType: "instance",
        Tags: [
          { Key: "Name", Value: names.cluster },
          ...[
            ...tags,
            ...riosTags(options, ["RIOS-computeworkerinstance", "true"], ["RIOS-clustername", names.cluster]),
          ].map(({ key, value }) => ({ Key: key, Value: value })),
        ],
      }],
    },
    register_task_definition: {
      family: names.family,
      networkMode: "awsvpc",
      taskRoleArn: options.taskRoleArn,
      executionRoleArn: options.executionRoleArn,
      containerDefinitions: [{ ...workerContainer(names, options, jobIdString), memoryReservation }],
      tags,
    },
    run_task: {
      cluster: names.cluster,
      taskDefinition: names.family,
      launchType: "EC2",
      networkConfiguration: workerNetwork([options.subnet], options),
      placementStrategy: [{ type: "spread", field: "instanceId" }],
      ...taskTags(tags),
    },
  };
}
