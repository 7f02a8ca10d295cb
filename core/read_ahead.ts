/**
 * How many blocks a worker holds: one a computing thread, and enough beside them that it never waits for the next.
 *
 * @module
 */

const MOST_AHEAD = 256;
const MOST_BYTES_AHEAD = 32 << 20;
/** Weight of the newest measurement in the moving averages. */
const NEWEST = 0.25;

/** Sizes one worker's read-ahead from what its results show. */
export class ReadAhead {
  readonly #threads: number;
  readonly #least: number;
  #probe: { readonly block: number; readonly sentMs: number } | undefined;
  #roundTripMs = 0;
  #blockMs: number | undefined;
  #inputBytes = 0;
  #resultBytes = 0;

  /**
   * @param threads computing threads of the worker.
   * @param least blocks ahead of them, at the least.
   */
  constructor(threads: number, least: number) {
    this.#threads = threads;
    this.#least = least;
  }

  /**
   * Blocks that the worker may hold now. Ahead of its threads: as many as cover twice the round trip at its measured
   * block time, within bounds in number and bytes, and never fewer than the least.
   */
  get capacity(): number {
    if (this.#blockMs === undefined) return this.#threads + this.#least;
    const covering = Math.ceil(2 * this.#roundTripMs * this.#threads / Math.max(this.#blockMs, 1e-3));
    const affordable = Math.floor(MOST_BYTES_AHEAD / Math.max(1, this.#inputBytes, this.#resultBytes));
    return this.#threads + Math.max(this.#least, Math.min(covering, affordable, MOST_AHEAD));
  }

  /** Blocks were sent; if the worker had none before, the first of them measures the round trip. */
  sent(block: number, options: { heldBefore: number; nowMs: number }): void {
    if (options.heldBefore === 0) this.#probe = { block, sentMs: options.nowMs };
  }

  /** A block was sent with an input of so many bytes. */
  sentInput(bytes: number): void {
    this.#inputBytes = average(this.#inputBytes || undefined, bytes);
  }

  /** A result came. */
  finished(block: number, result: { elapsedMs: number; bytes: number; nowMs: number }): void {
    this.#blockMs = average(this.#blockMs, result.elapsedMs);
    this.#resultBytes = average(this.#resultBytes || undefined, result.bytes);
    if (this.#probe?.block === block) {
      const roundTripMs = Math.max(0, result.nowMs - this.#probe.sentMs - result.elapsedMs);
      this.#roundTripMs = average(this.#roundTripMs || undefined, roundTripMs);
      this.#probe = undefined;
    }
  }
}

function average(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + NEWEST * (newest - before);
}
