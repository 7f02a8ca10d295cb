/**
 * How often something went wrong, and when that is too often.
 *
 * @module
 */
import type { SchedulerOptions } from "./scheduler_types.ts";

/** Counts errors and deaths by block, and losses of workers. */
export class FailureCounts {
  readonly #limits: Pick<SchedulerOptions, "maxBlockErrors" | "maxBlockLosses" | "maxWorkerLosses">;
  readonly #errors = new Map<number, number>();
  readonly #deaths = new Map<number, number>();
  #lossesSinceDone = 0;

  /** Nothing has gone wrong. */
  constructor(limits: Pick<SchedulerOptions, "maxBlockErrors" | "maxBlockLosses" | "maxWorkerLosses">) {
    this.#limits = limits;
  }

  /** A block is done, so that the workers are good for something. */
  blockDone(): void {
    this.#lossesSinceDone = 0;
  }

  /** An attempt at a block has failed; whether it may not be tried again. */
  blockFailed(block: number): boolean {
    return increment(this.#errors, block) > this.#limits.maxBlockErrors;
  }

  /** A worker died, and nothing else explains it than this block; whether the block is now suspected to kill its workers. */
  blockKilled(block: number): boolean {
    return increment(this.#deaths, block) >= this.#limits.maxBlockLosses;
  }

  /** Deaths that a block was blamed for. */
  deathsOf(block: number): number {
    return this.#deaths.get(block) ?? 0;
  }

  /** A worker was lost, whatever the reason; whether these are too many since a block was last done. */
  workerLost(): boolean {
    return ++this.#lossesSinceDone > this.#limits.maxWorkerLosses;
  }
}

function increment(counts: Map<number, number>, block: number): number {
  const count = (counts.get(block) ?? 0) + 1;
  counts.set(block, count);
  return count;
}
