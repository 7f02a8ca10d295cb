/**
 * Workers that are jobs of AWS Batch.
 *
 * @module
 */
import type { JobDetail } from "@aws-sdk/client-batch";
import type {
  DriverContext,
  Fleet,
  FleetEvent,
  HostedChannel,
  RegisterEntry,
  Replacement,
  StopOptions,
  WorkerErrorReport,
  WorkerHello,
  WorkerStatus,
} from "../../core/driver.ts";
import { DriverError, messageOf } from "../../core/errors.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { findJobsByName, submitJob, terminateJobs } from "./job_calls.ts";
import { hasEnded, type JobEnd, jobEnd, waitingReason } from "./job_end.ts";
import { jobRequest, type JobRequestFacts, LARGEST_ARRAY, timeoutSeconds } from "./job_request.ts";
import { JobWatch } from "./job_watch.ts";
import type { BatchTiming } from "./timing.ts";

/** What a fleet goes by. */
export interface BatchFleetParts {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** The run. */
  readonly context: DriverContext;
  /** Its channel. */
  readonly channel: HostedChannel;
  /** What its requests have in common. */
  readonly facts: JobRequestFacts;
  /** The region that the jobs are in: a cleanup must find them from anywhere. */
  readonly region: string;
  /** How long to wait for what. */
  readonly timing: BatchTiming;
}

/** A SubmitJob and what came of it. */
interface Submission {
  readonly name: string;
  readonly parentId: string;
  readonly entry: RegisterEntry;
  readonly perhapsTwice: boolean;
  readonly jobs: Job[];
}

/** A job that is one worker. */
interface Job {
  readonly jobId: string;
  readonly worker: number;
  readonly submission: Submission;
  hello?: WorkerHello;
  waiting?: string;
  runningSinceMs?: number;
  isTerminated: boolean;
  end?: JobEnd;
}

const OVER_REASON = "blockfleet: the run is over";

/** The workers of one run. */
export class BatchFleet implements Fleet {
  readonly #parts: BatchFleetParts;
  readonly #events = new MessageQueue<FleetEvent>();
  readonly #jobs = new Map<string, Job>();
  /** Each worker's present job. */
  readonly #current = new Map<number, Job>();
  readonly #submissions: Submission[] = [];
  readonly #watch: JobWatch;
  /** Workers whose jobs are being submitted, so that their ids are not known. */
  readonly #submitting = new Set<number>();
  readonly #early = new Map<string, WorkerHello>();
  readonly #underway = new Set<Promise<unknown>>();
  #workers = 0;
  #sequence = 0;
  #stopping: Promise<WorkerErrorReport[]> | undefined;

  constructor(parts: BatchFleetParts) {
    this.#parts = parts;
    const { caller, timing, context: { notice } } = parts;
    this.#watch = new JobWatch(caller, {
      timing,
      notice,
      seen: (detail) => this.#seen(detail),
      absent: (jobId) =>
        this.#ended(jobId, { cause: "unknown", text: `job ${jobId}: AWS Batch knows it no more` }),
    });
    parts.channel.admit = (requested, hello) => this.#admit(requested, hello);
  }

  get events(): AsyncIterable<FleetEvent> {
    return this.#events;
  }

  workers(): WorkerStatus[] {
    return [...this.#current].map(([worker, { jobId: nativeId, ...job }]): WorkerStatus => {
      if (job.end) return { worker, nativeId, state: "ended", reason: job.end.text };
      if (job.hello) return { worker, nativeId, state: "running" };
      if (job.runningSinceMs !== undefined) return { worker, nativeId, state: "starting" };
      return { worker, nativeId, state: "queued", reason: job.waiting ?? "SUBMITTED" };
    });
  }

  /**
   * Submits jobs for more workers, numbered on from those there are.
   *
   * @throws {AwsError} if AWS does not take them.
   */
  async add(count: number): Promise<void> {
    const end = this.#workers + count;
    while (this.#workers < end) {
      const size = Math.min(LARGEST_ARRAY, end - this.#workers);
      const first = this.#workers;
      this.#workers += size;
      await this.#submit(first, size);
    }
  }

  async replace(worker: number, signal: AbortSignal): Promise<Replacement> {
    if (signal.aborted || this.#stopping) return { replaced: false, reason: "the run is over" };
    const old = this.#current.get(worker);
    if (old && !old.end) {
      const reason = "blockfleet: the worker was lost and is replaced";
      const failed = (await this.#terminate([old], reason)).get(old.jobId);
      if (failed) return { replaced: false, reason: messageOf(failed) };
      this.#parts.channel.workerGone(worker, "its job was terminated");
    }
    if (signal.aborted || this.#stopping) return { replaced: false, reason: "the run is over" };
    try {
      await this.#submit(worker, 1);
      return { replaced: true };
    } catch (error) {
      return { replaced: false, reason: messageOf(error) };
    }
  }

  async grow(workers: number, signal: AbortSignal): Promise<{ added: number; reason?: string }> {
    if (signal.aborted || this.#stopping) return { added: 0, reason: "the run is over" };
    const { room } = this.#parts.facts.place;
    const count = Math.max(0, Math.min(workers, (room?.workers ?? Infinity) - this.#workers));
    if (count === 0) return { added: 0, reason: room!.reason };
    try {
      await this.add(count);
    } catch (error) {
      return { added: 0, reason: messageOf(error) };
    }
    return count < workers ? { added: count, reason: room!.reason } : { added: count };
  }

  check(worker: number): void {
    if (this.#current.has(worker)) this.#watch.hurry();
  }

  async stop(options: StopOptions): Promise<WorkerErrorReport[]> {
    if (this.#stopping) {
      await this.#stopping;
      return [];
    }
    return await (this.#stopping = this.#stop(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ finished: false });
  }

  async #stop({ finished }: StopOptions): Promise<WorkerErrorReport[]> {
    const { caller, timing } = this.#parts;
    try {
      await Promise.allSettled(this.#underway);
      this.#watch.hurry();
      // Whoever was told that there is no more work ends by itself; the queue need not call that a failure.
      if (finished) {
        await this.#watch.until(
          () => this.#live(({ hello }) => hello !== undefined).length === 0,
          timing.ownEndMs,
        );
      }
      await this.#terminateAll();
      await this.#watch.until(() => this.#live().length === 0, timing.terminateMs);
      await this.#settleRegister();
      return this.#reports();
    } finally {
      await this.#watch.close();
      this.#events.close();
      caller.destroy();
    }
  }

  #live(which: (job: Job) => boolean = () => true): Job[] {
    return [...this.#jobs.values()].filter((job) => !job.end && which(job));
  }

  async #submit(first: number, count: number): Promise<void> {
    const submitting = this.#submitNow(first, count).finally(() => this.#underway.delete(submitting));
    this.#underway.add(submitting);
    await submitting;
  }

  async #submitNow(first: number, count: number): Promise<void> {
    const { caller, context, facts, region, timing } = this.#parts;
    const request = jobRequest(facts, { first, count, sequence: this.#sequence++ });
    const { jobName: name, jobQueue } = request;
    const workers = Array.from({ length: count }, (_, index) => first + index);
    for (const worker of workers) this.#submitting.add(worker);
    const register = await context.register();
    const entry = await register.intend({
      type: "batch-job",
      key: name!,
      data: { jobQueue, region },
    });
    try {
      const { jobId, perhapsTwice } = await submitJob(caller, request, {
        absenceMs: timing.absenceMs,
        notice: context.notice,
      });
      await entry.made({ jobId, size: count });
      const submission: Submission = { name: name!, parentId: jobId, entry, perhapsTwice, jobs: [] };
      this.#submissions.push(submission);
      workers.forEach((worker, index) =>
        this.#know(count === 1 ? jobId : `${jobId}:${index}`, worker, submission)
      );
    } catch (error) {
      // An answer that never came may still have had its effect: then it stays in the register.
      if (!isUnanswered(error)) await entry.gone();
      throw error;
    } finally {
      for (const worker of workers) this.#submitting.delete(worker);
    }
    this.#watch.hurry();
  }

  #know(jobId: string, worker: number, submission: Submission): void {
    const job: Job = { jobId, worker, submission, isTerminated: false };
    submission.jobs.push(job);
    this.#jobs.set(jobId, job);
    this.#current.set(worker, job);
    this.#watch.add(jobId);
    const hello = this.#early.get(jobId);
    if (hello) this.#greet(job, hello);
  }

  #admit(requested: number | undefined, hello: WorkerHello): number {
    const job = this.#jobs.get(hello.nativeId);
    if (job) {
      if (this.#current.get(job.worker) !== job) {
        throw new DriverError(`job '${job.jobId}' has been replaced`);
      }
      this.#greet(job, hello);
      return job.worker;
    }
    if (requested === undefined || !this.#submitting.has(requested)) {
      throw new DriverError(`'${hello.nativeId}' is no job of this run`);
    }
    this.#early.set(hello.nativeId, hello);
    return requested;
  }

  #greet(job: Job, hello: WorkerHello): void {
    job.hello = hello;
    const nowMs = performance.now();
    const walltimeSeconds = timeoutSeconds(this.#parts.facts.submitJob);
    const spentSeconds = (nowMs - (job.runningSinceMs ??= nowMs)) / 1000;
    const { worker, jobId: nativeId } = job;
    const secondsLeft = Math.max(0, walltimeSeconds - spentSeconds);
    this.#events.push({ type: "started", worker, nativeId, host: hello.host, secondsLeft, walltimeSeconds });
  }

  #seen(detail: JobDetail): void {
    const job = this.#jobs.get(detail.jobId!);
    if (!job) return;
    if (hasEnded(detail)) return this.#ended(job.jobId, jobEnd(detail));
    if (detail.status === "RUNNING") {
      job.runningSinceMs ??= performance.now();
      return;
    }
    const reason = waitingReason(detail);
    if (job.waiting === reason || job.hello) return;
    job.waiting = reason;
    if (this.#current.get(job.worker) === job) {
      this.#events.push({ type: "queued", worker: job.worker, reason });
    }
  }

  #ended(jobId: string, end: JobEnd): void {
    const job = this.#jobs.get(jobId);
    if (!job || job.end) return;
    // It is ours to know that we ended it; a job that was only told to may have had its own end.
    job.end = job.isTerminated && end.cause !== "walltime" ? { ...end, cause: "cancelled" } : end;
    this.#watch.remove(jobId);
    const { worker } = job;
    if (this.#current.get(worker) !== job) return;
    if (this.#stopping) this.#parts.channel.workerGone(worker, end.text);
    const { cause, exitCode, text } = job.end;
    const code = exitCode === undefined ? {} : { exitCode };
    this.#events.push({ type: "ended", worker, nativeId: jobId, cause, ...code, logTail: text });
  }

  async #terminate(jobs: readonly Job[], reason: string): Promise<Map<string, unknown>> {
    for (const job of jobs) job.isTerminated = true;
    return await terminateJobs(this.#parts.caller, { ids: jobs.map(({ jobId }) => jobId), reason });
  }

  /** An array's parent first, which ends what has not started with one call, then each job by itself. */
  async #terminateAll(): Promise<void> {
    const { caller, context } = this.#parts;
    const parents = this.#submissions.filter(({ parentId, jobs }) =>
      jobs.some(({ jobId, end }) => !end && jobId !== parentId)
    );
    const live = this.#live();
    for (const job of live) job.isTerminated = true;
    const ids = parents.map(({ parentId }) => parentId);
    for (const submission of this.#submissions) {
      if (submission.perhapsTwice) ids.push(...await this.#twins(submission));
    }
    const failed = await terminateJobs(caller, { ids, reason: OVER_REASON });
    for (const [id, error] of await this.#terminate(live, OVER_REASON)) failed.set(id, error);
    for (const error of new Set([...failed.values()].map(messageOf))) {
      context.notice(`A job can't be terminated: ${error}`);
    }
  }

  /** Jobs that an unanswered submission made after all, beside those of the next one. */
  async #twins({ name, parentId }: Submission): Promise<string[]> {
    const { caller, context, facts: { place: { jobQueue } }, timing: { absenceMs } } = this.#parts;
    try {
      const found = await findJobsByName(caller, { jobQueue, name, absenceMs });
      return found.flatMap(({ jobId }) => jobId === undefined || jobId === parentId ? [] : [jobId]);
    } catch (error) {
      context.notice(`Jobs named '${name}' may be left: ${messageOf(error)}`);
      return [];
    }
  }

  async #settleRegister(): Promise<void> {
    const { context: { notice }, region } = this.#parts;
    for (const { jobs, entry } of this.#submissions) if (jobs.every(({ end }) => end)) await entry.gone();
    const left = this.#live().map(({ jobId }) => jobId);
    if (left.length === 0) return;
    notice(
      `${left.length} jobs have not ended yet: ${left.slice(0, 5).join(", ")}${
        left.length > 5 ? ", ..." : ""
      }. ` +
        `See "aws batch describe-jobs --region ${region} --jobs ${
          left[0]
        }", or run "blockfleet cleanup --run ${this.#parts.context.runId}"`,
    );
  }

  #reports(): WorkerErrorReport[] {
    return [...this.#jobs.values()].flatMap(({ worker, jobId: nativeId, end, isTerminated, hello }) => {
      const failed = end !== undefined && !isTerminated && end.exitCode !== undefined && end.exitCode !== 0;
      return failed && hello !== undefined ? [{ worker, nativeId, text: end.text }] : [];
    });
  }
}

function isUnanswered(error: unknown): boolean {
  return error instanceof Error && "kind" in error && error.kind === "unanswered";
}
