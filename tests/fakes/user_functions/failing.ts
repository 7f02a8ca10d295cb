/** A user function that fails in one block, at a line that tests know. */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../../../mod.ts";

export default function failing(info: ReaderInfo, { img }: BlockInputs, outputs: BlockOutputs): void {
  if (info.getBlockCount().join() === "2,1") {
    throw new RangeError("no pixel like this was seen before");
  }
  outputs.out = img;
}
