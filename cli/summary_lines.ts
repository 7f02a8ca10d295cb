/**
 * What a run did, in lines for people.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import type { ApplyResult, OutputSummary } from "../raster/apply_options.ts";
import type { CheckedApply } from "../raster/check_apply.ts";

/** An output in a line. */
export function outputLine({ path, width, height, bands, type, bytes }: OutputSummary): string {
  const bandCount = bands === 1 ? "1 band" : `${bands} bands`;
  return `${path}: ${width} x ${height}, ${bandCount} of ${type}, ${formatBytes(bytes)}`;
}

/** Blocks, workers and time in a line. */
export function blocksLine({ blocks, workers, wallSeconds }: ApplyResult): string {
  const facts = [
    `${plural(blocks.total, "block")} on ${plural(workers.ran, `${workers.kind} worker`)} in ${
      seconds(wallSeconds)
    }`,
    blocks.resumed > 0 && `${blocks.resumed} taken from an earlier run`,
    blocks.retried > 0 && `${blocks.retried} handed out again`,
    workers.lost > 0 && `${plural(workers.lost, "worker")} lost`,
  ];
  return facts.filter((fact) => fact !== false).join(", ");
}

/** What would be done, in a line. */
export function planLine(kind: string, { blockCount, plan, spec }: CheckedApply): string {
  const workers = spec.maxWorkers > spec.workers
    ? `${spec.workers} to ${spec.maxWorkers}`
    : `${spec.workers}`;
  const files = plan.files.map(({ path }) => path);
  return `Nothing is started. ${plural(blockCount, "block")} on ${workers} ${kind} worker${
    spec.maxWorkers === 1 ? "" : "s"
  } would make ${files.length > 0 ? files.join(", ") : "no output"}`;
}

/** A duration for people. */
export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
