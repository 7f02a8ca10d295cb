/**
 * A manager with very many workers and blocks: its memory, and whether its time per block stays what it was.
 *
 * The manager is this process; the workers are simulated: real sessions over the data channel, hundreds of them in each of a
 * few processes, whose blocks are empty.
 *
 * Arguments: WORKERS PROCESSES BLOCKS. Prints one JSON object: seconds, connectSeconds, tenths (seconds each), peakMiB.
 *
 * @module
 */
import { EMPTY, runThroughChannel } from "./channel_run.ts";

const PARTS = 10;
const SAMPLE_MS = 50;

const [workers, processes, blocks] = Deno.args.map(Number) as [number, number, number];
const tenths: number[] = [];
let peakBytes = 0;
let done = 0;
let lastMs = performance.now();
let connectSeconds = 0;
const sampling = setInterval(() => peakBytes = Math.max(peakBytes, Deno.memoryUsage().rss), SAMPLE_MS);
const seconds = await runThroughChannel({
  ...{ processor: EMPTY, blocks, processes, workersEach: workers / processes, tls: false },
  ready: () => {
    connectSeconds = lap();
  },
  accepted: () => {
    if (++done % (blocks / PARTS) === 0) tenths.push(lap());
  },
});
clearInterval(sampling);
console.log(JSON.stringify({ seconds, connectSeconds, tenths, peakMiB: peakBytes / 2 ** 20 }));

function lap(): number {
  const nowMs = performance.now();
  const seconds = (nowMs - lastMs) / 1000;
  lastMs = nowMs;
  return seconds;
}
