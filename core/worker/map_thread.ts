/**
 * The worker program of `mapBlocks()`.
 *
 * @module
 */
import type { WorkerProgram } from "../driver.ts";
import { runComputeLoop } from "./compute_loop.ts";
import { MAP_PROCESSORS } from "./map_processors.ts";
import { inThread, serveThread } from "./serve_thread.ts";

/** The program. */
export const MAP_PROGRAM: WorkerProgram = {
  threadUrl: new URL(import.meta.url),
  runHere: (link) => runComputeLoop(link, MAP_PROCESSORS),
};

if (inThread()) serveThread(MAP_PROCESSORS);
