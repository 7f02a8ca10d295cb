/**
 * `CW_ECS`: compute workers are tasks of AWS's Elastic Container Service, on Fargate or on EC2 instances.
 *
 * ```ts ignore
 * import { apply } from "@blockfleet/blockfleet";
 * import { makeExtraParamsFargate } from "@blockfleet/blockfleet/drivers/ecs";
 *
 * await apply({
 *   userFunction: new URL("./ndvi.ts", import.meta.url),
 *   infiles: { img: "https://example.org/scene.tif" },
 *   outfiles: { ndvi: "ndvi.tif" },
 *   concurrency: {
 *     computeWorkerKind: "CW_ECS",
 *     numComputeWorkers: 50,
 *     computeWorkerExtraParams: makeExtraParamsFargate({
 *       containerImage: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/blockfleet:0.1.0",
 *       taskRoleArn: "arn:aws:iam::123456789012:role/blockfleet-task",
 *       executionRoleArn: "arn:aws:iam::123456789012:role/blockfleet-execution",
 *       subnet: "subnet-0123456789abcdef0",
 *       securityGroups: ["sg-0123456789abcdef0"],
 *     }),
 *   },
 * });
 * ```
 *
 * @module
 */
import type { Driver } from "../core/driver.ts";
import { SdkSend, type SdkSendOptions } from "./aws/sdk_send.ts";
import {
  type EcsInfrastructure,
  type EcsInfrastructureOptions,
  openInfrastructure,
} from "./ecs/open_infrastructure.ts";
import { ECS_TIMES, type EcsTimes } from "./ecs/ecs_times.ts";
import { makeDriver } from "./ecs/make_driver.ts";

export type { AwsService } from "./aws/api.ts";
export type { SdkClient, SdkSendOptions } from "./aws/sdk_send.ts";
export type { OnlyOf, SdkInput } from "./aws/sdk_input.ts";
export type { EcsTimes } from "./ecs/ecs_times.ts";
export type { EcsExtraParams, EcsParams, EcsWaits } from "./ecs/extra_params.ts";
export type { HelperNotices, HelperOptions } from "./ecs/helper_options.ts";
export { type CapacityProviderStrategy, type FargateOptions, makeExtraParamsFargate } from "./ecs/fargate.ts";
export { makeExtraParamsPrivateCluster, type PrivateClusterOptions } from "./ecs/private_cluster.ts";
export { makeJobIDstr } from "./ecs/names.ts";
export {
  createCluster,
  createTaskDef,
  type EcsWaitOptions,
  getClusterInstanceCount,
  getClusterTaskCount,
  runInstances,
  waitClusterInstanceCount,
  waitClusterTasksFinished,
} from "./ecs/cluster_functions.ts";
export {
  type EcsInfrastructure,
  type EcsInfrastructureOptions,
  type EcsRemoval,
  shutdownCluster,
} from "./ecs/open_infrastructure.ts";
export { checkTaskErrors, type EcsTaskError } from "./ecs/task_errors.ts";

/** What {@linkcode ecsDriver} takes. */
export interface EcsDriverOptions {
  /** SDK clients of your own, such as with a role of their own; by service. */
  readonly clients?: SdkSendOptions["clients"];
  /** Other times than the usual ones. */
  readonly times?: Partial<EcsTimes>;
}

/** Makes a driver of `CW_ECS` that calls AWS in your way. */
export function ecsDriver({ clients = {}, times = {} }: EcsDriverOptions = {}): Driver {
  return makeDriver({
    send: (region) => new SdkSend({ region, clients }),
    times: { ...ECS_TIMES, ...times },
  });
}

/**
 * Begins a cluster of a program's own: checks everything and makes nothing yet. {@linkcode createCluster},
 * {@linkcode createTaskDef} and {@linkcode runInstances} make it, {@linkcode shutdownCluster} removes it, and runs use it with
 * its `extraParams`. All that is made is in the register first, so that `blockfleet cleanup` finds it after any end.
 *
 * ```ts ignore
 * import { apply, CW_ECS } from "@blockfleet/blockfleet";
 * import * as ecs from "@blockfleet/blockfleet/drivers/ecs";
 *
 * await using cluster = await ecs.openEcsInfrastructure({ extraParams: ecs.makeExtraParamsPrivateCluster({ ... }) });
 * await ecs.createCluster(cluster);
 * await ecs.createTaskDef(cluster);
 * await ecs.runInstances(cluster, 4);
 * await ecs.waitClusterInstanceCount(cluster, 4);
 * for (const scene of scenes) {
 *   await apply({
 *     ...optionsFor(scene),
 *     concurrency: { computeWorkerKind: CW_ECS, numComputeWorkers: 4, computeWorkerExtraParams: cluster.extraParams },
 *   });
 * }
 * ```
 *
 * @param options what to make, and SDK clients and a region of your own.
 * @throws {ConfigError} naming what is wrong with them.
 */
export function openEcsInfrastructure(
  { clients = {}, region, ...options }: EcsInfrastructureOptions & EcsCallOptions,
): Promise<EcsInfrastructure> {
  return openInfrastructure(new SdkSend({ region, clients }), options);
}

/** How AWS is called. */
export interface EcsCallOptions {
  /** SDK clients of your own, such as with a role of their own; by service. */
  readonly clients?: SdkSendOptions["clients"];
  /** The region. Default that of the environment. */
  readonly region?: string;
}

/** The driver of `CW_ECS`. */
export const driver: Driver = ecsDriver();

export default driver;
