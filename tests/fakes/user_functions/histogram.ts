/** Counts pixels by value; each block has its own copy of `otherArgs`, and the copies are merged. */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../../../mod.ts";

interface Counts {
  readonly bins: Float64Array;
  readonly blocks: number[];
}

export default function histogram(
  info: ReaderInfo,
  { img }: BlockInputs,
  _outputs: BlockOutputs,
  { bins, blocks }: Counts,
): void {
  for (const value of img.data) bins[value % bins.length]! += 1;
  const [x, y] = info.getBlockCount();
  blocks.push(y * info.getTotalBlocks()[0] + x);
}

export function mergeOtherArgs(total: Counts, block: Counts): void {
  block.bins.forEach((count, bin) => total.bins[bin]! += count);
  total.blocks.push(...block.blocks);
}
