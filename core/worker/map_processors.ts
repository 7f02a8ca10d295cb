/**
 * The processors of `mapBlocks()`.
 *
 * @module
 */
import type { Processors } from "./processor.ts";

/** The processor of `mapBlocks()`, loaded when it is used. */
export const MAP_PROCESSORS: Processors = {
  "map": async () => (await import("./map_processor.ts")).createMapProcessor,
};
