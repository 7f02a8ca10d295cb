/**
 * Looks at all jobs of a run from time to time, each by itself: an array's parent says too little, and too late.
 *
 * @module
 */
import type { JobDetail } from "@aws-sdk/client-batch";
import { messageOf } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import { describeJobs } from "./job_calls.ts";
import type { BatchTiming } from "./timing.ts";

/** Who hears of jobs. */
export interface JobWatchOptions {
  /** How often. */
  readonly timing: BatchTiming;
  /** A job as it stands. */
  seen(detail: JobDetail): void;
  /** A job is not known any more. */
  absent(jobId: string): void;
  /** A line for the user. */
  notice(line: string): void;
}

interface WatchedJob {
  readonly sinceMs: number;
  /** When it was first found missing. */
  missingMs?: number;
}

/** The delay between looks grows by this while nothing calls for hurry. */
const GROWTH = 1.5;

/** Watches jobs until it is closed. */
export class JobWatch {
  readonly #caller: AwsCaller;
  readonly #options: JobWatchOptions;
  readonly #jobs = new Map<string, WatchedJob>();
  readonly #closed = new AbortController();
  readonly #watching: Promise<void>;
  #wake = new AbortController();
  #looked = Promise.withResolvers<void>();
  #delayMs: number;
  #said: string | undefined;
  #isBlind = false;

  constructor(caller: AwsCaller, options: JobWatchOptions) {
    this.#caller = caller;
    this.#options = options;
    this.#delayMs = options.timing.pollMs.least;
    this.#watching = this.#watch();
  }

  /** Watches a job. */
  add(jobId: string): void {
    this.#jobs.set(jobId, { sinceMs: performance.now() });
  }

  /** Its end is known. */
  remove(jobId: string): void {
    this.#jobs.delete(jobId);
  }

  /** Something happened: looks often again. */
  hurry(): void {
    this.#delayMs = this.#options.timing.pollMs.least;
    this.#wake.abort();
  }

  /** Waits until that holds, looking often, but no longer than so many milliseconds, nor while looking is forbidden. */
  async until(holds: () => boolean, limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (!holds() && !this.#isBlind && performance.now() < endMs && !this.#closed.signal.aborted) {
      this.#delayMs = this.#options.timing.pollMs.least;
      const patience = new AbortController();
      await Promise.race([this.#looked.promise, sleep(endMs - performance.now(), patience.signal)]);
      patience.abort();
    }
  }

  /** Looks no more. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#wake.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      await sleep(this.#delayMs, this.#wake.signal);
      // After a hurry, too, the least delay is kept: what has just happened takes that long to show.
      if (this.#wake.signal.aborted && !this.#closed.signal.aborted) {
        this.#wake = new AbortController();
        await sleep(this.#options.timing.pollMs.least, this.#closed.signal);
      }
      this.#delayMs = Math.min(this.#delayMs * GROWTH, this.#options.timing.pollMs.most);
      if (!this.#closed.signal.aborted) await this.#look();
      const looked = this.#looked;
      this.#looked = Promise.withResolvers();
      looked.resolve();
    }
  }

  async #look(): Promise<void> {
    const ids = [...this.#jobs.keys()];
    try {
      const found = await describeJobs(this.#caller, ids);
      this.#said = undefined;
      this.#isBlind = false;
      for (const jobId of ids) {
        const detail = found.get(jobId);
        if (detail) {
          delete this.#jobs.get(jobId)?.missingMs;
          this.#options.seen(detail);
        } else this.#missing(jobId);
      }
    } catch (error) {
      // The channel carries the run on without it; the same complaint is made once.
      const text = messageOf(error);
      if (text !== this.#said) this.#options.notice(`The jobs can't be looked at: ${text}`);
      this.#said = text;
      this.#isBlind = error instanceof AwsError && error.kind === "denied";
    }
  }

  #missing(jobId: string): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    const { absenceMs, freshMs } = this.#options.timing;
    const nowMs = performance.now();
    job.missingMs ??= nowMs;
    if (nowMs - job.sinceMs < freshMs || nowMs - job.missingMs < absenceMs) return;
    this.#jobs.delete(jobId);
    this.#options.absent(jobId);
  }
}
