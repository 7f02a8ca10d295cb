/**
 * Which worker is which job, and where each stands.
 *
 * @module
 */
import type { WorkerHello, WorkerStatus } from "../../core/driver.ts";
import type { BatchScheduler } from "./batch_scheduler.ts";
import type { FleetElement } from "./fleet_element.ts";
import type { AcceptedJob } from "./job_submitter.ts";

/** The workers of a fleet, by number and by job. */
export class FleetRoster {
  readonly #scheduler: BatchScheduler;
  /** By the id by which a worker knows its job; two clusters may have given the same one. */
  readonly #elements = new Map<string, FleetElement[]>();
  readonly #current = new Map<number, FleetElement>();
  /** Workers that are not in the queue, and why. */
  readonly #waiting = new Map<number, { readonly reason: string; readonly isEnded: boolean }>();
  /** When jobs connected whose id the submit command has not told yet, by the worker's number and that id. */
  readonly #early = new Map<string, { readonly atMs: number; readonly host: string }>();
  #workers = 0;

  /** Nobody. */
  constructor(scheduler: BatchScheduler) {
    this.#scheduler = scheduler;
  }

  /** Workers that were asked for. */
  get workers(): number {
    return this.#workers;
  }

  /** Workers that the queue has accepted, replaced ones counted once. */
  get accepted(): number {
    return this.#current.size;
  }

  /** Every job and element there was. */
  get elements(): FleetElement[] {
    return [...this.#elements.values()].flat();
  }

  /** Those whose end is not known. */
  get unended(): FleetElement[] {
    return this.elements.filter(({ state }) => state !== "ended");
  }

  /** Those about which the queue is to be asked: it may list a job that has ended for a while. */
  get listed(): FleetElement[] {
    return this.elements.filter(({ state, isEnding, isLeaving }) =>
      isLeaving || state !== "ended" && !isEnding
    );
  }

  /** Those that have ended, and that the queue still lists. */
  get leaving(): FleetElement[] {
    return this.elements.filter(({ isLeaving }) => isLeaving);
  }

  /** Those that may be running, or that may come to run. */
  get alive(): FleetElement[] {
    return this.unended.filter(({ isLeaving }) => !isLeaving);
  }

  /** Makes room for more workers; returns the number of the first. */
  add(workers: number): number {
    const first = this.#workers;
    this.#workers += workers;
    return first;
  }

  /** The job of a worker now. */
  current(worker: number): FleetElement | undefined {
    return this.#current.get(worker);
  }

  /** Whether a job is its worker's, and not one that was replaced. */
  isCurrent(element: FleetElement): boolean {
    return this.#current.get(element.worker) === element;
  }

  /** A job is in the queue. */
  accept(job: AcceptedJob): void {
    for (let index = 0; index < (job.arraySize ?? 1); index++) {
      const isElement = job.arraySize !== undefined;
      const queueId = isElement ? this.#scheduler.elementId(job.jobId, index) : job.jobId;
      const nativeId = this.#scheduler.nativeId?.(queueId) ?? queueId;
      const worker = job.submission.firstWorker + index;
      const early = this.#early.get(earlyKey(worker, nativeId));
      const connectedAtMs = early?.atMs;
      const element: FleetElement = {
        worker,
        job,
        index: isElement ? index : undefined,
        queueId,
        nativeId,
        state: connectedAtMs === undefined ? "queued" : "running",
        reason: "submitted",
        host: early?.host,
        runningSinceMs: connectedAtMs,
        connectedAtMs,
        absentSinceMs: undefined,
        walltimeSeconds: undefined,
        isLeaving: false,
        isEnding: false,
        isCancelled: false,
      };
      this.#elements.set(nativeId, [...this.#elements.get(nativeId) ?? [], element]);
      this.#current.set(worker, element);
      this.#waiting.delete(worker);
    }
  }

  /** A worker is not in the queue, or not any more to be had. */
  wait(worker: number, reason: string, isEnded: boolean): void {
    this.#waiting.set(worker, { reason, isEnded });
  }

  /**
   * The number of a worker that connects.
   *
   * @throws if it is of a job that was replaced, or none of this run's.
   */
  admit(requested: number | undefined, hello: WorkerHello): number {
    const elements = this.#elements.get(hello.nativeId);
    const element = elements?.find(({ worker }) => worker === requested) ?? elements?.[0];
    const now = performance.now();
    if (element) {
      if (!this.isCurrent(element)) throw new Error(`job ${element.nativeId} has been replaced by another`);
      element.connectedAtMs = now;
      element.host = hello.host;
      if (element.state === "queued") {
        element.state = "running";
        element.runningSinceMs ??= now;
      }
      return element.worker;
    }
    if (requested === undefined || requested >= this.#workers) {
      throw new Error(`job ${hello.nativeId} is none of this run's`);
    }
    this.#early.set(earlyKey(requested, hello.nativeId), { atMs: now, host: hello.host });
    return requested;
  }

  /** Where every worker stands. */
  statuses(): WorkerStatus[] {
    return Array.from({ length: this.#workers }, (_, worker): WorkerStatus => {
      const element = this.#current.get(worker);
      const waiting = this.#waiting.get(worker);
      if (!element || waiting) {
        const state = waiting?.isEnded ? "ended" : "queued";
        return { worker, state, reason: waiting?.reason ?? "not submitted yet" };
      }
      const { state, connectedAtMs, nativeId, reason } = element;
      const isStarting = state === "running" && connectedAtMs === undefined;
      return { worker, state: isStarting ? "starting" : state, nativeId, reason };
    });
  }
}

function earlyKey(worker: number, nativeId: string): string {
  return `${worker} ${nativeId}`;
}
