/**
 * RIOS's timers: named intervals, counted and summed in each worker, merged in the manager.
 *
 * @module
 */
import { timed } from "./timed.ts";

/** The names, in the order of the report. They are RIOS's. */
export const TIMER_NAMES = [
  "reading",
  "startcomputeworkers",
  "userfunction",
  "writing",
  "pyramids",
  "basicstats",
  "histogram",
  "beforeclose",
  "insert_readbuffer",
  "pop_readbuffer",
  "insert_computebuffer",
  "pop_computebuffer",
  "walltime",
] as const;

/** A timer's name. */
export type TimerName = typeof TIMER_NAMES[number];

/** Counts named intervals. */
export interface IntervalRecorder {
  /** Runs `work`, sync or async, and counts how long it took; also when it throws. */
  interval<T>(name: TimerName, work: () => T): T;
  /** Counts one interval of `seconds`. */
  add(name: TimerName, seconds: number): void;
}

/** Intervals on their way from a worker: pairs of a timer's place in {@linkcode TIMER_NAMES} and seconds. */
export type IntervalList = readonly number[];

/** The distribution of one timer, seconds. */
export interface TimerStatistics {
  /** Intervals counted. */
  readonly count: number;
  /** Their sum. */
  readonly total: number;
  /** The shortest. */
  readonly min: number;
  /** A quarter are shorter. */
  readonly lower: number;
  /** Half are shorter. */
  readonly median: number;
  /** Three quarters are shorter. */
  readonly upper: number;
  /** The longest. */
  readonly max: number;
}

/** Intervals of one timer that are kept for its quartiles; beyond it a uniform sample is, so that memory is bounded. */
const SAMPLE_LIMIT = 1024;

class Timer {
  count = 0;
  total = 0;
  min = Infinity;
  max = 0;
  samples: number[] = [];

  add(seconds: number): void {
    this.count++;
    this.total += seconds;
    if (seconds < this.min) this.min = seconds;
    if (seconds > this.max) this.max = seconds;
    // Algorithm R (Vitter 1985).
    const slot = this.count <= SAMPLE_LIMIT ? this.count - 1 : Math.floor(Math.random() * this.count);
    if (slot < SAMPLE_LIMIT) this.samples[slot] = seconds;
  }
}

/** A worker's intervals, until they are sent. */
export class IntervalLog implements IntervalRecorder {
  #intervals: number[] = [];

  interval<T>(name: TimerName, work: () => T): T {
    return timed(work, (seconds) => this.add(name, seconds));
  }

  add(name: TimerName, seconds: number): void {
    this.#intervals.push(TIMER_NAMES.indexOf(name), seconds);
  }

  /** Counts intervals of another thread, some of them under another name. */
  addAll(intervals: IntervalList, rename: Partial<Record<TimerName, TimerName>> = {}): void {
    for (let at = 0; at + 1 < intervals.length; at += 2) {
      const name = TIMER_NAMES[intervals[at]!];
      if (name) this.add(rename[name] ?? name, intervals[at + 1]!);
    }
  }

  /** Takes what was counted since the last time. */
  drain(): IntervalList {
    const intervals = this.#intervals;
    this.#intervals = [];
    return intervals;
  }
}

/** The intervals of a run, its workers' included. A program may count its own, by any name. */
export class Timers implements IntervalRecorder {
  readonly #timers = new Map<string, Timer>();

  /** How many timers were used. */
  get size(): number {
    return this.#timers.size;
  }

  /** Whether a timer was used. */
  has(name: string): boolean {
    return this.#timers.has(name);
  }

  interval<T>(name: string, work: () => T): T {
    return timed(work, (seconds) => this.add(name, seconds));
  }

  add(name: string, seconds: number): void {
    let timer = this.#timers.get(name);
    if (!timer) this.#timers.set(name, timer = new Timer());
    timer.add(seconds);
  }

  /**
   * Adds what a worker counted; what can't be is left out.
   *
   * @param rename timers that count under another name here.
   */
  addAll(intervals: IntervalList, rename: Partial<Record<TimerName, TimerName>> = {}): void {
    for (let at = 0; at + 1 < intervals.length; at += 2) {
      const name = TIMER_NAMES[intervals[at]!];
      const seconds = intervals[at + 1]!;
      if (name && seconds >= 0) this.add(rename[name] ?? name, seconds);
    }
  }

  /** The distribution of each timer that was used, in the order of the report: RIOS's, then those of the user's own. */
  statistics(): Map<string, TimerStatistics> {
    const statistics = new Map<string, TimerStatistics>();
    for (const name of new Set<string>([...TIMER_NAMES, ...this.#timers.keys()])) {
      const timer = this.#timers.get(name);
      if (!timer) continue;
      const sorted = timer.samples.toSorted((a, b) => a - b);
      const { count, total, min, max } = timer;
      statistics.set(name, {
        count,
        total,
        min,
        lower: quantile(sorted, 0.25),
        median: quantile(sorted, 0.5),
        upper: quantile(sorted, 0.75),
        max,
      });
    }
    return statistics;
  }

  /**
   * The report for people. Totals are over all workers, so they may exceed the wall clock.
   *
   * @param level 0 gives totals; 1 adds each timer's N, min, lower quartile, median, upper quartile and max.
   */
  formatReport(level: 0 | 1 = 0): string {
    const statistics = this.statistics();
    const wall = statistics.get("walltime")?.total ?? 0;
    statistics.delete("walltime");
    const lines = [`Wall clock elapsed time: ${wall.toFixed(1)} seconds`, ""];
    const width = Math.max(24, ...[...statistics.keys()].map((name) => name.length + 1));
    lines.push(`${"Timer".padEnd(width)}${"Total (sec)".padStart(12)}`, "-".repeat(width + 12));
    for (const [name, { total }] of statistics) {
      lines.push(`${name.padEnd(width)}${total.toFixed(3).padStart(12)}`);
    }
    if (level > 0) {
      const columns = ["N", "Min", "Lower", "Median", "Upper", "Max"];
      const heading = "Timer".padEnd(width) + columns.map((column) => column.padStart(10)).join("");
      lines.push("", heading, "-".repeat(heading.length));
      for (const [name, s] of statistics) {
        const seconds = [s.min, s.lower, s.median, s.upper, s.max].map((value) => value.toFixed(4));
        const cells = [String(s.count), ...seconds].map((cell) => cell.padStart(10));
        lines.push(name.padEnd(width) + cells.join(""));
      }
    }
    return lines.join("\n");
  }
}

/** The quantile of sorted values with linear interpolation between neighbours; 0 for none. */
function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}
