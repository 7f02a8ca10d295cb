/**
 * Whether the blocks of a run are of a size that a worker can hold.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import type { BlockGrid } from "./block_list.ts";
import { DATA_TYPES } from "./data_type.ts";
import type { InputPlan } from "./raster_job.ts";

/** No worker holds a block of one file beyond this, whatever its memory. */
const MAX_BLOCK_BYTES = 2 ** 32;

/**
 * Refuses windows and margins that make blocks too large for one array.
 *
 * @throws {ConfigError} naming the input and the size of its block.
 */
export function checkBlockBytes(
  inputs: readonly InputPlan[],
  { blocks, overlap }: { readonly blocks: BlockGrid; readonly overlap: number },
): void {
  const cols = Math.min(blocks.windowxsize, blocks.ncols) + 2 * overlap;
  const rows = Math.min(blocks.windowysize, blocks.nrows) + 2 * overlap;
  for (const { name, files } of inputs) {
    for (const { layers, dataType } of files) {
      const bytes = cols * rows * layers.length * DATA_TYPES[dataType].bytes;
      if (bytes <= MAX_BLOCK_BYTES) continue;
      throw new ConfigError(
        `A block of ${cols} x ${rows} pixels, margin included, takes ${
          (bytes / 2 ** 30).toFixed(1)
        } GiB of input '${name}', over the limit of 4 GiB: make the window or the overlap smaller`,
      );
    }
  }
}
