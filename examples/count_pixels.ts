/**
 * How many pixels have data, and how many of them lie above a threshold: a result that is no raster. Run it with
 * `--args '{"above": 2000}'` and without any `--out`.
 *
 * @module
 */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../mod.ts";

/** What `otherArgs` holds. */
export interface CountArgs {
  /** The threshold. */
  readonly above: number;
  /** Result: pixels of the first band that have data. */
  valid?: number;
  /** Result: those of them above the threshold. */
  counted?: number;
}

/**
 * Reads `inputs.img` and counts into `otherArgs`, of which every block has a fresh copy.
 *
 * @throws {TypeError} if `otherArgs.above` is no number.
 */
export default function countPixels(
  _info: ReaderInfo,
  { img }: BlockInputs,
  _outputs: BlockOutputs,
  otherArgs: CountArgs,
): void {
  const above = otherArgs?.above;
  if (typeof above !== "number") throw new TypeError(`count_pixels needs --args '{"above": NUMBER}'`);
  let valid = 0;
  let counted = 0;
  for (const value of img.band(0)) {
    if (value === img.nodata || Number.isNaN(value)) continue;
    valid++;
    if (value > above) counted++;
  }
  otherArgs.valid = valid;
  otherArgs.counted = counted;
}

/** Adds a block's counts to the total. Because of this export each block is counted once, whatever happens to workers. */
export function mergeOtherArgs(total: CountArgs, block: CountArgs): CountArgs {
  return {
    above: block.above,
    valid: (total.valid ?? 0) + (block.valid ?? 0),
    counted: (total.counted ?? 0) + (block.counted ?? 0),
  };
}
