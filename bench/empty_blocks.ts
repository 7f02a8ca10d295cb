/**
 * Blocks with nothing in them through the whole engine: mapBlocks with an empty user function.
 *
 * Arguments: BLOCKS WORKERS. Prints one JSON object: seconds, from the call to the last result, the start of the threads
 * included.
 *
 * @module
 */
import { CW_THREADS, mapBlocks } from "../mod.ts";

const [blocks, workers] = Deno.args.map(Number);
const startMs = performance.now();
const results = mapBlocks({
  userFunction: () => {},
  blocks: Array.from({ length: blocks! }, (_, index) => index),
  concurrency: { computeWorkerKind: CW_THREADS, numComputeWorkers: workers! },
});
let done = 0;
for await (const _ of results) done++;
if (done !== blocks) throw new Error(`${done} of ${blocks} blocks came back`);
console.log(JSON.stringify({ seconds: (performance.now() - startMs) / 1000 }));
