/**
 * The program of a compute worker: everything that `apply()` and `mapBlocks()` need of one.
 *
 * As the entry of a thread it begins to serve its manager at once; imported elsewhere it only exports.
 *
 * @module
 */
import type { WorkerProgram } from "../core/driver.ts";
import { runComputeLoop } from "../core/worker/compute_loop.ts";
import { MAP_PROCESSORS } from "../core/worker/map_processors.ts";
import type { Processors } from "../core/worker/processor.ts";
import { inThread, serveThread } from "../core/worker/serve_thread.ts";
import { RASTER_PROCESSOR, RASTER_READ_PROCESSOR } from "./raster_job.ts";

const PROCESSORS: Processors = {
  ...MAP_PROCESSORS,
  [RASTER_PROCESSOR]: async () => (await import("./block_processor.ts")).createRasterProcessor,
  [RASTER_READ_PROCESSOR]: async () => (await import("./block_processor.ts")).createRasterReadProcessor,
};

/** The program. */
export const COMPUTE_PROGRAM: WorkerProgram = {
  threadUrl: new URL(import.meta.url),
  runHere: (link) => runComputeLoop(link, PROCESSORS),
};

if (inThread()) {
  serveThread(PROCESSORS);
  // Loaded while the run is still being planned; should it fail, the job that needs it fails with the same error.
  PROCESSORS[RASTER_PROCESSOR]!().catch(() => {});
}
