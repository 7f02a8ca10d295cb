/**
 * How fast something goes, of late.
 *
 * @module
 */

const WINDOW_MS = 30_000;
const LEAST_SPAN_MS = 500;
const SLOT_MS = 250;

/** Blocks a second over the last half minute, so that a slow start, or a wait in the queue, is soon forgotten. */
export class RateMeter {
  #samples: { atMs: number; done: number }[] = [];

  /** Takes note that `done` were done at `atMs`. */
  add(atMs: number, done: number): void {
    const beforeLast = this.#samples.at(-2);
    // Few samples are enough, and keep a run of a million blocks cheap.
    if (beforeLast && atMs - beforeLast.atMs < SLOT_MS) this.#samples.pop();
    this.#samples.push({ atMs, done });
    const oldest = this.#samples.findIndex((sample) => atMs - sample.atMs <= WINDOW_MS);
    // One older than the window stays: with blocks slower than the window it is all there is to measure from.
    if (oldest > 1) this.#samples.splice(0, oldest - 1);
  }

  /** Done a second; undefined while too little is known. */
  perSecond(nowMs: number): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.done <= first.done) return undefined;
    // Time since the last sample counts once it is longer than one block takes: then things have become slower.
    const span = last.atMs - first.atMs;
    const perBlockMs = span / (last.done - first.done);
    const silenceMs = nowMs - last.atMs;
    const spanMs = span + (silenceMs > 2 * perBlockMs + SLOT_MS ? silenceMs : 0);
    return spanMs < LEAST_SPAN_MS ? undefined : (last.done - first.done) * 1000 / spanMs;
  }
}
