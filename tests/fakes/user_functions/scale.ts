/** User functions under several names: what `FILE#NAME` chooses from. */
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../../../mod.ts";

export default function double(_info: ReaderInfo, { img }: BlockInputs, outputs: BlockOutputs): void {
  outputs.out = { data: img.data.map((value: number) => 2 * value), bands: img.bands };
}

export async function triple(_info: ReaderInfo, { img }: BlockInputs, outputs: BlockOutputs): Promise<void> {
  await Promise.resolve();
  outputs.out = { data: img.data.map((value: number) => 3 * value), bands: img.bands };
}
