/**
 * Registered runs as a table for people.
 *
 * @module
 */
import { printableText } from "../core/errors.ts";
import type { RegisteredRun } from "../core/register/run_register.ts";

const HEADINGS = ["RUN", "KIND", "JOB", "STARTED", "MANAGER", "LEFT"];

/** A heading, and a line for each run. */
export function runLines(runs: readonly RegisteredRun[]): string[] {
  const rows = [HEADINGS, ...runs.map(cells)].map((row) => row.map(printableText));
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd());
}

function cells({ runId, kind, jobName, host, pid, startedAt, isAlive, things }: RegisteredRun): string[] {
  const counts = new Map<string, number>();
  for (const { type } of things) counts.set(type, (counts.get(type) ?? 0) + 1);
  const left = [...counts].map(([type, count]) => `${count} x ${type}`).join(", ");
  const started = startedAt.replace(/\.\d+/, "");
  return [
    ...[runId, kind, jobName ?? "-", started],
    `${isAlive ? "lives" : "dead"} (${host}:${pid})`,
    left || "nothing",
  ];
}
