/**
 * Why a task ended.
 *
 * @module
 */
import type { Container, Task } from "@aws-sdk/client-ecs";
import type { EndCause } from "../../core/driver.ts";
import { type LogPlace, logWords } from "../aws/log_tails.ts";

/** An ended task, explained. */
export interface TaskEnd {
  /** The cause, as the manager counts it. */
  readonly cause: EndCause;
  /** The worker's exit code, if its container had one. */
  readonly exitCode?: number;
  /** The whole story, in one line. */
  readonly text: string;
  /** Whether nothing went wrong: the worker exited by itself, with 0. */
  readonly isClean: boolean;
  /** Where the worker's log is, if it wrote one. */
  readonly log?: LogPlace;
}

/** What else is known. */
export interface TaskEndContext {
  /** The worker's container. */
  readonly containerName: string | undefined;
  /** The EC2 instance that the task was on. */
  readonly instanceId?: string | undefined;
  /** Where the worker logs. */
  readonly log?: LogPlace | undefined;
}

const KILLED = 137;
/** Amazon ECS Developer Guide, "Stopped task error codes" and the API's `stopCode`. */
const PREEMPTED = /^(SpotInterruption|TerminationNotice)$/;
const CANCELLED = /^(UserInitiated|ServiceSchedulerInitiated)$/;
const SPOT_REASON = /spot (task was interrupted|interruption)/i;
const HOST_REASON =
  /^Host EC2|container instance (deregistration|was terminated|was stopped|is draining)|instance .*(terminated|stopped)/i;
const MEMORY_REASON = /OutOfMemory/i;

/**
 * Explains a task that has stopped or is about to be gone, by its stop code, its reason, and its containers.
 *
 * @param task as DescribeTasks gives it.
 */
export function explainTask(task: Task, { containerName, instanceId, log }: TaskEndContext): TaskEnd {
  const container = workerContainerOf(task, containerName);
  const { exitCode, reason } = container ?? {};
  const cause = causeOf(task, container);
  const what = [
    `stopped (${task.stopCode ?? "no stop code"})`,
    task.stoppedReason,
    exitCode === undefined ? undefined : `container '${container?.name}' exited with ${exitCode}`,
    reason,
    MEMORY_REASON.test(reason ?? "") ? "give the workers more memory, or fewer threads" : undefined,
  ].filter(Boolean).join(": ");
  const where = [
    instanceId && `on instance ${instanceId}`,
    log && `its log is ${logWords(log)}`,
  ].filter(Boolean).map((text) => `; ${text}`).join("");
  return {
    cause,
    ...exitCode === undefined ? {} : { exitCode },
    text: `task ${taskId(task.taskArn)} ${what}${where}`,
    isClean: cause === "exit" && exitCode === 0,
    ...log === undefined ? {} : { log },
  };
}

/** Whether a task computes no more: it has stopped, or its containers have. */
export function hasEnded({ lastStatus }: Task): boolean {
  return lastStatus === "STOPPED" || lastStatus === "DEPROVISIONING" || lastStatus === "DELETED";
}

/** The last part of a task's ARN. */
export function taskId(taskArn: string | undefined): string {
  return taskArn?.split("/").at(-1) ?? "?";
}

function workerContainerOf({ containers }: Task, name: string | undefined): Container | undefined {
  return containers?.find((container) => container.name === name) ?? containers?.[0];
}

function causeOf(task: Task, container: Container | undefined): EndCause {
  const stopCode: string = task.stopCode ?? "";
  const { stoppedReason = "" } = task;
  if (PREEMPTED.test(stopCode) || SPOT_REASON.test(stoppedReason)) return "preempted";
  if (HOST_REASON.test(stoppedReason)) return "node";
  if (CANCELLED.test(stopCode)) return "cancelled";
  if (container?.exitCode === KILLED || MEMORY_REASON.test(container?.reason ?? "")) return "killed";
  // A task that never ran has no exit code; it held no block either.
  return container?.exitCode !== undefined || stopCode === "TaskFailedToStart" ? "exit" : "unknown";
}
