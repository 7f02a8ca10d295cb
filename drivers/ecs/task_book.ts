/**
 * Which task is which worker.
 *
 * @module
 */
import type { WorkerHello, WorkerStatus } from "../../core/driver.ts";
import { DriverError } from "../../core/errors.ts";
import type { TaskEnd } from "./explain_task.ts";

/** One try at one worker. */
export interface TaskEntry {
  /** The worker's number. */
  readonly worker: number;
  /** The task, once there is one. */
  arn: string | undefined;
  /** What the worker called itself as it connected: the task, where its container can ask for that. */
  nativeId: string | undefined;
  /** Where it stands. */
  state: WorkerStatus["state"];
  /** Why it is not further, or how it ended. */
  reason: string | undefined;
  /** When its task was started, by `performance.now()`. */
  startedMs: number;
  /** When it was first missing, if it is. */
  missingMs: number | undefined;
  /** How it ended. */
  end: TaskEnd | undefined;
  /** Whether we stopped it. */
  isStopping: boolean;
}

/** A task's ARN (Amazon ECS Developer Guide, "Amazon Resource Names (ARNs) and IDs"). */
const TASK_ARN = /^arn:[^:]+:ecs:[^:]*:\d*:task\//;

/** Workers by number and by task. */
export class TaskBook {
  readonly #current = new Map<number, TaskEntry>();
  readonly #byArn = new Map<string, TaskEntry>();
  /** Workers that wait for a task. */
  readonly #pending: TaskEntry[] = [];
  /** Workers whose tasks are being started at this moment. */
  #launching: readonly TaskEntry[] = [];
  #wake = Promise.withResolvers<void>();

  /** Where every worker stands. */
  statuses(): WorkerStatus[] {
    return [...this.#current.values()].map(({ worker, state, arn, nativeId = arn, reason }) => ({
      worker,
      state,
      ...nativeId === undefined ? {} : { nativeId },
      ...reason === undefined ? {} : { reason },
    }));
  }

  /** Every worker as it stands. */
  entries(): TaskEntry[] {
    return [...this.#current.values()];
  }

  /** Every task there has been. */
  tasks(): TaskEntry[] {
    return [...this.#byArn.values()];
  }

  /** A worker as it stands. */
  current(worker: number): TaskEntry | undefined {
    return this.#current.get(worker);
  }

  /** A worker wants a task: a new one, or another. */
  want(worker: number): void {
    const entry: TaskEntry = {
      worker,
      arn: undefined,
      nativeId: undefined,
      state: "queued",
      reason: undefined,
      startedMs: performance.now(),
      missingMs: undefined,
      end: undefined,
      isStopping: false,
    };
    this.#current.set(worker, entry);
    this.#pending.push(entry);
    this.#wake.resolve();
  }

  /** Whether a worker wants a task. */
  get isWanting(): boolean {
    return this.#pending.length > 0;
  }

  /** Settles when some worker wants a task. */
  async wanted(): Promise<void> {
    if (this.isWanting) return;
    this.#wake = Promise.withResolvers();
    await this.#wake.promise;
  }

  /** Ends the waiting of {@linkcode TaskBook.wanted}. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Takes workers that want a task, to start theirs now. */
  take(most: number): TaskEntry[] {
    const batch = this.#pending.splice(0, most);
    this.#launching = batch;
    return batch;
  }

  /**
   * The tasks that a call started belong to these workers, but for those that have connected already.
   *
   * @returns workers that got none, and tasks that no worker wants.
   */
  started(batch: readonly TaskEntry[], arns: readonly string[]): { without: TaskEntry[]; surplus: string[] } {
    this.#launching = [];
    const fresh = arns.filter((arn) => !this.#byArn.has(arn));
    const without: TaskEntry[] = [];
    for (const entry of batch) {
      if (entry.arn !== undefined) continue;
      const arn = fresh.shift();
      if (arn === undefined) without.push(entry);
      else this.#assign(entry, arn);
    }
    return { without, surplus: fresh };
  }

  /** These could not be started and want a task as before. */
  putBack(batch: readonly TaskEntry[]): void {
    this.#launching = [];
    this.#pending.unshift(...batch.filter(({ arn, state }) => arn === undefined && state !== "ended"));
  }

  /** Nothing will be started any more; gives those that waited, as ended. */
  giveUp(reason: string): TaskEntry[] {
    const waiting = [...this.#pending.splice(0), ...this.#launching].filter(({ arn }) => arn === undefined);
    this.#launching = [];
    for (const entry of waiting) {
      entry.state = "ended";
      entry.reason = reason;
    }
    return waiting;
  }

  /**
   * The worker that has connected.
   *
   * @throws {DriverError} if none is awaited that it could be.
   */
  connected({ nativeId }: WorkerHello): TaskEntry {
    const entry = this.#byArn.get(nativeId) ?? this.#unnamed(nativeId);
    if (entry === undefined || this.#current.get(entry.worker) !== entry) {
      throw new DriverError(`task '${nativeId}' is none that this run waits for`);
    }
    entry.state = "running";
    entry.reason = undefined;
    entry.nativeId = nativeId;
    return entry;
  }

  /** A worker that has no task known yet, for a task that is faster than the answer to the call that started it. */
  #unnamed(nativeId: string): TaskEntry | undefined {
    if (!TASK_ARN.test(nativeId)) {
      // Its container could not ask for its own name: any that is started and has not connected may be it.
      return this.entries().find(({ state, arn }) =>
        arn !== undefined && (state === "starting" || state === "queued")
      );
    }
    const entry = this.#launching.find(({ arn }) => arn === undefined) ?? this.#pending.shift();
    if (entry) this.#assign(entry, nativeId);
    return entry;
  }

  #assign(entry: TaskEntry, arn: string): void {
    entry.arn = arn;
    entry.startedMs = performance.now();
    entry.reason = undefined;
    this.#byArn.set(arn, entry);
  }
}
