/**
 * The tasks of one run.
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
  WorkerHello,
  WorkerStatus,
} from "../../core/driver.ts";
import { messageOf } from "../../core/errors.ts";
import { CW_ECS } from "../../core/kinds.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import { sleep } from "../../core/sleep.ts";
import { SubmissionNews } from "../../core/submission_news.ts";
import type { AwsSend } from "../aws/api.ts";
import { LogTails, withTail } from "../aws/log_tails.ts";
import type { TaskEnd } from "./explain_task.ts";
import type { Infrastructure } from "./infrastructure.ts";
import { isMissing } from "./seeker.ts";
import type { WorkerContainer } from "./requests.ts";
import { TaskBook, type TaskEntry } from "./task_book.ts";
import { TaskLauncher } from "./task_launcher.ts";
import { TaskWatcher } from "./task_watcher.ts";

/** What a fleet takes. */
export interface EcsFleetOptions {
  /** What the tasks stand on, and what the run has made; its connections end with the fleet. */
  readonly infrastructure: Infrastructure;
  /** Calls AWS in a region, for logs; undefined for that of the environment. */
  send(region: string | undefined): AwsSend;
  /** What is wanted. */
  readonly spec: FleetSpec;
  /** The manager. */
  readonly context: DriverContext;
  /** The run's channel. */
  readonly channel: HostedChannel;
  /** Arguments and variables of the workers. */
  readonly worker: Omit<WorkerContainer, "name">;
}

const OVER = "the run is over";

/** The tasks of one run. */
export class EcsFleet implements Fleet {
  readonly #options: EcsFleetOptions;
  readonly #book = new TaskBook();
  readonly #events = new MessageQueue<FleetEvent>();
  readonly #launcher: TaskLauncher;
  readonly #watcher: TaskWatcher;
  readonly #logs: LogTails;
  readonly #submissions: SubmissionNews;
  readonly #reports: WorkerErrorReport[] = [];
  #failure: unknown;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  /** Starts tasks at once. */
  constructor(options: EcsFleetOptions) {
    this.#options = options;
    const { spec, context, channel } = options;
    const { caller, resources, belongings, times } = options.infrastructure;
    channel.admit = (_requested, hello) => this.#admit(hello);
    for (let worker = 0; worker < spec.workers; worker++) this.#book.want(worker);
    const book = this.#book;
    this.#logs = new LogTails({
      send: options.send,
      times: { mostMs: times.logMs, workedMs: times.logWorkedMs, againMs: times.logAgainMs },
      secrets: Object.values(channel.workerEnvironment),
      notice: (line) => context.notice(line),
    });
    this.#submissions = new SubmissionNews({
      ...{ kind: CW_ECS, runId: context.runId, noun: "task", verb: "started", isNumbered: false },
      where: () => `cluster '${resources.cluster ?? "default"}' in ${resources.region}`,
      notice: (line) => context.notice(line),
    });
    this.#watcher = new TaskWatcher({
      ...{ caller, resources, book, times },
      queued: (entry, reason) => this.#queued([entry], reason),
      ended: (entry, end) => this.#ended(entry, end),
      notice: (line) => context.notice(line),
    });
    this.#launcher = new TaskLauncher({
      ...{ caller, resources, belongings, book, times },
      worker: options.worker,
      launched: (arns) => this.#launched(arns),
      queued: (entries, reason) => {
        this.#submissions.tellSeldom();
        this.#queued(entries, reason);
      },
      refused: (entries, error) => this.#refused(entries, error),
    });
  }

  /**
   * News of the workers.
   *
   * @throws what kept every task from being started.
   */
  get events(): AsyncIterable<FleetEvent> {
    return this.#news();
  }

  async *#news(): AsyncGenerator<FleetEvent> {
    yield* this.#events;
    if (this.#failure !== undefined) throw this.#failure;
  }

  workers(): WorkerStatus[] {
    return this.#book.statuses();
  }

  async replace(worker: number, signal: AbortSignal): Promise<Replacement> {
    const old = this.#book.current(worker);
    if (signal.aborted || this.#isStopping) return { replaced: false, reason: OVER };
    // It waits for its task as it is.
    if (old && old.arn === undefined && old.state !== "ended") return { replaced: true };
    const kept = old && await this.#end(old, signal);
    if (signal.aborted || this.#isStopping) return { replaced: false, reason: OVER };
    const reason = kept ?? this.#launcher.failure;
    if (reason !== undefined) return { replaced: false, reason };
    this.#book.want(worker);
    return { replaced: true };
  }

  check(_worker: number): void {
    this.#watcher.soon();
  }

  grow(workers: number, signal: AbortSignal): Promise<{ added: number; reason?: string }> {
    if (signal.aborted || this.#isStopping) return Promise.resolve({ added: 0, reason: OVER });
    const { failure } = this.#launcher;
    if (failure !== undefined) return Promise.resolve({ added: 0, reason: failure });
    const first = this.#book.entries().length;
    for (let worker = first; worker < first + workers; worker++) this.#book.want(worker);
    return Promise.resolve({ added: workers });
  }

  async stop({ finished }: StopOptions): Promise<WorkerErrorReport[]> {
    this.#isStopping = true;
    await (this.#stopped ??= this.#stop(finished));
    return this.#reports.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ finished: false });
  }

  #admit(hello: WorkerHello): number {
    const { worker } = this.#book.connected(hello);
    this.#options.infrastructure.resources.instances.worked();
    this.#events.push({ type: "started", worker, nativeId: hello.nativeId, host: hello.host });
    return worker;
  }

  #launched(arns: readonly string[]): void {
    this.#watcher.soon();
    for (const arn of arns) this.#submissions.add(arn.split("/").at(-1)!);
    if (!this.#book.isWanting) this.#submissions.tell();
  }

  #queued(entries: readonly TaskEntry[], reason: string): void {
    for (const { worker } of entries) this.#events.push({ type: "queued", worker, reason });
  }

  /** If no worker is left, the run fails with the very error; else it goes on without these. */
  #refused(entries: readonly TaskEntry[], error: Error): void {
    for (const entry of entries) {
      entry.state = "ended";
      entry.reason = error.message;
    }
    const isLast = this.#book.entries().every(({ state }) => state === "ended");
    if (isLast && !this.#isStopping) {
      this.#failure = error;
      this.#events.close();
      return;
    }
    for (const { worker } of entries) this.#events.push({ type: "refused", worker, reason: error.message });
  }

  /** An end in trouble is told with the end of its log, or after a few seconds without. */
  #ended(entry: TaskEntry, end: TaskEnd): void {
    if (this.#isStopping) this.#options.channel.workerGone(entry.worker, end.text);
    // Whom we stopped has nothing to explain.
    const isReported = this.#isStopping && !end.isClean && !entry.isStopping;
    const tell = (tail?: string) => this.#tell(entry, end, { text: withTail(end.text, tail), isReported });
    if (entry.isStopping) tell();
    else this.#logs.tell({ ...end, hasConnected: entry.nativeId !== undefined }, tell);
  }

  #tell(
    entry: TaskEntry,
    { cause, exitCode: code }: TaskEnd,
    { text, isReported }: { readonly text: string; readonly isReported: boolean },
  ): void {
    const { worker, arn, nativeId = arn } = entry;
    const named = nativeId === undefined ? {} : { nativeId };
    entry.reason = text;
    if (isReported) this.#reports.push({ worker, ...named, text });
    const exitCode = code === undefined ? {} : { exitCode: code };
    this.#events.push({ type: "ended", worker, ...named, cause, ...exitCode, logTail: text });
  }

  /** Makes sure that a worker's task is over; says why not, if it is not. */
  async #end(entry: TaskEntry, signal: AbortSignal): Promise<string | undefined> {
    const { caller, resources: { cluster }, times } = this.#options.infrastructure;
    if (entry.end || entry.arn === undefined) return undefined;
    try {
      await caller.call("ecs:StopTask", {
        ...cluster === undefined ? {} : { cluster },
        task: entry.arn,
        reason: "blockfleet: another worker takes its place",
      }, { freshUntilMs: entry.startedMs + times.freshMs, signal });
    } catch (error) {
      if (!isMissing(error)) return messageOf(error);
    }
    const endMs = performance.now() + times.stopMs;
    while (!entry.end && !signal.aborted && performance.now() < endMs) {
      this.#watcher.soon();
      await sleep(times.pollLeastMs, signal);
    }
    return entry.end || signal.aborted ? undefined : `its task '${entry.arn}' has not stopped`;
  }

  async #stop(finished: boolean): Promise<void> {
    const { infrastructure, channel } = this.#options;
    if (!finished) {
      for (const { worker, state } of this.#book.entries()) {
        if (state === "running") channel.workerGone(worker, OVER);
      }
    }
    await this.#launcher.stop();
    this.#book.giveUp(OVER);
    // Workers that were told to end do so by themselves, and leave an exit code.
    if (finished) await this.#watcher.untilEnded(infrastructure.times.graceMs);
    await this.#watcher.stop();
    try {
      for (const entry of this.#book.tasks()) entry.isStopping ||= entry.end === undefined;
      await infrastructure.remove(`blockfleet: ${OVER}`);
      await this.#watcher.look();
      for (const entry of this.#book.tasks()) entry.state = "ended";
    } finally {
      // They had the time that removing took, and get no more.
      await this.#logs.close();
      infrastructure.caller.destroy();
      this.#events.close();
    }
  }
}
