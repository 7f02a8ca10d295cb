/**
 * The time of a run, as its timeouts count it.
 *
 * @module
 */

/** A look at the clock that is later than this shows that this process was stopped or busy, milliseconds. */
const LATE_MS = 1000;

/**
 * A monotonic clock that stands still while this process is stopped or busy: then it hears nobody, and what has come in
 * the meantime is still to be read. Called a few times a second.
 */
export class RunClock {
  #lastMs: number;
  #stoodStillMs = 0;

  /** @param nowMs monotonic milliseconds, as below. */
  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /**
   * Looks at the clock.
   *
   * @returns the run's time, milliseconds.
   */
  tick(nowMs: number): number {
    const elapsedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (elapsedMs > LATE_MS) this.#stoodStillMs += elapsedMs;
    return nowMs - this.#stoodStillMs;
  }
}
