/**
 * Looks at a run's tasks until they have ended.
 *
 * @module
 */
import type { Task } from "@aws-sdk/client-ecs";
import { messageOf } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import type { LogPlace } from "../aws/log_tails.ts";
import type { EcsResources } from "./ecs_resources.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { explainTask, hasEnded, type TaskEnd, taskId } from "./explain_task.ts";
import { inChunks } from "./in_chunks.ts";
import type { TaskBook, TaskEntry } from "./task_book.ts";
import { logPlaceOf } from "./worker_log.ts";

/** What watching takes. */
export interface TaskWatcherOptions {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** What the tasks stand on. */
  readonly resources: EcsResources;
  /** The tasks. */
  readonly book: TaskBook;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** A task is not running yet, and why. */
  queued(entry: TaskEntry, reason: string): void;
  /** A task has ended. */
  ended(entry: TaskEntry, end: TaskEnd): void;
  /** A line for the user. */
  notice(line: string): void;
}

/** DescribeTasks takes no more at once. */
const MOST_TASKS = 100;
const GROWTH = 1.3;
const WAITING = /^(PROVISIONING|PENDING|ACTIVATING)$/;

/** Asks for all tasks at once, soon after something happened and seldom while nothing does. */
export class TaskWatcher {
  readonly #options: TaskWatcherOptions;
  readonly #stopped = new AbortController();
  readonly #run: Promise<void>;
  #soon = new AbortController();
  #delayMs: number;
  #isBlind = false;
  #isDenied = false;
  readonly #instances = new Map<string, string | undefined>();

  /** Starts at once. */
  constructor(options: TaskWatcherOptions) {
    this.#options = options;
    this.#delayMs = options.times.pollLeastMs;
    this.#run = this.#loop();
  }

  /** Something has happened, or is about to: looks soon, and often for a while. */
  soon(): void {
    this.#delayMs = this.#options.times.pollLeastMs;
    this.#soon.abort();
  }

  /** Waits until all tasks have ended, looking often, but no longer than so many milliseconds, nor if looking is forbidden. */
  async untilEnded(limitMs: number): Promise<void> {
    const { book, times } = this.#options;
    const endMs = performance.now() + limitMs;
    const isWaiting = () => !this.#isDenied && book.tasks().some(({ end }) => end === undefined);
    while (isWaiting() && performance.now() < endMs) {
      this.soon();
      await sleep(times.pollLeastMs / 2);
    }
  }

  /** Looks no more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#soon.abort();
    await this.#run;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopped;
    const { pollLeastMs, pollMostMs } = this.#options.times;
    while (!signal.aborted) {
      const waited = this.#delayMs;
      this.#soon = new AbortController();
      await sleep(waited, AbortSignal.any([signal, this.#soon.signal]));
      // A wish to look soon still leaves AWS the least time between two looks.
      if (this.#soon.signal.aborted) await sleep(pollLeastMs, signal);
      if (signal.aborted) return;
      this.#delayMs = Math.min(pollMostMs, this.#delayMs * GROWTH);
      await this.look();
    }
  }

  /** Looks once. */
  async look(): Promise<void> {
    const { book, caller, resources: { cluster }, notice } = this.#options;
    const open = book.tasks().filter(({ end }) => end === undefined);
    for (const chunk of inChunks(open, MOST_TASKS)) {
      try {
        const { tasks = [], failures = [] } = await caller.call("ecs:DescribeTasks", {
          ...cluster === undefined ? {} : { cluster },
          tasks: chunk.map(({ arn }) => arn!),
        }, { signal: this.#stopped.signal });
        this.#isBlind = false;
        const byArn = new Map(tasks.map((task) => [task.taskArn, task]));
        const missing = new Set(
          failures.filter(({ reason }) => reason === "MISSING").map(({ arn }) => taskId(arn)),
        );
        for (const entry of chunk) {
          const task = byArn.get(entry.arn);
          if (task) await this.#seen(entry, task);
          else if (missing.has(taskId(entry.arn))) this.#missing(entry);
        }
      } catch (error) {
        // No word on the tasks is no bad word: they are asked for again.
        if (!this.#isBlind) notice(`The tasks can't be looked at for now: ${messageOf(error)}`);
        this.#isBlind = true;
        this.#isDenied = error instanceof AwsError && error.kind === "denied";
      }
    }
  }

  async #seen(entry: TaskEntry, task: Task): Promise<void> {
    entry.missingMs = undefined;
    const { lastStatus = "" } = task;
    if (hasEnded(task)) {
      const { containerName } = this.#options.resources;
      const instanceId = await this.#instanceOf(task);
      const end = explainTask(task, { containerName, instanceId, log: await this.#logOf(entry, task) });
      this.#end(entry, end);
    } else if (entry.state === "queued" && WAITING.test(lastStatus) && entry.reason !== lastStatus) {
      entry.reason = lastStatus;
      this.#options.queued(entry, lastStatus);
    } else if (entry.state === "queued" && lastStatus === "RUNNING") {
      entry.state = "starting";
      entry.reason = undefined;
    }
  }

  /** Absence counts after two empty answers some time apart; a new task may not be known everywhere yet. */
  #missing(entry: TaskEntry): void {
    const { absenceMs, freshMs } = this.#options.times;
    const nowMs = performance.now();
    if (nowMs - entry.startedMs < freshMs) return;
    entry.missingMs ??= nowMs;
    if (nowMs - entry.missingMs < absenceMs) return this.soon();
    this.#end(entry, {
      cause: "unknown",
      text: `task ${taskId(entry.arn)} is not known to ECS any more`,
      isClean: false,
    });
  }

  #end(entry: TaskEntry, end: TaskEnd): void {
    entry.end = end;
    entry.state = "ended";
    entry.reason = end.text;
    this.#options.ended(entry, end);
  }

  /** Where its worker has logged. */
  async #logOf({ nativeId }: TaskEntry, task: Task): Promise<LogPlace | undefined> {
    const { resources } = this.#options;
    if (task.stopCode === "TaskFailedToStart") return undefined;
    const isClean = nativeId !== undefined && task.containers?.every(({ exitCode }) => exitCode === 0);
    return logPlaceOf(task, await resources.log({ isNeeded: !isClean }), resources.containerName);
  }

  /** The EC2 instance that a task was on; it is only for people, so that it may be missing. */
  async #instanceOf({ containerInstanceArn }: Task): Promise<string | undefined> {
    if (containerInstanceArn === undefined) return undefined;
    if (this.#instances.has(containerInstanceArn)) return this.#instances.get(containerInstanceArn);
    const { caller, resources: { cluster } } = this.#options;
    let id: string | undefined;
    try {
      const { containerInstances } = await caller.call("ecs:DescribeContainerInstances", {
        ...cluster === undefined ? {} : { cluster },
        containerInstances: [containerInstanceArn],
      }, { retry: "none" });
      id = containerInstances?.[0]?.ec2InstanceId;
    } catch (error) {
      id = `${taskId(containerInstanceArn)} (${messageOf(error)})`;
    }
    this.#instances.set(containerInstanceArn, id);
    return id;
  }
}
