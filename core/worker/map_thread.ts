/**
 * The worker program of `mapBlocks()`.
 *
 * @module
 */
import type { WorkerProgram } from "../driver.ts";
import { runComputeLoop } from "./compute_loop.ts";
import { MAP_PROCESSOR } from "./map_processor.ts";
import type { Processors } from "./processor.ts";
import { inThread, serveThread } from "./serve_thread.ts";

/** The processor of `mapBlocks()`, loaded when it is used. */
export const MAP_PROCESSORS: Processors = {
  [MAP_PROCESSOR]: async () => (await import("./map_processor.ts")).createMapProcessor,
};

/** The program. */
export const MAP_PROGRAM: WorkerProgram = {
  threadUrl: new URL(import.meta.url),
  runHere: (link) => runComputeLoop(link, MAP_PROCESSORS),
};

if (inThread()) serveThread(MAP_PROCESSORS);
