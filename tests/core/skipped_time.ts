/**
 * A monotonic clock that can be put forward: what would take minutes is tested in no time.
 *
 * @module
 */

/** Puts `performance.now()` forward until it is disposed of. Timers go on as they were. */
export class SkippedTime implements Disposable {
  readonly #now = performance.now;
  #skippedMs = 0;

  constructor() {
    const now = this.#now.bind(performance);
    performance.now = () => now() + this.#skippedMs;
  }

  /** Puts it forward, milliseconds. */
  skip(ms: number): void {
    this.#skippedMs += ms;
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
  }
}
