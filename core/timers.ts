/**
 * RIOS's timers: named intervals, counted and summed in each worker, merged in the manager.
 *
 * @module
 */

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

/** One timer in plain data. */
export interface TimerRecord {
  /** Intervals counted. */
  readonly count: number;
  /** Their sum, seconds. */
  readonly total: number;
  /** The shortest, seconds. */
  readonly min: number;
  /** The longest, seconds. */
  readonly max: number;
  /** Intervals to take the quartiles from: all of the first {@linkcode SAMPLE_LIMIT}, then a fair sample; seconds. */
  readonly samples: readonly number[];
}

/** All timers of one worker, or of a run, in plain data. */
export type TimerSummary = Partial<Record<TimerName, TimerRecord>>;

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

/** Intervals of one timer that are kept for its quartiles; beyond it a uniform sample is kept, so memory is bounded. */
export const SAMPLE_LIMIT = 1024;

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
    this.#sample(seconds, this.count);
  }

  merge(other: TimerRecord): void {
    if (other.count === 0) return;
    // Each kept sample stands for count / samples.length intervals of its own worker.
    const weight = other.count / Math.max(1, other.samples.length);
    let seen = this.count;
    for (const sample of other.samples) {
      seen += weight;
      this.#sample(sample, seen, weight);
    }
    this.count += other.count;
    this.total += other.total;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }

  // Algorithm R (Vitter 1985), with a weight for samples that stand for several intervals.
  #sample(seconds: number, seen: number, weight = 1): void {
    if (this.samples.length < SAMPLE_LIMIT) this.samples.push(seconds);
    else {
      const slot = Math.floor(Math.random() * seen / weight);
      if (slot < SAMPLE_LIMIT) this.samples[slot] = seconds;
    }
  }
}

/** Named intervals of one worker or of a run. */
export class Timers {
  readonly #timers = new Map<TimerName, Timer>();

  /** Runs `work`, sync or async, and counts how long it took; also when it throws. */
  interval<T>(name: TimerName, work: () => T): T {
    const start = performance.now();
    const stop = () => this.add(name, (performance.now() - start) / 1000);
    let result: T;
    try {
      result = work();
    } catch (error) {
      stop();
      throw error;
    }
    if (result instanceof Promise) return result.finally(stop) as T;
    stop();
    return result;
  }

  /** Counts one interval of `seconds`. */
  add(name: TimerName, seconds: number): void {
    this.#timer(name).add(seconds);
  }

  /** Adds what another worker counted. */
  merge(summary: TimerSummary): void {
    for (const name of TIMER_NAMES) {
      const record = summary[name];
      if (record) this.#timer(name).merge(record);
    }
  }

  /** Everything counted, in plain data. */
  summary(): TimerSummary {
    const summary: TimerSummary = {};
    for (const [name, { count, total, min, max, samples }] of this.#timers) {
      summary[name] = { count, total, min, max, samples };
    }
    return summary;
  }

  /** The distribution of each timer that was used, in the order of the report. */
  statistics(): Map<TimerName, TimerStatistics> {
    const statistics = new Map<TimerName, TimerStatistics>();
    for (const name of TIMER_NAMES) {
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
    lines.push(`${"Timer".padEnd(24)}${"Total (sec)".padStart(12)}`, "-".repeat(36));
    for (const [name, { total }] of statistics) {
      lines.push(`${name.padEnd(24)}${total.toFixed(3).padStart(12)}`);
    }
    if (level > 0) {
      const columns = ["N", "Min", "Lower", "Median", "Upper", "Max"];
      const heading = "Timer".padEnd(24) + columns.map((column) => column.padStart(10)).join("");
      lines.push("", heading, "-".repeat(heading.length));
      for (const [name, s] of statistics) {
        const seconds = [s.min, s.lower, s.median, s.upper, s.max].map((value) => value.toFixed(4));
        const cells = [String(s.count), ...seconds].map((cell) => cell.padStart(10));
        lines.push(name.padEnd(24) + cells.join(""));
      }
    }
    return lines.join("\n");
  }

  #timer(name: TimerName): Timer {
    let timer = this.#timers.get(name);
    if (!timer) this.#timers.set(name, timer = new Timer());
    return timer;
  }
}

/** The quantile of sorted values with linear interpolation between neighbours; 0 for none. */
function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}
