/**
 * What a run did, in lines for people.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import type { ApplyResult, OutputSummary } from "../raster/apply_options.ts";

/** An output in a line. */
export function outputLine({ path, width, height, bands, type, bytes }: OutputSummary): string {
  const bandCount = bands === 1 ? "1 band" : `${bands} bands`;
  return `${path}: ${width} x ${height}, ${bandCount} of ${type}, ${formatBytes(bytes)}`;
}

/** Blocks, workers and time in a line. */
export function blocksLine({ blocks, workers, wallSeconds }: ApplyResult): string {
  const facts = [
    `${plural(blocks.total, "block")} on ${plural(workers.started, `${workers.kind} worker`)} in ${
      seconds(wallSeconds)
    }`,
    blocks.resumed > 0 && `${blocks.resumed} taken from an earlier run`,
    blocks.retried > 0 && `${blocks.retried} handed out again`,
    workers.lost > 0 && `${plural(workers.lost, "worker")} lost`,
  ];
  return facts.filter((fact) => fact !== false).join(", ");
}

/** A duration for people. */
export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
