/**
 * Reports for people.
 *
 * @module
 */
import type { Benchmark, BenchmarkReport, Figure, Measure } from "./benchmark.ts";

/** A benchmark's report as text: a table of the contestants, then the figures with their limits. */
export function reportText({ name, about }: Benchmark, report: BenchmarkReport): string {
  const { measures, figures, notes, skipped } = report;
  return [
    `${name}: ${about}`,
    ...measures.length > 0 ? table(measures) : [],
    ...figures.map(figureLine),
    ...notes.map((note) => `  note: ${note}`),
    ...skipped.map((reason) => `  skipped: ${reason}`),
  ].join("\n");
}

function table(measures: readonly Measure[]): string[] {
  const rows = [["", "wall s", "(min to max)", "CPU s", "peak MiB", ""], ...measures.map(cells)];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    "  " +
    row.map((cell, column) =>
      column === 0 || column === row.length - 1
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  );
}

function cells({ label, wallSeconds, cpuSeconds, peakMiB, detail = "" }: Measure): string[] {
  const { median, min, max } = wallSeconds;
  return [
    label,
    median.toFixed(3),
    `(${min.toFixed(3)} to ${max.toFixed(3)})`,
    cpuSeconds?.median.toFixed(2) ?? "-",
    peakMiB?.toFixed(0) ?? "-",
    detail,
  ];
}

function figureLine({ what, value, range, unit, limit, met }: Figure): string {
  const digits = unit === "" && !Number.isInteger(value) ? 3 : 0;
  const shown = (number: number) => number.toFixed(digits);
  const spread = range ? ` (rounds: ${shown(range[0])} to ${shown(range[1])})` : "";
  const verdict = met === null ? "not judged" : met ? "met" : "MISSED";
  const bar = limit === null
    ? ""
    : `; bar: at ${"atMost" in limit ? `most ${limit.atMost}` : `least ${limit.atLeast}`}: ${verdict}`;
  return `  ${what}: ${shown(value)}${unit && ` ${unit}`}${spread}${bar}`;
}
