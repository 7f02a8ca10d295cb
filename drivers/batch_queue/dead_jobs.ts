/**
 * Jobs of runs whose manager is dead: told to end, and awaited until the queue no longer has them.
 *
 * @module
 */
import { sleep } from "../../core/sleep.ts";
import { type BatchScheduler, shownId, type SubmittedJob } from "./batch_scheduler.ts";
import type { CommandRunner } from "./run_command.ts";

/** A job of a dead run. */
export interface DeadJob extends SubmittedJob {
  /** For people: scheduler, id and run. */
  readonly what: string;
  /** Why it is still in the queue, in the queue's word; undefined once it is gone. */
  standing: string | undefined;
}

/**
 * Jobs have so long to leave the queue, milliseconds: PBS may hear of an end 10 s after it, and copies logs for 30 s where that
 * does not succeed.
 */
const GONE_MS = 35_000;
/** That they are awaited is told after so long, milliseconds. */
const TELL_MS = 3000;
/** They are asked about so often. */
const ASK_MS = { least: 500, most: 2000, growth: 1.5 };

/** A job that has not been told to end. */
export function deadJob(scheduler: BatchScheduler, job: SubmittedJob, runId: string): DeadJob {
  const what = `${scheduler.title} job ${shownId(scheduler, job.jobId)} of run ${runId}`;
  return { ...job, what, standing: undefined };
}

/**
 * Waits until the queue has none of the jobs that stand in it, but not for ever.
 *
 * @param look brings up to date how these jobs stand.
 * @param notice takes a line for the user, if it takes its time.
 */
export async function untilGone(
  jobs: readonly DeadJob[],
  look: (left: readonly DeadJob[]) => Promise<void>,
  notice?: (line: string) => void,
): Promise<void> {
  const since = performance.now();
  let hasTold = false;
  for (let pauseMs = ASK_MS.least;; pauseMs = Math.min(ASK_MS.most, pauseMs * ASK_MS.growth)) {
    const left = jobs.filter(({ standing }) => standing !== undefined);
    if (left.length === 0) return;
    await look(left);
    if (left.every(({ standing }) => standing === undefined)) continue;
    const waitedMs = performance.now() - since;
    if (waitedMs >= GONE_MS) return;
    if (!hasTold && waitedMs >= TELL_MS) {
      const still = jobs.filter(({ standing }) => standing !== undefined);
      notice?.(
        `${still.length} job(s) are told to end and still in the queue (${still[0]!.standing}): waiting`,
      );
      hasTold = true;
    }
    await sleep(pauseMs);
  }
}

/** How jobs stand, whose elements are known. */
export function lookById(scheduler: BatchScheduler, run: CommandRunner): Parameters<typeof untilGone>[1] {
  return async (jobs) => {
    const { trouble, reports } = await scheduler.ask(run, jobs);
    for (const job of jobs) {
      const listed = elementIds(scheduler, job).map((id) => reports.get(id)).filter((one) =>
        one !== undefined
      );
      const there = listed.find(({ state, isLeaving }) => state !== "ended" || isLeaving);
      job.standing = trouble ?? there?.reason;
    }
  };
}

/** How jobs stand of which no more is known than the token that they carry. */
export function lookByToken(
  scheduler: BatchScheduler,
  run: CommandRunner,
  { token, clusters }: { readonly token: string; readonly clusters: string | undefined },
): Parameters<typeof untilGone>[1] {
  return async (jobs) => {
    const listed = await scheduler.find(run, token, clusters);
    for (const job of jobs) {
      if (listed === undefined) job.standing = `${scheduler.title} does not answer`;
      else job.standing = listed.includes(job.jobId) ? "told to end" : undefined;
    }
  };
}

function elementIds(scheduler: BatchScheduler, { jobId, arraySize }: SubmittedJob): string[] {
  if (arraySize === undefined) return [jobId];
  return Array.from({ length: arraySize }, (_, index) => scheduler.elementId(jobId, index));
}
