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

/** The driver of `CW_ECS`. */
export const driver: Driver = ecsDriver();

export default driver;
