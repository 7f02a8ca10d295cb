/**
 * Runs `mapBlocks()` to its end.
 *
 * @module
 */
import { assert } from "@std/assert";
import { mapBlocks, type MapBlocksOptions, type MapBlocksSummary } from "../../core/map_blocks.ts";

/** Every block's result, by its place in the list, and what the run did. No block may come back twice. */
export async function collectBlocks<Block, Result>(
  options: MapBlocksOptions<Block, Result>,
): Promise<{ results: Map<number, Result>; summary: MapBlocksSummary }> {
  const results = new Map<number, Result>();
  const run = mapBlocks(options);
  while (true) {
    const next = await run.next();
    if (next.done) return { results, summary: next.value };
    const { index, result } = next.value;
    assert(!results.has(index), `block ${index} came back twice`);
    results.set(index, result);
  }
}
