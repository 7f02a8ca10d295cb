/**
 * Extra parameters for workers on Fargate.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import type { SdkInput } from "../aws/sdk_input.ts";
import type { EcsExtraParams } from "./extra_params.ts";
import {
  ecsTags,
  HELPER_KEYS,
  type HelperNotices,
  type HelperOptions,
  OptionCheck,
  riosTags,
  taskTags,
  workerContainer,
  workerNetwork,
} from "./helper_options.ts";
import { checkFargateSize, DEFAULT_CPU, DEFAULT_MEMORY, toMiB } from "./fargate_size.ts";
import { ecsNames, makeJobIDstr } from "./names.ts";

/** Capacity providers, each with its weight, as RunTask has them. */
export type CapacityProviderStrategy = NonNullable<
  SdkInput<typeof import("@aws-sdk/client-ecs"), "RunTaskCommand">["capacityProviderStrategy"]
>;

/** What {@linkcode makeExtraParamsFargate} takes: RIOS's parameters, and some more. */
export interface FargateOptions extends HelperOptions {
  /** The subnet of the workers. */
  readonly subnet?: string;
  /**
   * Subnets of the workers.
   *
   * @deprecated give `subnet`: workers gain nothing from several.
   */
  readonly subnets?: readonly string[];
  /** CPU of a worker, in AWS's words: `"0.5 vCPU"` (the default) or `"512"`. */
  readonly cpu?: string;
  /** Memory of a worker: `"1GB"` (the default) or `"1024"` (MiB). Only some pairs of CPU and memory exist. */
  readonly memory?: string;
  /** `X86_64` (the default) or `ARM64`. */
  readonly cpuArchitecture?: "X86_64" | "ARM64" | null;
  /** An existing cluster to run in; it stays. Absent: one of the run's own. */
  readonly cluster?: string;
  /** Whether to run on Fargate Spot, at about a third of the price, with interruptions. Default false. */
  readonly spot?: boolean;
  /** Capacity providers with their weights, instead of `spot`. An existing cluster must have them already. */
  readonly capacityProviderStrategy?: CapacityProviderStrategy;
  /** Disk of a worker, GiB, 21 to 200. Default: AWS's, 20. */
  readonly ephemeralStorageGiB?: number;
  /** Whether workers get a public address, as they need in a public subnet without NAT to fetch the image. Default false. */
  readonly assignPublicIp?: boolean;
}

/** The keys of {@linkcode FargateOptions}. */
const FARGATE_KEYS: Readonly<Record<keyof FargateOptions, true>> = {
  ...HELPER_KEYS,
  subnet: true,
  subnets: true,
  cpu: true,
  memory: true,
  cpuArchitecture: true,
  cluster: true,
  spot: true,
  capacityProviderStrategy: true,
  ephemeralStorageGiB: true,
  assignPublicIp: true,
};

const HELPER = "makeExtraParamsFargate()";

/**
 * Makes `computeWorkerExtraParams` for workers on Fargate from the bare essentials: RIOS's helper of this name. The names in
 * them are unique, so make new ones for each run.
 *
 * @param notices who hears that an option is deprecated.
 * @throws {ConfigError} naming what is misspelt, missing, of the wrong type, or given together with what excludes it.
 */
export function makeExtraParamsFargate(
  options: FargateOptions,
  { onNotice = console.warn }: HelperNotices = {},
): EcsExtraParams {
  const subnets = checkedSubnets(options);
  if (options.subnets !== undefined) {
    onNotice(
      `${HELPER}: 'subnets' is deprecated, as in RIOS: give one 'subnet'; workers gain nothing from several`,
    );
  }
  const { cpu = DEFAULT_CPU, memory = DEFAULT_MEMORY, cpuArchitecture, ephemeralStorageGiB, cluster } =
    options;
  const jobIdString = makeJobIDstr(options.jobName);
  const names = ecsNames(jobIdString);
  const tags = ecsTags(options.tags);
  const strategy = options.capacityProviderStrategy ??
    (options.spot ? [{ capacityProvider: "FARGATE_SPOT", weight: 1 }] : undefined);
  return {
    ...cluster === undefined
      ? {
        create_cluster: {
          clusterName: names.cluster,
          tags: [...tags, ...riosTags(options, ["RIOS-cluster", names.cluster])],
          ...strategy ? { capacityProviders: providers(strategy) } : {},
        },
      }
      : {},
    register_task_definition: {
      family: names.family,
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      cpu,
      memory,
      taskRoleArn: options.taskRoleArn,
      executionRoleArn: options.executionRoleArn,
      runtimePlatform: { cpuArchitecture: cpuArchitecture ?? "X86_64", operatingSystemFamily: "LINUX" },
      ...ephemeralStorageGiB === undefined ? {} : { ephemeralStorage: { sizeInGiB: ephemeralStorageGiB } },
      // The whole of the task is the worker's.
      containerDefinitions: [{
        ...workerContainer(names, options, jobIdString),
        ...toMiB(memory) === undefined ? {} : { memoryReservation: toMiB(memory) },
      }],
      tags,
    },
    run_task: {
      cluster: cluster ?? names.cluster,
      taskDefinition: names.family,
      ...strategy ? { capacityProviderStrategy: [...strategy] } : { launchType: "FARGATE" },
      networkConfiguration: workerNetwork(subnets, options),
      ...taskTags(tags),
    },
  };
}

/** Checks the options and gives the subnets. */
function checkedSubnets(options: FargateOptions): readonly string[] {
  const check = new OptionCheck(HELPER, options, FARGATE_KEYS);
  check.common();
  check.optionalTexts("cpu", "memory", "cpuArchitecture", "cluster", "subnet");
  check.flags("assignPublicIp");
  check.list("subnets", { optional: true });
  const { subnet, subnets, cpuArchitecture, ephemeralStorageGiB: size } = options;
  if (subnet !== undefined && subnets !== undefined) {
    throw new ConfigError(
      `${HELPER} takes either 'subnet' or the deprecated 'subnets', not both: leave 'subnets' out`,
    );
  }
  const chosen = subnet ? [subnet] : subnets;
  if (!chosen) throw new ConfigError(`${HELPER} needs 'subnet': there is no default for it`);
  if (cpuArchitecture && cpuArchitecture !== "X86_64" && cpuArchitecture !== "ARM64") {
    throw new ConfigError(
      `'cpuArchitecture' of ${HELPER} must be 'X86_64' or 'ARM64', not '${cpuArchitecture}'`,
    );
  }
  if (size !== undefined && !(Number.isInteger(size) && size >= 21 && size <= 200)) {
    throw new ConfigError(
      `'ephemeralStorageGiB' of ${HELPER} must be a whole number from 21 to 200, not '${size}'`,
    );
  }
  if (options.spot && options.capacityProviderStrategy) {
    throw new ConfigError(`${HELPER} takes either 'spot' or 'capacityProviderStrategy', not both`);
  }
  checkFargateSize(options);
  return chosen;
}

function providers(strategy: CapacityProviderStrategy): string[] {
  return [...new Set(strategy.map(({ capacityProvider }) => capacityProvider ?? ""))];
}
