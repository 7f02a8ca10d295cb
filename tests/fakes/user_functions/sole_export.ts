/** A module whose one function is not its default export. */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../../../mod.ts";

export function copy(_info: ReaderInfo, { img }: BlockInputs, outputs: BlockOutputs): void {
  outputs.out = img;
}
