/**
 * Timers of a user function's own: what it counts in a block travels with the block's result.
 *
 * @module
 */
import { printableText } from "./errors.ts";
import { timed } from "./timed.ts";
import { TIMER_NAMES, type Timers } from "./timers.ts";

/** Intervals of the user's own on their way from a worker: a timer's name and seconds. */
export type UserIntervals = readonly (readonly [name: string, seconds: number])[];

/** A function that counts each pixel would send more than it computes: what is beyond counts with the last one. */
const MAX_INTERVALS = 1000;
/** Longer names are cut; they are a column of the report. */
const MAX_NAME = 40;
/** Names that depend on the block would take any memory. */
const MAX_NAMES = 100;

/** Counts named intervals of one block; names are the function's own. */
export class UserTimers {
  #intervals: [string, number][] = [];
  readonly #last = new Map<string, [string, number]>();

  /**
   * Runs `work`, sync or async, and counts how long it took; also when it throws.
   *
   * ```ts ignore
   * const mask = info.timings.interval("mask", () => maskOf(inputs.img));
   * ```
   *
   * @throws {TypeError} if the name is one of the run's own timers, or no text.
   */
  interval<T>(name: string, work: () => T): T {
    checkName(name);
    return timed(work, (seconds) => this.add(name, seconds));
  }

  /**
   * Counts one interval of `seconds`.
   *
   * @throws {TypeError} as {@linkcode interval}, and if `seconds` is no number of at least 0.
   */
  add(name: string, seconds: number): void {
    checkName(name);
    if (typeof seconds !== "number" || !(seconds >= 0)) {
      throw new TypeError(`timings.add() takes seconds of at least 0, not ${seconds}`);
    }
    if (this.#intervals.length < MAX_INTERVALS) {
      const interval: [string, number] = [name, seconds];
      this.#intervals.push(interval);
      this.#last.set(name, interval);
      return;
    }
    const last = this.#last.get(name);
    if (last) last[1] += seconds;
  }

  /** What was counted; undefined if nothing was. */
  take(): UserIntervals | undefined {
    if (this.#intervals.length === 0) return undefined;
    const taken = this.#intervals;
    this.#intervals = [];
    this.#last.clear();
    return taken;
  }
}

function checkName(name: unknown): void {
  if (typeof name !== "string" || name === "") {
    throw new TypeError("A timer's name must be a text that is not empty");
  }
  if ((TIMER_NAMES as readonly string[]).includes(name)) {
    throw new TypeError(`'${name}' is a timer of the run itself: give yours another name`);
  }
}

/**
 * Adds what a worker sent to a run's timers; what can't be is left out.
 *
 * @param sent what stands where {@linkcode UserIntervals} should: a worker may send anything.
 */
export function addUserIntervals(timers: Timers, sent: unknown): void {
  if (!Array.isArray(sent)) return;
  for (const pair of sent.slice(0, MAX_INTERVALS)) {
    const [name, seconds] = Array.isArray(pair) ? pair : [];
    if (typeof name !== "string" || typeof seconds !== "number" || !(seconds >= 0)) continue;
    const shown = printableText(name.slice(0, MAX_NAME).toWellFormed()).replaceAll("\n", " ");
    if ((TIMER_NAMES as readonly string[]).includes(shown)) continue;
    if (timers.has(shown) || timers.size < MAX_NAMES) timers.add(shown, seconds);
  }
}
