/**
 * Submits the jobs of a run: arrays as large as the site allows, retried where that may help, never twice.
 *
 * @module
 */
import type { RegisterEntry, RunRegister } from "../../core/driver.ts";
import { SubmitError } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import { SubmissionNews } from "../../core/submission_news.ts";
import { type BatchScheduler, complaint, shownId, type SubmittedJob } from "./batch_scheduler.ts";
import type { CommandRunner } from "./run_command.ts";
import type { JobSubmission, WorkerJobs } from "./worker_jobs.ts";

/** The type of a job's line in the register. */
export const JOB_THING = "job";

/** A job that is in the queue. */
export interface AcceptedJob extends SubmittedJob {
  /** How it was submitted. */
  readonly submission: JobSubmission;
  /** Its line in the register. */
  readonly entry: RegisterEntry;
}

/** What a submitter works with and tells. */
export interface JobSubmitterOptions {
  /** The queue. */
  readonly scheduler: BatchScheduler;
  /** Runs its commands. */
  readonly run: CommandRunner;
  /** Makes the jobs. */
  readonly jobs: WorkerJobs;
  /** Opens the run's register. */
  register(): Promise<RunRegister>;
  /** Most elements of an array; 1 for no arrays. */
  readonly arrayLimit: number;
  /** Aborted when nothing may be submitted any more. */
  readonly signal: AbortSignal;
  /** The run. */
  readonly runId: string;
  /** Where its jobs write. */
  readonly logFolder: string;
  /** A line for the user. */
  notice(line: string): void;
  /** A job was accepted. */
  accepted(job: AcceptedJob): void;
  /** Workers from `first` to `end` - 1 wait to be submitted, and why. */
  delayed(first: number, end: number, reason: string): void;
}

/** Delay before a refused submission is tried again: doubles, with jitter, so that many runs don't come at once. */
const RETRY_MS = { least: 2000, most: 60_000 };
/** Between two submissions. */
const THROTTLE_MS = 100;
/** A submission without an answer may still be under way for so long. */
const UNDER_WAY_MS = 2000;

/** Submits; one call at a time. */
export class JobSubmitter {
  readonly #options: JobSubmitterOptions;
  readonly #news: SubmissionNews;
  #atOnce: number;
  #last: Promise<unknown> = Promise.resolve();
  #isUndecided = false;
  readonly #givenUp = new AbortController();

  /** A submitter of one run. */
  constructor(options: JobSubmitterOptions) {
    this.#options = options;
    const { scheduler: { kind }, runId, logFolder } = options;
    this.#news = new SubmissionNews({
      ...{ kind, runId, noun: "job", where: () => `logs in ${logFolder}` },
      notice: (line) => options.notice(line),
    });
    this.#atOnce = options.arrayLimit;
  }

  /**
   * Submits the workers from `first` on; returns when all are accepted, or the run is over.
   *
   * @throws {SubmitError} if the scheduler refuses for good; what was accepted before stays.
   */
  submit(first: number, workers: number): Promise<void> {
    const submitted = this.#last.then(() => this.#submitAll(first, first + workers)).finally(() =>
      this.#news.tell()
    );
    this.#last = submitted.catch(() => {});
    return submitted;
  }

  /** Whether the run was over before it was known whether a job had been accepted. */
  get isUndecided(): boolean {
    return this.#isUndecided;
  }

  /**
   * Waits until nothing is under way, for `ms` milliseconds at most. A submission that has not been answered by then is given up:
   * its command must not outlive this program, and it is not known what has become of its job.
   */
  async settled(ms: number): Promise<void> {
    const patience = new AbortController();
    const isSettled = await Promise.race([
      this.#last.then(() => true),
      sleep(ms, patience.signal).then(() => false),
    ]);
    patience.abort();
    if (isSettled) return;
    this.#isUndecided = true;
    this.#givenUp.abort();
  }

  async #submitAll(first: number, end: number): Promise<void> {
    const { signal, delayed, scheduler } = this.#options;
    let delayMs = RETRY_MS.least;
    for (let next = first; next < end && !signal.aborted;) {
      const left = end - next;
      const workers = left < scheduler.leastArraySize ? 1 : Math.min(left, this.#atOnce);
      const answer = await this.#submitOne(next, workers < scheduler.leastArraySize ? 1 : workers);
      if (answer.accepted !== undefined) {
        next += answer.accepted;
        delayMs = RETRY_MS.least;
        if (next < end) await sleep(THROTTLE_MS, signal);
        continue;
      }
      if (answer.refusal === "limit" && workers > 1) {
        this.#atOnce = Math.ceil(workers / 2);
        continue;
      }
      this.#news.tellSeldom();
      delayed(next, end, `not accepted yet: ${answer.reason}`);
      await sleep(delayMs * (0.5 + Math.random()), signal);
      delayMs = Math.min(RETRY_MS.most, 2 * delayMs);
    }
  }

  async #submitOne(
    first: number,
    workers: number,
  ): Promise<{ accepted: number } | { accepted?: undefined; refusal: "limit" | "busy"; reason: string }> {
    const { scheduler, run, jobs, register, accepted } = this.#options;
    const submission = jobs.make(first, workers);
    const { arraySize, clusters } = submission;
    const entry = await (await register()).intend({
      type: JOB_THING,
      key: submission.token,
      data: {
        ...arraySize === undefined ? {} : { arraySize },
        ...clusters === undefined ? {} : { clusters },
      },
    });
    const result = await run(submission.command, {
      stdin: submission.script,
      signal: this.#givenUp.signal,
      ...submission.environment ? { env: submission.environment } : {},
    });
    const jobId = result.exitCode === 0 ? scheduler.parseJobId(result.stdout) : undefined;
    const accept = async (id: string) => {
      // Known before it is written down: what is known is cancelled even if the register can't be written.
      accepted({ jobId: id, arraySize, submission, entry });
      this.#news.add(
        shownId(scheduler, id),
        arraySize === undefined ? `worker ${first}` : `array of ${arraySize}`,
      );
      await entry.made({ id });
      return { accepted: workers };
    };
    if (jobId !== undefined) return await accept(jobId);
    const refusal = result.exitCode === 0 ? "unanswered" : scheduler.refusal(result);
    const reason = complaint(result);
    if (refusal === "final") {
      await entry.gone();
      throw new SubmitError(`Cannot submit ${workers === 1 ? "a worker" : `${workers} workers`}: ${reason}`, {
        transient: false,
      });
    }
    if (refusal === "unanswered") {
      const found = await this.#lookUp(submission, first + workers, reason);
      if (found !== undefined) return await accept(found);
      // Its line stays in the register, for whoever cleans up.
      if (this.#isUndecided) return { refusal: "busy", reason };
    }
    await entry.gone();
    return { refusal: refusal === "limit" ? "limit" : "busy", reason };
  }

  /** Whether a job was accepted although no answer came. Waits for a word: without one nothing may be submitted again. */
  async #lookUp(
    { token, firstWorker, clusters }: JobSubmission,
    end: number,
    reason: string,
  ): Promise<string | undefined> {
    const { scheduler, run, signal, delayed } = this.#options;
    let delayMs = UNDER_WAY_MS;
    for (let isFirst = true;; isFirst = false) {
      await sleep(delayMs, signal);
      const found = await scheduler.find(run, token, clusters);
      if (found !== undefined && (found.length > 0 || !isFirst)) return found[0];
      if (signal.aborted) {
        this.#isUndecided = true;
        return undefined;
      }
      delayed(firstWorker, end, `not known whether it was accepted: ${reason}`);
      delayMs = Math.min(RETRY_MS.most, 2 * delayMs);
    }
  }
}
