/**
 * Tasks that ended in trouble, explained.
 *
 * @module
 */
import type { Task } from "@aws-sdk/client-ecs";
import type { EndCause } from "../../core/driver.ts";
import { type EcsInfrastructure, partsOf } from "./open_infrastructure.ts";
import { explainTask, hasEnded } from "./explain_task.ts";
import { inChunks } from "./in_chunks.ts";
import type { Infrastructure } from "./infrastructure.ts";
import { logPlaceOf } from "./worker_log.ts";

/** A task that ended in trouble. */
export interface EcsTaskError {
  /** The task. */
  readonly taskArn: string;
  /** Why it ended, as the manager counts it. */
  readonly cause: EndCause;
  /** The worker's exit code, if its container had one. */
  readonly exitCode?: number;
  /** The whole story in one line: stop code, reason, exit code, and where its log is. */
  readonly text: string;
}

/** DescribeTasks takes no more at once. */
const MOST_TASKS = 100;

/**
 * Looks for tasks that ended in trouble: a stop code that is no exit, or an exit code that is not 0. Those that we stopped
 * ourselves are none.
 *
 * @param taskArns the tasks. Default: those of this task definition that have ended in the cluster; ECS knows them for about an
 * hour.
 * @returns one entry a task; none if all went well, or have not ended.
 * @throws {AwsError} if AWS can't be asked.
 */
export async function checkTaskErrors(
  ecs: EcsInfrastructure,
  taskArns?: readonly string[],
): Promise<EcsTaskError[]> {
  const { caller, resources } = partsOf(ecs);
  const where = resources.cluster === undefined ? {} : { cluster: resources.cluster };
  const errors: EcsTaskError[] = [];
  for (const tasks of inChunks(taskArns ?? await endedTasks(ecs), MOST_TASKS)) {
    const answer = await caller.call("ecs:DescribeTasks", { ...where, tasks });
    for (const task of (answer.tasks ?? []).filter(hasEnded)) {
      const error = await explained(task, resources);
      if (error) errors.push(error);
    }
  }
  return errors;
}

async function endedTasks(ecs: EcsInfrastructure): Promise<string[]> {
  const { caller, resources: { cluster, family } } = partsOf(ecs);
  const where = cluster === undefined ? {} : { cluster };
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const input = { ...where, family, desiredStatus: "STOPPED" as const };
    const page = await caller.call("ecs:ListTasks", { ...input, nextToken });
    arns.push(...page.taskArns ?? []);
    nextToken = page.nextToken;
  } while (nextToken);
  return arns;
}

async function explained(
  task: Task,
  resources: Infrastructure["resources"],
): Promise<EcsTaskError | undefined> {
  const { containerName } = resources;
  const log = logPlaceOf(task, await resources.log({ isNeeded: true }), containerName);
  const { cause, exitCode, text, isClean } = explainTask(task, { containerName, log });
  const isOurs = cause === "cancelled" && task.stoppedReason?.startsWith("blockfleet");
  if (isClean || isOurs) return undefined;
  return { taskArn: task.taskArn ?? "", cause, ...exitCode === undefined ? {} : { exitCode }, text };
}
