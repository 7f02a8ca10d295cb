/**
 * Which job is which worker.
 *
 * @module
 */
import type { RegisterEntry, WorkerHello, WorkerStatus } from "../../core/driver.ts";
import { DriverError } from "../../core/errors.ts";
import type { JobEnd } from "./job_end.ts";

/** A SubmitJob and what came of it. */
export interface Submission {
  /** The unique name of its jobs. */
  readonly name: string;
  /** The job, or the array's parent. */
  readonly parentId: string;
  /** Its line in the register. */
  readonly entry: RegisterEntry;
  /** Whether there may be another like it, since the effect of a submission is not known for certain. */
  readonly perhapsTwice: boolean;
  /** Its jobs, each a worker. */
  readonly jobs: Job[];
}

/** A job that is one worker. */
export interface Job {
  /** Its id. */
  readonly jobId: string;
  /** The worker's number. */
  readonly worker: number;
  /** What its worker said as it connected. */
  hello?: WorkerHello;
  /** Why it waits, as far as it was told. */
  waiting?: string;
  /** When it was first seen to run, by `performance.now()`. */
  runningSinceMs?: number;
  /** Whether we terminated it. */
  isTerminated: boolean;
  /** How it ended. */
  end?: JobEnd;
}

/** Workers by number and by job. */
export class JobBook {
  /** Every submission, in order. */
  readonly submissions: Submission[] = [];
  readonly #jobs = new Map<string, Job>();
  /** Each worker's present job. */
  readonly #current = new Map<number, Job>();
  /** Workers whose jobs are being submitted, so that their ids are not known. */
  readonly #submitting = new Set<number>();
  /** What those said that were faster than the answer to the call that submitted them. */
  readonly #early = new Map<string, WorkerHello>();

  /** Where every worker stands. */
  statuses(): WorkerStatus[] {
    return [...this.#current].map(([worker, { jobId: nativeId, ...job }]): WorkerStatus => {
      if (job.end) return { worker, nativeId, state: "ended", reason: job.end.text };
      if (job.hello) return { worker, nativeId, state: "running" };
      if (job.runningSinceMs !== undefined) return { worker, nativeId, state: "starting" };
      return { worker, nativeId, state: "queued", reason: job.waiting ?? "SUBMITTED" };
    });
  }

  /** Every job there has been. */
  all(): Job[] {
    return [...this.#jobs.values()];
  }

  /** Jobs that have not ended. */
  live(): Job[] {
    return this.all().filter(({ end }) => end === undefined);
  }

  /** A job. */
  get(jobId: string): Job | undefined {
    return this.#jobs.get(jobId);
  }

  /** A worker's present job. */
  current(worker: number): Job | undefined {
    return this.#current.get(worker);
  }

  /** Whether a job has not been replaced. */
  isCurrent(job: Job): boolean {
    return this.#current.get(job.worker) === job;
  }

  /** Workers whose jobs are submitted while `submit` lasts. */
  async submitting<Result>(workers: readonly number[], submit: () => Promise<Result>): Promise<Result> {
    for (const worker of workers) this.#submitting.add(worker);
    try {
      return await submit();
    } finally {
      for (const worker of workers) this.#submitting.delete(worker);
    }
  }

  /**
   * Jobs were submitted for these workers.
   *
   * @returns the jobs.
   */
  submitted(workers: readonly number[], submission: Omit<Submission, "jobs">): Job[] {
    const { parentId } = submission;
    const jobs = workers.map((worker, index): Job => {
      const jobId = workers.length === 1 ? parentId : `${parentId}:${index}`;
      const hello = this.#early.get(jobId);
      return { jobId, worker, isTerminated: false, ...hello ? { hello } : {} };
    });
    for (const job of jobs) {
      this.#jobs.set(job.jobId, job);
      this.#current.set(job.worker, job);
    }
    this.submissions.push({ ...submission, jobs });
    return jobs;
  }

  /**
   * The job of a worker that has connected, with what it said; undefined where its id is not known yet: then it is the worker
   * of the number that it asks for.
   *
   * @throws {DriverError} if none is awaited that it could be.
   */
  connected(requested: number | undefined, hello: WorkerHello): Job | undefined {
    const job = this.#jobs.get(hello.nativeId);
    if (job) {
      if (!this.isCurrent(job)) throw new DriverError(`job '${job.jobId}' has been replaced`);
      job.hello = hello;
      return job;
    }
    if (requested === undefined || !this.#submitting.has(requested)) {
      throw new DriverError(`'${hello.nativeId}' is no job of this run`);
    }
    this.#early.set(hello.nativeId, hello);
    return undefined;
  }
}
