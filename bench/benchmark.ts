/**
 * What a benchmark is, and what it gives back.
 *
 * @module
 */
import type { Scenes } from "./scenes.ts";
import type { Spread } from "./spread.ts";
import type { Tools } from "./tools.ts";

/** One contestant's runs. */
export interface Measure {
  /** Who ran. */
  readonly label: string;
  /** Wall time of the whole process, or of what the benchmark says, seconds. */
  readonly wallSeconds: Spread;
  /** User and system time of all its threads, seconds; null where it can't be measured. */
  readonly cpuSeconds: Spread | null;
  /** The most memory that was resident in any run, MiB; null where it can't be measured. */
  readonly peakMiB: number | null;
  /** Whatever else is worth a look, such as a rate or a size. */
  readonly detail?: string;
}

/** A limit that a figure has to keep. */
export type Limit = { readonly atMost: number } | { readonly atLeast: number };

/** A figure that stands for the benchmark, with its limit if it has one. */
export interface Figure {
  /** What the figure is. */
  readonly what: string;
  /** The figure; for ratios the median of the rounds' ratios. */
  readonly value: number;
  /** The lowest and the highest of the rounds; undefined for a figure that is measured once. */
  readonly range?: readonly [number, number];
  /** Its unit; "" for a ratio. */
  readonly unit: string;
  /** Its limit; null for a figure that is for information. */
  readonly limit: Limit | null;
  /** Whether the limit is kept; null without one, and where this run can't judge it, such as on a small scene. */
  readonly met: boolean | null;
}

/** What a benchmark found. */
export interface BenchmarkReport {
  /** The contestants, ours first. */
  readonly measures: readonly Measure[];
  /** The figures that they are compared by. */
  readonly figures: readonly Figure[];
  /** What one must know to read the figures, one line each. */
  readonly notes: readonly string[];
  /** What could not be measured here, and why, one line each. */
  readonly skipped: readonly string[];
}

/** What a benchmark gets. */
export interface BenchContext {
  /** A folder for its files, emptied at the end. */
  readonly folder: string;
  /** The rivals and helpers that are here. */
  readonly tools: Tools;
  /** Makes the scenes, each once. */
  readonly scenes: Scenes;
  /** How often each contestant runs. */
  readonly rounds: number;
  /** Whether small scenes will do; limits are then not judged. */
  readonly isQuick: boolean;
  /** Says what runs now. */
  say(line: string): void;
}

/** A benchmark. */
export interface Benchmark {
  /** Its name on the command line. */
  readonly name: string;
  /** What it measures and what against, in one line. */
  readonly about: string;
  /** Measures. */
  run(context: BenchContext): Promise<BenchmarkReport>;
}

/** A figure without its verdict. */
export type Unjudged = Omit<Figure, "met" | "limit"> & { readonly limit?: Limit };

/** Says whether a figure keeps its limit, unless the run is a quick one. */
export function judge({ limit, ...figure }: Unjudged, { isQuick }: { readonly isQuick: boolean }): Figure {
  if (!limit) return { ...figure, limit: null, met: null };
  if (isQuick) return { ...figure, limit, met: null };
  return {
    ...figure,
    limit,
    met: "atMost" in limit ? figure.value <= limit.atMost : figure.value >= limit.atLeast,
  };
}

/** A ratio of two contestants by its rounds. */
export function ratioFigure(what: string, { median, min, max }: Spread): Unjudged {
  return { what, value: median, range: [min, max], unit: "" };
}
