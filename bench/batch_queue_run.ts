/**
 * A manager of very many jobs, for `batch_queue.ts`. Arguments: WORKERS BLOCKS, and `abort` to give up when every worker has
 * connected. Prints one JSON object: connectSeconds, seconds, endSeconds.
 *
 * @module
 */
import { mapBlocks } from "../core/map_blocks.ts";
import { CW_PBS } from "../core/kinds.ts";

const [workers, blocks] = Deno.args.slice(0, 2).map(Number) as [number, number];
const isAborted = Deno.args[2] === "abort";
const controller = new AbortController();
const startMs = performance.now();
let firstMs = startMs;
let lastMs = startMs;
let done = 0;
const results = mapBlocks({
  userFunction: (n: number) => n,
  blocks: Array.from({ length: blocks }, (_, n) => n),
  // No block is handed out until every worker is there.
  concurrency: { computeWorkerKind: CW_PBS, numComputeWorkers: workers, computeBarrierTimeout: 300 },
  signal: controller.signal,
  onNotice: (line) => console.error(line),
});
try {
  for await (const _ of results) {
    if (done++ === 0) firstMs = performance.now();
    lastMs = performance.now();
    if (isAborted) controller.abort();
  }
} catch (error) {
  if (!isAborted) throw error;
}
const seconds = (from: number, to: number) => (to - from) / 1000;
console.log(JSON.stringify({
  connectSeconds: seconds(startMs, firstMs),
  seconds: seconds(firstMs, lastMs),
  endSeconds: seconds(lastMs, performance.now()),
  done,
}));
