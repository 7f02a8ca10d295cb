/**
 * The workers of a run as jobs of a batch queue.
 *
 * @module
 */
import type {
  DriverContext,
  Fleet,
  FleetEvent,
  FleetSpec,
  HostedChannel,
  Replacement,
  StopOptions,
  WorkerErrorReport,
  WorkerStatus,
} from "../../core/driver.ts";
import { messageOf, SubmitError } from "../../core/errors.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import type { BatchScheduler, QueueAnswer } from "./batch_scheduler.ts";
import { cancelJobs } from "./cancel_jobs.ts";
import { type ElementEnd, isTrouble } from "./element_end.ts";
import { type EndedElement, EndFinder } from "./end_finder.ts";
import { extraError } from "./extra_errors.ts";
import type { CheckedParams } from "./extra_params.ts";
import { type FleetElement, isAbsent } from "./fleet_element.ts";
import { endFleet, PATIENCE_MS } from "./fleet_end.ts";
import { FleetRoster } from "./fleet_roster.ts";
import type { JobLog } from "./job_log.ts";
import { hearReport } from "./job_news.ts";
import { type AcceptedJob, JobSubmitter } from "./job_submitter.ts";
import type { LogFolder } from "./log_folder.ts";
import { PatientRunner } from "./patient_runner.ts";
import { QueuePoller } from "./queue_poller.ts";
import type { CommandRunner } from "./run_command.ts";
import { WakeUp } from "./wake_up.ts";
import type { WorkerJobs } from "./worker_jobs.ts";

/** What a fleet is made of. */
export interface BatchFleetOptions {
  /** The queue. */
  readonly scheduler: BatchScheduler;
  /** Runs its commands. */
  readonly run: CommandRunner;
  /** What was asked for. */
  readonly spec: FleetSpec;
  /** The checked dictionary. */
  readonly params: CheckedParams;
  /** What the manager offers. */
  readonly context: DriverContext;
  /** The run's channel. */
  readonly channel: HostedChannel;
  /** Makes its jobs. */
  readonly jobs: WorkerJobs;
  /** Where their logs go. */
  readonly logs: LogFolder;
  /** Most elements of an array; 1 for no arrays. */
  readonly arrayLimit: number;
}

/** How often the queue is asked while something waits on a job's end. */
const WATCH_MS = 1500;
/** A job that was told to end has so long, until it is given up, milliseconds. */
const CANCEL_MS = 30_000;

/** Jobs in a queue, one poller over all of them. */
export class BatchFleet implements Fleet {
  readonly #options: BatchFleetOptions;
  readonly #events = new MessageQueue<FleetEvent>();
  readonly #changed = new WakeUp();
  readonly #over = new AbortController();
  readonly #commands: PatientRunner;
  readonly #roster: FleetRoster;
  readonly #ends: EndFinder;
  readonly #submitter: JobSubmitter;
  readonly #poller: QueuePoller;
  readonly #reports: WorkerErrorReport[] = [];
  #stopping: Promise<WorkerErrorReport[]> | undefined;

  /** A fleet without workers; {@linkcode grow} asks for some. */
  constructor(options: BatchFleetOptions) {
    this.#options = options;
    const { scheduler, context, channel, jobs, logs, arrayLimit } = options;
    const notice = (line: string) => context.notice(line);
    const { run, ask } = this.#commands = new PatientRunner(options.run);
    this.#roster = new FleetRoster(scheduler);
    this.#ends = new EndFinder({
      scheduler,
      run: ask,
      memoryMib: options.params.memoryMib,
      logFile: (element) => this.#logFile(element),
      isOver: () => this.#stopping !== undefined,
      changed: this.#changed,
      ended: (element, end, log) => this.#ended(element, end, log),
    });
    this.#submitter = new JobSubmitter({
      scheduler,
      run,
      jobs,
      register: () => context.register(),
      arrayLimit,
      signal: AbortSignal.any([context.signal, this.#over.signal]),
      ...{ notice, runId: context.runId, logFolder: logs.path },
      accepted: (job) => this.#accepted(job),
      delayed: (first, end, reason) => this.#delayed(first, end, reason),
    });
    this.#poller = new QueuePoller({
      title: scheduler.title,
      ask: () => this.#ask(),
      hasJobs: () => this.#roster.listed.length > 0,
      notice,
    });
    channel.admit = (requested, hello) => {
      if (this.#stopping) throw new Error("the run is over");
      const worker = this.#roster.admit(requested, hello);
      const { nativeId, host } = hello;
      this.#events.push({ type: "started", worker, nativeId, host });
      // How long it has is asked soon.
      this.#poller.hasten();
      this.#changed.notify();
      return worker;
    };
  }

  get events(): AsyncIterable<FleetEvent> {
    return this.#events;
  }

  workers(): WorkerStatus[] {
    return this.#roster.statuses();
  }

  /**
   * Submits the first workers; what can't be submitted yet goes on in the background.
   *
   * @throws {SubmitError} if the scheduler refuses for good.
   */
  async begin(workers: number): Promise<void> {
    await this.#submitNext(workers);
  }

  async grow(workers: number, signal: AbortSignal): Promise<{ added: number; reason?: string }> {
    if (signal.aborted || this.#stopping) return { added: 0, reason: "the run is over" };
    try {
      await this.#submitNext(workers);
      return { added: workers };
    } catch (error) {
      return { added: 0, reason: messageOf(error) };
    }
  }

  check(worker: number): void {
    if (this.#roster.current(worker)?.state !== "ended") this.#poller.hasten(0);
  }

  async replace(worker: number, signal: AbortSignal): Promise<Replacement> {
    const over: Replacement = { replaced: false, reason: "the run is over" };
    const anyEnd = AbortSignal.any([signal, this.#over.signal]);
    const old = this.#roster.current(worker);
    if (old && await this.#comesBack(old, anyEnd)) return { replaced: true };
    if (anyEnd.aborted) return over;
    if (old && old.state !== "ended" && !await this.#cancel([old], anyEnd)) {
      if (anyEnd.aborted) return over;
      return { replaced: false, reason: `job ${old.nativeId} of it can't be cancelled` };
    }
    try {
      await this.#submitter.submit(worker, 1);
    } catch (error) {
      if (!(error instanceof SubmitError)) throw error;
      return { replaced: false, reason: messageOf(error) };
    }
    return anyEnd.aborted ? over : { replaced: true };
  }

  stop(options: StopOptions): Promise<WorkerErrorReport[]> {
    return this.#stopping ??= this.#stop(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ finished: false });
  }

  /**
   * Submits workers numbered on, until something is known of them: accepted, delayed, or refused. What is refused for good
   * after that is told as such.
   */
  async #submitNext(workers: number): Promise<void> {
    const first = this.#roster.add(workers);
    let isLate = false;
    const submitted = this.#submitter.submit(first, workers).catch((error) => {
      const reason = messageOf(error);
      // Otherwise the caller hears of it from the error itself.
      const isTold = isLate || this.#roster.accepted > 0;
      for (let worker = first; worker < first + workers; worker++) {
        if (this.#roster.current(worker)) continue;
        this.#roster.wait(worker, reason, true);
        if (isTold) this.#events.push({ type: "refused", worker, reason });
      }
      if (!isTold) throw error;
    });
    const known = new AbortController();
    try {
      await Promise.race([submitted, this.#changed.wait(CANCEL_MS, known.signal)]);
    } finally {
      isLate = true;
      known.abort();
    }
  }

  #accepted(job: AcceptedJob): void {
    this.#roster.accept(job);
    this.#poller.hasten();
    this.#changed.notify();
  }

  #delayed(first: number, end: number, reason: string): void {
    for (let worker = first; worker < end; worker++) {
      this.#roster.wait(worker, reason, false);
      this.#events.push({ type: "queued", worker, reason });
    }
    this.#changed.notify();
  }

  /** Asks the queue once; true for news, a text for trouble. */
  async #ask(): Promise<boolean | string> {
    const elements = this.#roster.listed;
    const askedAtMs = performance.now();
    const jobs = [...new Set(elements.map(({ job }) => job))];
    if (jobs.length === 0) return false;
    const answer = await this.#options.scheduler.ask(this.#commands.ask, jobs);
    if (answer.trouble !== undefined) return answer.trouble;
    return this.#hear(elements, answer, askedAtMs);
  }

  #hear(elements: readonly FleetElement[], answer: QueueAnswer, askedAtMs: number): boolean {
    const ended: EndedElement[] = [];
    let isNews = false;
    for (const element of elements) {
      const report = answer.reports.get(element.queueId);
      if (report === undefined) {
        const isKnown = !answer.unknownJobs.has(element.job.jobId);
        if (!isKnown || isAbsent(element)) {
          element.isLeaving = false;
          if (!element.isEnding) ended.push({ element, report: undefined });
        } else if (!element.isEnding) {
          isNews = true;
          this.#ends.lookAtAbsent(element);
        }
        continue;
      }
      element.absentSinceMs = undefined;
      element.isLeaving = report.isLeaving === true;
      if (element.isEnding) continue;
      if (report.state === "ended") {
        // As the run ends, what a job leaves is awaited, but not for long.
        if (!element.isLeaving || this.#stopping === undefined) ended.push({ element, report });
      } else if (hearReport(element, report, { askedAtMs, tell: (event) => this.#tell(element, event) })) {
        isNews = true;
      }
    }
    if (ended.length > 0) this.#ends.look(ended);
    this.#changed.notify();
    return isNews || ended.length > 0;
  }

  #tell(element: FleetElement, event: FleetEvent): void {
    if (this.#roster.isCurrent(element)) this.#events.push(event);
  }

  #ended(element: FleetElement, end: ElementEnd, log: JobLog | undefined): void {
    const { worker, nativeId, isCancelled } = element;
    const logTail = `job ${nativeId}: ${end.text}`;
    if (this.#stopping) {
      this.#options.channel.workerGone(worker, logTail);
      this.#report(element, end, log);
    } else if (!isCancelled) {
      if (isTrouble(end)) this.#options.logs.keep();
      const { cause, exitCode } = end;
      this.#tell(element, {
        ...{ type: "ended", worker, nativeId, cause, logTail },
        ...exitCode === undefined ? {} : { exitCode },
      });
    }
    this.#changed.notify();
  }

  /** What a job left that nobody else will hear of. */
  #report({ worker, nativeId, isCancelled }: FleetElement, end: ElementEnd, log: JobLog | undefined): void {
    const text = extraError(end, log, { isCancelled });
    if (text === undefined) return;
    this.#options.logs.keep();
    this.#reports.push({ worker, nativeId, text: `job ${nativeId}: ${text}` });
  }

  #logFile({ job, index }: FleetElement): string {
    const { scheduler, logs } = this.#options;
    return `${logs.path}/${scheduler.logName(job.submission.logStem, job.jobId, index)}`;
  }

  /** Whether a lost worker's job will serve again: one that was requeued, or that only lost its connection. */
  async #comesBack(element: FleetElement, signal: AbortSignal): Promise<boolean> {
    const sinceMs = performance.now();
    const graceMs = this.#options.params.requeueGraceSeconds * 1000;
    await this.#poller.now();
    while (!signal.aborted && element.state !== "ended") {
      if (element.connectedAtMs !== undefined && element.connectedAtMs > sinceMs) return true;
      const leftMs = graceMs - (performance.now() - sinceMs);
      if (leftMs <= 0) return false;
      if (element.state === "running" && graceMs - leftMs < CANCEL_MS) this.#poller.hasten(WATCH_MS);
      await this.#changed.wait(leftMs, signal);
    }
    return false;
  }

  /** Cancels jobs and waits until they are gone; false if they are not after half a minute. */
  async #cancel(elements: readonly FleetElement[], signal: AbortSignal): Promise<boolean> {
    const { scheduler } = this.#options;
    const { run } = this.#commands;
    for (const element of elements) element.isCancelled = true;
    const since = performance.now();
    const ids = elements.map(({ queueId }) => queueId);
    const areGone = () => elements.every(({ state }) => state === "ended");
    let trouble = await cancelJobs(scheduler, run, ids);
    while (!signal.aborted && performance.now() - since < CANCEL_MS) {
      await this.#poller.now();
      // Every answer wakes all who wait here. They must not ask at once, or two of them would ask in turn without a pause.
      const askedAtMs = performance.now();
      for (let leftMs = WATCH_MS; leftMs > 0 && !signal.aborted;) {
        if (areGone()) return true;
        await this.#changed.wait(leftMs, signal);
        leftMs = WATCH_MS - (performance.now() - askedAtMs);
      }
      if (trouble !== undefined) trouble = await cancelJobs(scheduler, run, ids);
    }
    return areGone();
  }

  async #stop({ finished }: StopOptions): Promise<WorkerErrorReport[]> {
    const { scheduler, context, logs } = this.#options;
    this.#over.abort();
    this.#commands.giveUpQuestions();
    await Promise.all([this.#submitter.settled(CANCEL_MS), this.#poller.stop()]);
    this.#commands.endWithin(PATIENCE_MS);
    await endFleet({
      scheduler,
      run: this.#commands.run,
      finished,
      alive: () => this.#roster.alive,
      leaving: () => this.#roster.leaving,
      isUndecided: this.#submitter.isUndecided,
      runId: context.runId,
      clusters: this.#options.jobs.clusters,
      ask: async () => {
        await this.#poller.now();
        await this.#ends.settled();
      },
      notice: (line) => context.notice(line),
    });
    this.#ends.look(
      this.#roster.unended.filter(({ isLeaving }) => isLeaving).map((element) => ({
        element,
        report: undefined,
      })),
    );
    await this.#ends.settled();
    const jobs = Map.groupBy(this.#roster.elements, ({ job }) => job);
    for (const [job, elements] of jobs) {
      if (elements.every(({ state }) => state === "ended")) await job.entry.gone();
    }
    await logs.finish({
      areJobsGone: this.#roster.unended.length === 0 && this.#roster.leaving.length === 0,
    });
    this.#events.close();
    return this.#reports.splice(0);
  }
}
