/**
 * A program whose user function leaves an error uncaught in a thread, which Deno shows on standard error.
 *
 * @module
 */
import { CW_THREADS } from "../../core/kinds.ts";
import { mapBlocks } from "../../core/map_blocks.ts";

const blocks = mapBlocks({
  userFunction: `${new URL("./throwing_function.ts", import.meta.url).href}#later`,
  blocks: [Deno.args[0]],
  concurrency: { computeWorkerKind: CW_THREADS, numComputeWorkers: 1 },
  onNotice: () => {},
});
await blocks.next().catch(({ message }) => console.log(message));
Deno.exit(0);
