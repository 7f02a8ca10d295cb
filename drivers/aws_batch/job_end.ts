/**
 * What AWS Batch's words about a job mean.
 *
 * @module
 */
import type { JobDetail } from "@aws-sdk/client-batch";
import type { EndCause } from "../../core/driver.ts";

/** How a job ended, for the run and for people. */
export interface JobEnd {
  /** Why. */
  readonly cause: EndCause;
  /** Its container's exit code, if it had one. */
  readonly exitCode?: number;
  /** All that is known, on one line. */
  readonly text: string;
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
  const parts = [
    statusReason,
    container?.reason,
    exitCode === undefined ? undefined : `exit code ${exitCode}`,
    container?.containerInstanceArn && `instance ${container.containerInstanceArn}`,
    container?.logStreamName && `log stream '${container.logStreamName}' of '${logGroup(job)}'`,
  ];
  const text = `job ${job.jobId}: ${parts.filter(Boolean).join("; ") || String(job.status)}`;
  return { cause: causeOf(job), ...exitCode === undefined ? {} : { exitCode }, text };
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

function logGroup({ container }: JobDetail): string {
  return container?.logConfiguration?.options?.["awslogs-group"] ?? LOG_GROUP;
}
