/**
 * A cluster of a program's own, step by step, by RIOS's names: what the driver does for one run, for as many as there are.
 *
 * @module
 */
import { checkCount } from "../../core/check_values.ts";
import { DriverError, TimeoutExceededError } from "../../core/errors.ts";
import { type ClusterCounts, getClusterCounts, watchCluster } from "./cluster_counts.ts";
import { type EcsInfrastructure, partsOf } from "./open_infrastructure.ts";

/** How long to wait. */
export interface EcsWaitOptions {
  /** The longest wait, seconds. */
  readonly timeoutSeconds?: number;
}

/** RIOS waits as long for tasks to end. */
const TASKS_SECONDS = 600;

/**
 * Makes the cluster, if `create_cluster` asks for one. One that is there already is never taken for our own.
 *
 * @returns its name; undefined if none was asked for.
 * @throws {ConfigError} if there is a cluster of that name.
 * @throws {AwsError} if AWS refuses.
 */
export async function createCluster(ecs: EcsInfrastructure): Promise<string | undefined> {
  const { resources } = partsOf(ecs);
  return await resources.createCluster() ? resources.cluster : undefined;
}

/**
 * Registers the task definition, if `register_task_definition` asks for one, and learns which container is the worker's.
 *
 * @returns its ARN, or the name of the one that is there already.
 * @throws {ConfigError} if the one that is there can't be used.
 * @throws {AwsError} if AWS refuses.
 */
export async function createTaskDef(ecs: EcsInfrastructure): Promise<string> {
  const { resources } = partsOf(ecs);
  await resources.createTaskDef();
  return resources.taskDefinition;
}

/**
 * Starts the EC2 instances for the cluster, if `run_instances` asks for some. They power themselves off after 20 minutes
 * without a task of this task definition.
 *
 * @param numWorkers how many, unless `run_instances` itself says so.
 * @returns their ids; none if none were asked for.
 * @throws {AwsError} if AWS refuses.
 */
export async function runInstances(ecs: EcsInfrastructure, numWorkers: number): Promise<string[]> {
  checkCount("numWorkers", numWorkers, 1);
  const { resources } = partsOf(ecs);
  await resources.runInstances(numWorkers);
  return resources.instances.ids;
}

/**
 * Counts the instances in the cluster. ECS's counts lag some seconds behind.
 *
 * @returns undefined if there is no such cluster (any more).
 * @throws {AwsError} if AWS can't be asked.
 */
export async function getClusterInstanceCount(ecs: EcsInfrastructure): Promise<number | undefined> {
  const { caller, resources: { cluster } } = partsOf(ecs);
  return (await getClusterCounts(caller, cluster))?.instances;
}

/**
 * Counts the tasks in the cluster that run or wait to run, whoever started them. ECS's counts lag some seconds behind.
 *
 * @returns undefined if there is no such cluster (any more).
 * @throws {AwsError} if AWS can't be asked.
 */
export async function getClusterTaskCount(ecs: EcsInfrastructure): Promise<number | undefined> {
  const { caller, resources: { cluster } } = partsOf(ecs);
  return (await getClusterCounts(caller, cluster))?.tasks;
}

/**
 * Waits until so many instances have joined the cluster; until none is left in it for 0.
 *
 * @param options `timeoutSeconds`: default `waitClusterInstanceCountTimeout` of the dictionary, else 300. Instances that this
 * program started are waited for as long as the dictionary says.
 * @throws {TimeoutExceededError} if it does not come to that in time.
 * @throws {DriverError} if too many of the instances have ended, if fewer were started, or if there is no such cluster to join.
 * @throws {AwsError} if AWS can't be asked.
 * @throws the reason of `signal`, if that ended the waiting.
 */
export async function waitClusterInstanceCount(
  ecs: EcsInfrastructure,
  endInstanceCount: number,
  { timeoutSeconds }: EcsWaitOptions = {},
): Promise<void> {
  checkCount("endInstanceCount", endInstanceCount, 0);
  const { resources: { instances }, signal } = partsOf(ecs);
  if (endInstanceCount > 0 && instances.any) {
    await instances.waitClusterInstanceCount(endInstanceCount, signal);
    return signal.throwIfAborted();
  }
  await waitFor(ecs, {
    isDone: (counts) =>
      endInstanceCount === 0 ? counts.instances === 0 : counts.instances >= endInstanceCount,
    isNeeded: endInstanceCount > 0,
    name: "waitClusterInstanceCountTimeout",
    seconds: timeoutSeconds ?? instances.waitSeconds,
    what: endInstanceCount === 0 ? "all instances to leave" : `${endInstanceCount} instances to join`,
  });
}

/**
 * Waits until no task runs or waits to run in the cluster, whoever started it.
 *
 * @param options `timeoutSeconds`: default 600.
 * @throws {TimeoutExceededError} if there are tasks left then; runs stop their own.
 * @throws {AwsError} if AWS can't be asked.
 * @throws the reason of `signal`, if that ended the waiting.
 */
export async function waitClusterTasksFinished(
  ecs: EcsInfrastructure,
  { timeoutSeconds = TASKS_SECONDS }: EcsWaitOptions = {},
): Promise<void> {
  await waitFor(ecs, {
    isDone: ({ tasks }) => tasks === 0,
    name: "timeoutSeconds",
    seconds: timeoutSeconds,
    what: "all tasks to leave",
  });
}

async function waitFor(
  ecs: EcsInfrastructure,
  { isDone, isNeeded = false, name, seconds, what }: {
    isDone(counts: ClusterCounts): boolean;
    /** Whether a cluster that is not there is trouble; otherwise it holds nothing to wait for. */
    readonly isNeeded?: boolean;
    readonly name: string;
    readonly seconds: number;
    readonly what: string;
  },
): Promise<void> {
  const { caller, resources: { cluster }, times: { pollLeastMs, pollMostMs }, signal } = partsOf(ecs);
  const counts = await watchCluster(caller, cluster, isDone, {
    ...{ pollLeastMs, pollMostMs, signal },
    limitMs: 1000 * seconds,
  });
  if (counts === undefined && isNeeded) {
    throw new DriverError(
      `There is no cluster '${cluster ?? "default"}' for instances to join: make it first`,
    );
  }
  if (counts === undefined || isDone(counts)) return;
  signal.throwIfAborted();
  const { tasks, instances } = counts;
  throw new TimeoutExceededError(name, seconds, `${what} the cluster '${cluster ?? "default"}'`, {
    detail: `There are ${tasks} tasks and ${instances} instances in it`,
  });
}
