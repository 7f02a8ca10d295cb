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
  Replacement,
  StopOptions,
  WorkerErrorReport,
  WorkerHello,
  WorkerStatus,
} from "../../core/driver.ts";
import { messageOf } from "../../core/errors.ts";
import { CW_AWSBATCH } from "../../core/kinds.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import { SubmissionNews } from "../../core/submission_news.ts";
import type { AwsSend } from "../aws/api.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import { LogTails, withTail } from "../aws/log_tails.ts";
import { settleRegister, terminateAll } from "./end_jobs.ts";
import { type Job, JobBook, type Submission } from "./job_book.ts";
import { submitJob, terminateJobs } from "./job_calls.ts";
import { hasEnded, type JobEnd, jobEnd, waitingReason } from "./job_end.ts";
import { jobRequest, type JobRequestFacts, LARGEST_ARRAY, timeoutSeconds } from "./job_request.ts";
import { JobWatch } from "./job_watch.ts";
import type { BatchTiming } from "./timing.ts";

/** What a fleet goes by. */
export interface BatchFleetParts {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** Calls AWS in a region, for logs; undefined for that of the jobs. */
  send(region: string | undefined): AwsSend;
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

/** The workers of one run. */
export class BatchFleet implements Fleet {
  readonly #parts: BatchFleetParts;
  readonly #events = new MessageQueue<FleetEvent>();
  readonly #book = new JobBook();
  readonly #watch: JobWatch;
  readonly #logs: LogTails;
  readonly #news: SubmissionNews;
  readonly #underway = new Set<Promise<unknown>>();
  #workers = 0;
  #sequence = 0;
  #stopping: Promise<WorkerErrorReport[]> | undefined;

  constructor(parts: BatchFleetParts) {
    this.#parts = parts;
    const { caller, timing, facts, region, context: { runId, notice } } = parts;
    this.#news = new SubmissionNews({
      ...{ kind: CW_AWSBATCH, runId, noun: "job", notice },
      where: () => `queue '${facts.place.jobQueue}' in ${region}`,
    });
    this.#watch = new JobWatch(caller, {
      timing,
      notice,
      seen: (detail) => this.#seen(detail),
      absent: (jobId) =>
        this.#ended(jobId, { cause: "unknown", text: `job ${jobId}: AWS Batch knows it no more` }),
    });
    this.#logs = new LogTails({
      send: parts.send,
      times: { mostMs: timing.logMs.most, workedMs: timing.logMs.worked, againMs: timing.logMs.again },
      secrets: Object.values(parts.channel.workerEnvironment),
      notice,
    });
    parts.channel.admit = (requested, hello) => this.#admit(requested, hello);
  }

  get events(): AsyncIterable<FleetEvent> {
    return this.#events;
  }

  workers(): WorkerStatus[] {
    return this.#book.statuses();
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
    const old = this.#book.current(worker);
    if (old && !old.end) {
      const reason = "blockfleet: the worker was lost and is replaced";
      old.isTerminated = true;
      const { caller } = this.#parts;
      const failed = (await terminateJobs(caller, { ids: [old.jobId], reason })).get(old.jobId);
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
    if (this.#book.current(worker)) this.#watch.hurry();
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
    const { caller, timing, region, facts, context: { runId, notice } } = this.#parts;
    const book = this.#book;
    const { jobQueue } = facts.place;
    const ending = { caller, runId, book, jobQueue, region, absenceMs: timing.absenceMs, notice };
    try {
      await Promise.allSettled(this.#underway);
      this.#watch.hurry();
      // A worker that was told that there is no more work ends by itself; if it were terminated, Batch would call it failed.
      if (finished) {
        await this.#watch.until(() => book.live().every(({ hello }) => hello === undefined), timing.ownEndMs);
      }
      await terminateAll(ending);
      await this.#watch.until(() => book.live().length === 0, timing.terminateMs);
      await settleRegister(ending);
    } finally {
      // They had the time that ending took, and get no more.
      await this.#logs.close();
      await this.#watch.close();
      this.#events.close();
      caller.destroy();
    }
    return this.#reports();
  }

  async #submit(first: number, count: number): Promise<void> {
    const submitting = this.#submitNow(first, count).finally(() => this.#underway.delete(submitting));
    this.#underway.add(submitting);
    await submitting;
  }

  async #submitNow(first: number, count: number): Promise<void> {
    const request = jobRequest(this.#parts.facts, { first, count, sequence: this.#sequence++ });
    const workers = Array.from({ length: count }, (_, index) => first + index);
    await this.#book.submitting(workers, async () => {
      const submission = await this.#submitWritten(request, count);
      for (const job of this.#book.submitted(workers, submission)) {
        this.#watch.add(job.jobId);
        if (job.hello) this.#greet(job, job.hello);
      }
      this.#news.add(submission.parentId, count === 1 ? `worker ${first}` : `array of ${count}`);
      this.#news.tell();
    });
    this.#watch.hurry();
  }

  /** Writes a request down, then makes it. */
  async #submitWritten(
    request: ReturnType<typeof jobRequest>,
    size: number,
  ): Promise<Omit<Submission, "jobs">> {
    const { caller, context, region, timing: { absenceMs } } = this.#parts;
    const { jobQueue } = request;
    const name = request.jobName!;
    const register = await context.register();
    const entry = await register.intend({ type: "batch-job", key: name, data: { jobQueue, region } });
    try {
      const { jobId: parentId, perhapsTwice } = await submitJob(caller, request, {
        absenceMs,
        notice: context.notice,
      });
      await entry.made({ jobId: parentId, size });
      return { name, parentId, entry, perhapsTwice };
    } catch (error) {
      // An answer that never came may still have had its effect: then it stays in the register.
      if (!(error instanceof AwsError && error.kind === "unanswered")) await entry.gone();
      throw error;
    }
  }

  #admit(requested: number | undefined, hello: WorkerHello): number {
    const job = this.#book.connected(requested, hello);
    if (!job) return requested!;
    this.#greet(job, hello);
    return job.worker;
  }

  #greet(job: Job, hello: WorkerHello): void {
    const nowMs = performance.now();
    const walltimeSeconds = timeoutSeconds(this.#parts.facts.submitJob);
    const spentSeconds = (nowMs - (job.runningSinceMs ??= nowMs)) / 1000;
    const { worker, jobId: nativeId } = job;
    const secondsLeft = Math.max(0, walltimeSeconds - spentSeconds);
    this.#events.push({ type: "started", worker, nativeId, host: hello.host, secondsLeft, walltimeSeconds });
  }

  #seen(detail: JobDetail): void {
    const job = this.#book.get(detail.jobId!);
    if (!job) return;
    if (hasEnded(detail)) return this.#ended(job.jobId, jobEnd(detail));
    if (detail.status === "RUNNING") {
      job.runningSinceMs ??= performance.now();
      return;
    }
    const reason = waitingReason(detail);
    if (job.waiting === reason || job.hello) return;
    job.waiting = reason;
    if (this.#book.isCurrent(job)) {
      this.#events.push({ type: "queued", worker: job.worker, reason });
    }
  }

  #ended(jobId: string, end: JobEnd): void {
    const job = this.#book.get(jobId);
    if (!job || job.end) return;
    // It is ours to know that we ended it; a job that was only told to may have had its own end.
    job.end = job.isTerminated && end.cause !== "walltime" ? { ...end, cause: "cancelled" } : end;
    this.#watch.remove(jobId);
    const { worker, hello } = job;
    if (!this.#book.isCurrent(job)) return;
    if (this.#stopping) this.#parts.channel.workerGone(worker, end.text);
    if (job.isTerminated) this.#tell(job);
    else this.#logs.tell({ ...job.end, hasConnected: hello !== undefined }, (tail) => this.#tell(job, tail));
  }

  #tell(job: Job, tail?: string): void {
    const end = job.end = { ...job.end!, text: withTail(job.end!.text, tail) };
    const { cause, exitCode, text: logTail } = end;
    const code = exitCode === undefined ? {} : { exitCode };
    const { worker, jobId: nativeId } = job;
    this.#events.push({ type: "ended", worker, nativeId, cause, ...code, logTail });
  }

  #reports(): WorkerErrorReport[] {
    return this.#book.all().flatMap(({ worker, jobId: nativeId, end, isTerminated, hello }) => {
      const failed = end !== undefined && !isTerminated && end.exitCode !== undefined && end.exitCode !== 0;
      return failed && hello !== undefined ? [{ worker, nativeId, text: end.text }] : [];
    });
  }
}
