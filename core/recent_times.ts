/**
 * The usual time of a block, from the last ones done.
 *
 * @module
 */

const KEPT = 128;

/** Remembers the last times; their median is what a block usually takes. */
export class RecentTimes {
  readonly #times: number[] = [];
  #at = 0;
  #median: number | undefined = 0;

  /** Adds one, milliseconds. */
  add(ms: number): void {
    this.#times[this.#at] = ms;
    this.#at = (this.#at + 1) % KEPT;
    this.#median = undefined;
  }

  /** Their median, milliseconds; 0 while there is none. */
  median(): number {
    if (this.#median === undefined) {
      const sorted = this.#times.toSorted((a, b) => a - b);
      this.#median = sorted[sorted.length >> 1] ?? 0;
    }
    return this.#median;
  }
}
