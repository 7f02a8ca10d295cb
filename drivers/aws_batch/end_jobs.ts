/**
 * Ends the jobs of a run that is over.
 *
 * @module
 */
import { messageOf } from "../../core/errors.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import type { JobBook, Submission } from "./job_book.ts";
import { findJobsByName, terminateJobs } from "./job_calls.ts";

/** What ending takes. */
export interface EndJobsParts {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** The run. */
  readonly runId: string;
  /** Its jobs. */
  readonly book: JobBook;
  /** Where they are. */
  readonly jobQueue: string;
  /** See above. */
  readonly region: string;
  /** Lists lag behind by so much, milliseconds. */
  readonly absenceMs: number;
  /** A line for the user. */
  notice(line: string): void;
}

const REASON = "blockfleet: the run is over";

/** Terminates what has not ended: an array's parent first, which ends what has not started with one call, then each job. */
export async function terminateAll(parts: EndJobsParts): Promise<void> {
  const { caller, book, notice } = parts;
  const live = book.live();
  for (const job of live) job.isTerminated = true;
  const parents = book.submissions.filter(({ parentId, jobs }) =>
    jobs.some(({ jobId, end }) => !end && jobId !== parentId)
  ).map(({ parentId }) => parentId);
  const twins = await Promise.all(
    book.submissions.filter(({ perhapsTwice }) => perhapsTwice).map((submission) =>
      twinsOf(submission, parts)
    ),
  );
  const failed = new Set<string>();
  for (const ids of [[...parents, ...twins.flat()], live.map(({ jobId }) => jobId)]) {
    const errors = await terminateJobs(caller, { ids, reason: REASON });
    for (const error of errors.values()) failed.add(messageOf(error));
  }
  for (const error of failed) notice(`A job can't be terminated: ${error}`);
}

/** Writes down what is gone, and names what is not, with what shows and what removes it. */
export async function settleRegister({ book, region, runId, notice }: EndJobsParts): Promise<void> {
  for (const { jobs, entry } of book.submissions) if (jobs.every(({ end }) => end)) await entry.gone();
  const left = book.live().map(({ jobId }) => jobId);
  if (left.length === 0) return;
  const some = `${left.slice(0, 5).join(", ")}${left.length > 5 ? ", ..." : ""}`;
  notice(
    `${left.length} jobs have not ended yet: ${some}. ` +
      `See "aws batch describe-jobs --region ${region} --jobs ${
        left[0]
      }", or run "blockfleet cleanup --run ${runId}"`,
  );
}

/** Jobs that an unanswered submission made after all, beside those of the next one. */
async function twinsOf(
  { name, parentId }: Submission,
  { caller, jobQueue, absenceMs, notice }: EndJobsParts,
): Promise<string[]> {
  try {
    const found = await findJobsByName(caller, { jobQueue, name, absenceMs });
    return found.flatMap(({ jobId }) => jobId === undefined || jobId === parentId ? [] : [jobId]);
  } catch (error) {
    notice(`Jobs named '${name}' may be left: ${messageOf(error)}`);
    return [];
  }
}
