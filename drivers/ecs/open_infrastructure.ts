/**
 * What a program makes in ECS for itself, and the way to its parts.
 *
 * @module
 */
import { checkValues } from "../../core/check_values.ts";
import { CW_ECS } from "../../core/kinds.ts";
import { checkKnownKeys } from "../../core/known_keys.ts";
import { FileRegister } from "../../core/register/file_register.ts";
import type { AwsSend } from "../aws/api.ts";
import { ECS_TIMES, type EcsTimes } from "./ecs_times.ts";
import { checkExtraParams, type EcsExtraParams, type EcsParams } from "./extra_params.ts";
import { Infrastructure } from "./infrastructure.ts";
import { workerContainerName } from "./requests.ts";

/** What is to be made, and for whom. */
export interface EcsInfrastructureOptions {
  /** What to make: `computeWorkerExtraParams` of `CW_ECS`, such as a helper gives. */
  readonly extraParams: EcsParams;
  /** A name for the job; in the tags of what is made. */
  readonly jobName?: string;
  /** The id by which `blockfleet cleanup --run` finds what is left. Default a random one. */
  readonly runId?: string;
  /** Other times than the usual ones. */
  readonly times?: Partial<EcsTimes>;
  /** Ends waiting, and calls that are tried again. What was made is still removed by `shutdownCluster()`. */
  readonly signal?: AbortSignal;
  /** Called with each line that the user should see. Default `console.warn`. */
  readonly onNotice?: (line: string) => void;
}

/** What a program makes in ECS for itself. Disposing of it is `shutdownCluster()`. */
export interface EcsInfrastructure extends AsyncDisposable {
  /** The id by which `blockfleet cleanup --run` finds what is left. */
  readonly runId: string;
  /** The region that all of it is in. */
  readonly region: string;
  /** The cluster's name: that of the new one, or of the one that is named; undefined for the account's default one. */
  readonly cluster: string | undefined;
  /** The task definition: its ARN once it has been made, else as it is named. */
  readonly taskDefinition: string;
  /**
   * `computeWorkerExtraParams` of runs that are to use all this: their tasks start in this cluster, of this task definition.
   * Such a run makes and removes nothing but its tasks.
   */
  readonly extraParams: EcsExtraParams;
}

/** What `shutdownCluster()` removed. */
export interface EcsRemoval {
  /** One line a thing. */
  readonly removed: readonly string[];
  /** What could not be removed, and why; `blockfleet cleanup --run` tries again. */
  readonly failed: readonly string[];
}

const KEYS: Readonly<Record<keyof EcsInfrastructureOptions, true>> = {
  extraParams: true,
  jobName: true,
  runId: true,
  times: true,
  signal: true,
  onNotice: true,
};
/** What is behind a handle. */
interface Opened {
  readonly infrastructure: Infrastructure;
  readonly register: FileRegister;
  removal: Promise<EcsRemoval> | undefined;
}

const opened = new WeakMap<EcsInfrastructure, Opened>();

/** Begins: checks the dictionary, finds the region, and opens the register. Makes nothing in AWS. */
export async function openInfrastructure(
  send: AwsSend,
  options: EcsInfrastructureOptions,
): Promise<EcsInfrastructure> {
  checkKnownKeys(options, KEYS, "openEcsInfrastructure()");
  checkValues(options, {
    ...{ extraParams: "object", jobName: "text", runId: "text", times: "object" },
    ...{ signal: "abort signal", onNotice: "function" },
  });
  const { jobName, runId = crypto.randomUUID(), onNotice = console.warn } = options;
  const { signal = new AbortController().signal } = options;
  const params = checkExtraParams({ ...options.extraParams }, { jobName, onNotice });
  const register = await FileRegister.open({
    ...{ runId, jobName, kind: CW_ECS, driverModule: undefined },
    notice: (line) => onNotice(line),
  });
  const infrastructure = new Infrastructure({
    ...{ params, send, register, signal, times: { ...ECS_TIMES, ...options.times } },
    run: { runId, jobName },
    notice: (line) => onNotice(line),
  });
  const { resources } = infrastructure;
  try {
    await resources.prepare();
  } catch (error) {
    infrastructure.caller.destroy();
    await register.close();
    throw error;
  }
  const ecs: EcsInfrastructure = {
    runId,
    get region() {
      return resources.region;
    },
    get cluster() {
      return resources.cluster;
    },
    get taskDefinition() {
      return resources.taskDefinition;
    },
    get extraParams() {
      return usedBy(params, infrastructure);
    },
    [Symbol.asyncDispose]: async () => void await shutdownCluster(ecs),
  };
  opened.set(ecs, { infrastructure, register, removal: undefined });
  return ecs;
}

/**
 * Removes all that was made: instances, task definition and cluster. Tasks are the runs' own and stop with them; while others'
 * are in the cluster it can't be deleted, which is told. May be called again.
 *
 * @returns what was removed, and what could not be, which is told as a notice, too.
 */
export async function shutdownCluster(ecs: EcsInfrastructure): Promise<EcsRemoval> {
  const parts = opened.get(ecs);
  if (!parts) throw notOurs();
  parts.removal ??= remove(parts);
  return await parts.removal;
}

async function remove({ infrastructure, register }: Opened): Promise<EcsRemoval> {
  try {
    const { removed, failed } = await infrastructure.remove("blockfleet: the cluster is shut down");
    return { removed, failed };
  } finally {
    infrastructure.caller.destroy();
    await register.close();
  }
}

/**
 * The parts behind a handle.
 *
 * @throws {TypeError} once it was shut down.
 */
export function partsOf(ecs: EcsInfrastructure): Infrastructure {
  const parts = opened.get(ecs);
  if (!parts) throw notOurs();
  if (parts.removal) {
    throw new TypeError("The cluster was shut down: open another with openEcsInfrastructure()");
  }
  return parts.infrastructure;
}

function notOurs(): TypeError {
  return new TypeError("This was not made by openEcsInfrastructure()");
}

/** What runs are given: the task's own input, with what was made in the place of what makes it. */
function usedBy(params: EcsExtraParams, { resources }: Infrastructure): EcsExtraParams {
  const { requestTimeout, run_task } = params;
  const { overrides, ...task } = run_task ?? {};
  // Named, so that a run need not ask which container is the worker's.
  const name = workerContainerName(params);
  const named = name === undefined || overrides?.containerOverrides?.length
    ? overrides
    : { ...overrides, containerOverrides: [{ name }] };
  return {
    run_task: {
      ...task,
      ...resources.cluster === undefined ? {} : { cluster: resources.cluster },
      taskDefinition: resources.taskDefinition,
      ...named === undefined ? {} : { overrides: named },
    },
    ...requestTimeout === undefined ? {} : { requestTimeout },
  };
}
