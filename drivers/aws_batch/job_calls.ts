/**
 * Calls about jobs that take more than one, or more than one try.
 *
 * @module
 */
import type { JobDetail, JobSummary } from "@aws-sdk/client-batch";
import { sleep } from "../../core/sleep.ts";
import type { AwsInput } from "../aws/api.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";

/** Most jobs that one DescribeJobs takes (AWS Batch API Reference). */
const DESCRIBE_PAGE = 100;
/** TerminateJob calls under way at once. */
const AT_ONCE = 10;
/** How often a submission whose effect nobody knows is made. */
const SUBMIT_TRIES = 3;

/** The jobs of a queue that have that name, or whose name begins with it if it ends in `*`. */
export async function listJobsByName(
  caller: AwsCaller,
  { jobQueue, name }: { jobQueue: string; name: string },
): Promise<JobSummary[]> {
  const jobs: JobSummary[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await caller.call("batch:ListJobs", {
      jobQueue,
      // With a filter a list has jobs of every status.
      filters: [{ name: "JOB_NAME", values: [name] }],
      ...nextToken === undefined ? {} : { nextToken },
    });
    jobs.push(...answer.jobSummaryList ?? []);
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
  return jobs;
}

/** The jobs of that name; asked for again after `absenceMs` if there are none, since lists lag behind. */
export async function findJobsByName(
  caller: AwsCaller,
  wanted: { jobQueue: string; name: string; absenceMs: number; signal?: AbortSignal | undefined },
): Promise<JobSummary[]> {
  const jobs = await listJobsByName(caller, wanted);
  if (jobs.length > 0) return jobs;
  await sleep(wanted.absenceMs, wanted.signal);
  return await listJobsByName(caller, wanted);
}

/** What is known of jobs, in calls of a hundred; a job that is not known is not in it. */
export async function describeJobs(
  caller: AwsCaller,
  ids: readonly string[],
): Promise<Map<string, JobDetail>> {
  const found = new Map<string, JobDetail>();
  for (let at = 0; at < ids.length; at += DESCRIBE_PAGE) {
    const { jobs } = await caller.call("batch:DescribeJobs", { jobs: ids.slice(at, at + DESCRIBE_PAGE) });
    for (const job of jobs ?? []) if (job.jobId !== undefined) found.set(job.jobId, job);
  }
  return found;
}

/** Terminates jobs, queued ones too. @returns the errors, by job */
export async function terminateJobs(
  caller: AwsCaller,
  { ids, reason }: { ids: readonly string[]; reason: string },
): Promise<Map<string, unknown>> {
  const failed = new Map<string, unknown>();
  const left = ids.values();
  const one = async () => {
    for (const jobId of left) {
      try {
        await caller.call("batch:TerminateJob", { jobId, reason });
      } catch (error) {
        failed.set(jobId, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, one));
  return failed;
}

/** How a job was submitted. */
export interface Submitted {
  /** Its id; the parent's, for an array. */
  readonly jobId: string;
  /** Whether it may be there twice, since the effect of a submission is not known for certain. */
  readonly perhapsTwice: boolean;
}

/**
 * Submits a job. SubmitJob has no idempotency token: after no answer the job's unique name decides.
 *
 * @throws {AwsError} if AWS refuses it, or does not answer.
 */
export async function submitJob(
  caller: AwsCaller,
  input: AwsInput<"batch:SubmitJob">,
  { absenceMs, notice }: { absenceMs: number; notice: (line: string) => void },
): Promise<Submitted> {
  let request = input;
  let perhapsTwice = false;
  for (let tries = 1;; tries++) {
    try {
      const { jobId } = await caller.call("batch:SubmitJob", request, { retry: "answered" });
      return { jobId: jobId!, perhapsTwice };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error.concernsTags && request.tags !== undefined) {
        notice(`Jobs are submitted without tags: ${error.message}`);
        const { tags: _, propagateTags: __, ...untagged } = request;
        request = untagged;
        continue;
      }
      if (error.kind !== "unanswered") throw error;
      const [job] = await findJobsByName(caller, {
        jobQueue: input.jobQueue!,
        name: input.jobName!,
        absenceMs,
      });
      if (job?.jobId !== undefined) return { jobId: job.jobId, perhapsTwice };
      if (tries === SUBMIT_TRIES) throw error;
      perhapsTwice = true;
    }
  }
}
