/**
 * How much there is in a cluster, as ECS counts it.
 *
 * @module
 */
import { sleep } from "../../core/sleep.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";

/** What ECS counts in a cluster. The counts lag some seconds behind. */
export interface ClusterCounts {
  /** Container instances that are registered in it, draining ones among them. */
  readonly instances: number;
  /** Tasks that run or wait to run. */
  readonly tasks: number;
}

/** How a cluster is watched. */
export interface WatchClusterOptions {
  /** Between two looks, milliseconds: the first delay, which grows, and the longest. */
  readonly pollLeastMs: number;
  /** See `pollLeastMs`. */
  readonly pollMostMs: number;
  /** The longest wait, milliseconds. */
  readonly limitMs: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

const GROWTH = 1.5;

/**
 * What is in a cluster; undefined if there is no such cluster, or no more.
 *
 * @param cluster its name or ARN; undefined for the account's default one.
 * @throws {AwsError} if AWS can't be asked.
 */
export async function getClusterCounts(
  caller: AwsCaller,
  cluster: string | undefined,
  signal?: AbortSignal,
): Promise<ClusterCounts | undefined> {
  const input = cluster === undefined ? {} : { clusters: [cluster] };
  const { clusters } = await caller.call("ecs:DescribeClusters", input, { signal });
  const [found] = clusters ?? [];
  if (!found || found.status === "INACTIVE") return undefined;
  const { runningTasksCount = 0, pendingTasksCount = 0, registeredContainerInstancesCount = 0 } = found;
  return { instances: registeredContainerInstancesCount, tasks: runningTasksCount + pendingTasksCount };
}

/**
 * Looks at a cluster until what it holds is as wished for, or the cluster is gone, or the time is over.
 *
 * @returns what was seen last; undefined if there is no such cluster (any more).
 * @throws {AwsError} if AWS can't be asked.
 */
export async function watchCluster(
  caller: AwsCaller,
  cluster: string | undefined,
  isDone: (counts: ClusterCounts) => boolean,
  { pollLeastMs, pollMostMs, limitMs, signal }: WatchClusterOptions,
): Promise<ClusterCounts | undefined> {
  const endMs = performance.now() + limitMs;
  for (let delayMs = pollLeastMs;; delayMs = Math.min(pollMostMs, delayMs * GROWTH)) {
    const counts = await getClusterCounts(caller, cluster, signal);
    const isOver = performance.now() + delayMs > endMs || signal?.aborted;
    if (counts === undefined || isDone(counts) || isOver) return counts;
    await sleep(delayMs, signal);
  }
}

/** What keeps a cluster from being deleted, for people; empty if nothing does. */
export function countWords({ tasks, instances }: ClusterCounts): string {
  const words = [
    ...tasks === 0 ? [] : [`${tasks} ${tasks === 1 ? "task" : "tasks"}`],
    ...instances === 0 ? [] : [`${instances} ${instances === 1 ? "instance" : "instances"}`],
  ];
  return words.join(" and ");
}
