/**
 * What AWS Batch's words about a job mean.
 *
 * @module
 */
import type { JobDetail } from "@aws-sdk/client-batch";
import type { EndCause } from "../../core/driver.ts";
import { type LogPlace, logWords } from "../aws/log_tails.ts";

/** How a job ended, for the run and for people. */
export interface JobEnd {
  /** Why. */
  readonly cause: EndCause;
  /** Its container's exit code, if it had one. */
  readonly exitCode?: number;
  /** All that is known, on one line. */
  readonly text: string;
  /** Where it logged, if it did. */
  readonly log?: LogPlace;
}

/** Where Batch's jobs log unless their definition says otherwise (AWS Batch User Guide, "CloudWatch Logs"). */
const LOG_GROUP = "/aws/batch/job";
/** What a process that SIGKILL ended gives, by the shell's rule. */
const KILLED = 137;

/** Whether a job has ended, one way or another. */
export function hasEnded(job: { readonly status?: string | undefined }): boolean {
  return job.status === "SUCCEEDED" || job.status === "FAILED";
}

/** Why a job waits, for people. */
export function waitingReason({ status, statusReason }: JobDetail): string {
  return statusReason ? `${status}: ${statusReason}` : String(status);
}

/** How a job that has ended did so. */
export function jobEnd(job: JobDetail): JobEnd {
  const { statusReason, container } = job;
  const exitCode = container?.exitCode;
  const log = logPlace(job);
  const parts = [
    statusReason,
    container?.reason,
    exitCode === undefined ? undefined : `exit code ${exitCode}`,
    container?.containerInstanceArn && `instance ${container.containerInstanceArn}`,
    log && `its log is ${logWords(log)}`,
  ];
  const text = `job ${job.jobId}: ${parts.filter(Boolean).join("; ") || String(job.status)}`;
  return {
    cause: causeOf(job),
    ...exitCode === undefined ? {} : { exitCode },
    text,
    ...log === undefined ? {} : { log },
  };
}

function causeOf(job: JobDetail): EndCause {
  const { status, statusReason = "", container } = job;
  if (status === "SUCCEEDED") return "exit";
  // Batch's own words (AWS Batch User Guide, "Job timeouts" and "Troubleshooting").
  if (/attempt duration exceeded/i.test(statusReason)) return "walltime";
  if (/spot/i.test(statusReason)) return "preempted";
  if (/Host EC2 .*terminated|instance .*terminated/i.test(statusReason)) return "node";
  if (job.isTerminated || job.isCancelled) return "cancelled";
  if (/OutOfMemory/i.test(container?.reason ?? "") || container?.exitCode === KILLED) return "killed";
  return container?.exitCode === undefined ? "unknown" : "exit";
}

function logPlace({ container }: JobDetail): LogPlace | undefined {
  const { logDriver = "awslogs", options } = container?.logConfiguration ?? {};
  const stream = container?.logStreamName;
  if (stream === undefined || logDriver !== "awslogs") return undefined;
  return { group: options?.["awslogs-group"] ?? LOG_GROUP, stream, region: options?.["awslogs-region"] };
}
