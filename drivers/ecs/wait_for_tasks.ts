/**
 * Waits for tasks that were told to stop.
 *
 * @module
 */
import { sleep } from "../../core/sleep.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { hasEnded } from "./explain_task.ts";
import { inChunks } from "./in_chunks.ts";
import { inCluster } from "./seeker.ts";

/** What waiting takes. */
export interface WaitForTasksOptions {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** The tasks' cluster, "" for the default one. */
  readonly cluster: string;
  /** The longest wait, milliseconds. */
  readonly limitMs: number;
}

/** Waits until tasks have ended; gives those that have not. */
export async function waitForTasks(
  arns: readonly string[],
  options: WaitForTasksOptions,
): Promise<Set<string>> {
  const { times: { pollLeastMs, pollMostMs }, limitMs } = options;
  let left: readonly string[] = arns;
  const endMs = performance.now() + limitMs;
  for (let delayMs = pollLeastMs / 2;; delayMs = Math.min(pollMostMs / 2, delayMs * 1.5)) {
    left = await notEnded(left, options);
    if (left.length === 0 || performance.now() > endMs) return new Set(left);
    await sleep(delayMs);
  }
}

async function notEnded(
  arns: readonly string[],
  { caller, cluster }: WaitForTasksOptions,
): Promise<string[]> {
  const left = new Set(arns);
  for (const chunk of inChunks(arns, 100)) {
    try {
      const { tasks = [], failures = [] } = await caller.call("ecs:DescribeTasks", {
        ...inCluster(cluster),
        tasks: chunk,
      });
      for (const task of tasks) if (hasEnded(task)) left.delete(task.taskArn ?? "");
      // AWS knew them when they were told to stop.
      for (const { arn, reason } of failures) if (reason === "MISSING") left.delete(arn ?? "");
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // Without the right to look, or without the cluster, they are taken to stop, as they were told to.
      if (error.kind === "missing" || error.kind === "denied") return [];
    }
  }
  return [...left];
}
