/**
 * The usual time of a block, from the last ones done.
 *
 * @module
 */

const KEPT = 128;

/** Remembers the last times; their median is what a block usually takes. All are milliseconds. */
export class RecentTimes {
  readonly #times: number[] = [];
  /** The same in order, at all times: the scheduler asks for each block. */
  readonly #sorted: number[] = [];
  #at = 0;

  /** Adds one, milliseconds. */
  add(ms: number): void {
    const oldest = this.#times[this.#at];
    if (oldest !== undefined) this.#sorted.splice(this.#sorted.indexOf(oldest), 1);
    const after = this.#sorted.findIndex((time) => time > ms);
    this.#sorted.splice(after < 0 ? this.#sorted.length : after, 0, ms);
    this.#times[this.#at] = ms;
    this.#at = (this.#at + 1) % KEPT;
  }

  /** Their median; 0 while there is none. */
  median(): number {
    return this.percentile(50) ?? 0;
  }

  /** The least of them that so many per cent do not exceed; undefined while there is none. */
  percentile(percent: number): number | undefined {
    return this.#sorted[Math.min(this.#sorted.length - 1, Math.floor(this.#sorted.length * percent / 100))];
  }

  /** Their mean; undefined while there is none. */
  mean(): number | undefined {
    if (this.#times.length === 0) return undefined;
    return this.#times.reduce((sum, ms) => sum + ms, 0) / this.#times.length;
  }
}
