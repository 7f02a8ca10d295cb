/**
 * Workers in the place of others.
 *
 * @module
 */
import type { Dispatcher } from "./dispatcher.ts";
import type { Fleet } from "./driver.ts";
import { DriverError } from "./errors.ts";
import type { Retirement } from "./session.ts";
import { sleep } from "./sleep.ts";

/** Delay before a replacement: doubles each time that one number is replaced, until a block is done. */
const REPLACE_MS = { least: 1000, most: 60_000 };

/** What replacing takes. */
export interface ReplacementParts {
  /** The run. */
  readonly dispatcher: Dispatcher;
  /** The fleet, once it is started; undefined if it could not be. */
  readonly fleet: () => Promise<Fleet | undefined>;
  /** Aborted when the run is over. */
  readonly signal: AbortSignal;
  /** Computing threads of a worker. */
  readonly threadsPerWorker: number;
  /** A worker for people. */
  nameOf(worker: number): string;
  /** A line for the user. */
  notice(line: string): void;
  /** Another worker has been started. */
  started(): void;
}

/** Asks the driver for workers in the place of those that are gone. */
export class Replacements {
  readonly #parts: ReplacementParts;
  readonly #underway = new Set<Promise<void>>();
  /** Workers that are wanted again and have not connected, each with the request that is to bring it. */
  readonly #awaited = new Map<number, symbol>();
  /** Workers that are gone for good, whatever the driver has heard yet. */
  readonly #gone = new Set<number>();
  /** Those of them that nobody was wanted for: should all others fail to come, one of these is asked for after all. */
  readonly #spare = new Set<number>();
  /** How often each number was replaced since a block was last done: many that are lost at once are no reason to wait. */
  readonly #inARow = new Map<number, number>();
  #doneBefore = 0;

  /** Everybody is still expected. */
  constructor(parts: ReplacementParts) {
    this.#parts = parts;
  }

  /** Workers that are there, or on their way. */
  aliveCount(fleet: Fleet): number {
    return this.#alive(fleet).size;
  }

  /** A worker is gone: asks for another if one is wanted. */
  gone(worker: number, wanted: Retirement): void {
    this.#gone.add(worker);
    if (wanted === "nobody") this.#forgo(worker);
    else this.#begin(worker, wanted);
  }

  /**
   * Nobody is there or will come: asks for a worker in the place of one that was not missed when it left.
   *
   * @returns whether there is such a place.
   */
  recall(): boolean {
    const [worker] = this.#spare;
    if (worker === undefined) return false;
    this.#parts.dispatcher.expect(1);
    this.#begin(worker, "another");
    return true;
  }

  /** The driver will never get this worker. */
  refused(worker: number): void {
    this.#gone.add(worker);
    this.#noLongerAwaited(worker);
  }

  /** A worker has connected. */
  connected(worker: number): void {
    this.#gone.delete(worker);
    this.#spare.delete(worker);
    this.#noLongerAwaited(worker);
  }

  /** A worker has ended before it connected, so that it is not awaited any more. */
  endedUnconnected(worker: number): void {
    this.#noLongerAwaited(worker);
  }

  /** Settles when nothing is under way any more; the run must be over. */
  async settled(): Promise<void> {
    await Promise.all(this.#underway);
  }

  #begin(worker: number, wanted: Retirement): void {
    const { dispatcher } = this.#parts;
    this.#spare.delete(worker);
    const { done } = dispatcher.counts;
    if (done > this.#doneBefore) this.#inARow.clear();
    this.#doneBefore = done;
    const before = this.#inARow.get(worker) ?? 0;
    this.#inARow.set(worker, before + 1);
    const delayMs = Math.min(REPLACE_MS.most, REPLACE_MS.least * 2 ** before);
    if (!this.#awaited.has(worker)) dispatcher.replacing(1);
    const request = Symbol();
    this.#awaited.set(worker, request);
    const replacement = sleep(delayMs, this.#parts.signal).then(() => this.#replace(worker, wanted, request))
      .catch((error) => dispatcher.fail(error))
      .finally(() => this.#underway.delete(replacement));
    this.#underway.add(replacement);
  }

  async #replace(worker: number, wanted: Retirement, request: symbol): Promise<void> {
    const { dispatcher, signal } = this.#parts;
    const fleet = await this.#parts.fleet();
    if (!fleet || signal.aborted || dispatcher.isOver) return;
    // It may have come back by itself, as requeued jobs do; and if it was lost again, that is another request's.
    if (this.#awaited.get(worker) !== request || dispatcher.sessionOf(worker) !== undefined) return;
    if (wanted === "successor" && !this.#isNeeded(worker, fleet)) return this.#forgo(worker);
    const answer = await fleet.replace(worker, signal);
    if (answer.replaced) {
      this.#gone.delete(worker);
      return this.#parts.started();
    }
    this.#noLongerAwaited(worker);
    if (signal.aborted || dispatcher.sessionOf(worker) !== undefined) return;
    dispatcher.expect(-1);
    const refusal = `No worker in the place of ${this.#parts.nameOf(worker)}: ${answer.reason}`;
    if (this.aliveCount(fleet) === 0 && !this.recall()) {
      throw new DriverError(`${refusal}. There is none left`);
    }
    this.#parts.notice(`${refusal}. The run goes on with the others`);
  }

  #forgo(worker: number): void {
    this.#spare.add(worker);
    this.#parts.dispatcher.expect(-1);
    this.#noLongerAwaited(worker);
  }

  /** Whether more blocks are left than the others will have in hand. */
  #isNeeded(worker: number, fleet: Fleet): boolean {
    const others = this.#alive(fleet);
    others.delete(worker);
    return this.#parts.dispatcher.workload().remaining > others.size * this.#parts.threadsPerWorker;
  }

  #alive(fleet: Fleet): Set<number> {
    const alive = new Set(this.#awaited.keys());
    for (const { worker, state } of fleet.workers()) {
      if (state !== "ended" && !this.#gone.has(worker)) alive.add(worker);
    }
    return alive;
  }

  /** A replacement has connected, ended before it could, or will not come. */
  #noLongerAwaited(worker: number): void {
    if (this.#awaited.delete(worker)) this.#parts.dispatcher.replacing(-1);
  }
}
