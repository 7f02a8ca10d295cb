/**
 * Our side of reading a layout: all blocks of a run of `apply()`, in the order and with the memory that it plans, in one
 * thread.
 *
 * Arguments: FILE. Prints a JSON list of the CPU seconds of each reading, the first one cold.
 *
 * @module
 */
import process from "node:process";
import { groupedOrder, planReading } from "../raster/block_groups.ts";
import { blockDefn, totalBlocks } from "../raster/block_list.ts";
import { InputReader } from "../raster/input_reader.ts";
import { planInputs } from "../raster/plan_inputs.ts";

const READINGS = 4;
const WINDOW = 256;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function readAll(path: string): Promise<void> {
  const planned = await planInputs({ userFunction: "", infiles: { img: path } });
  const { ncols, nrows } = planned.workinggrid;
  const blocks = { ncols, nrows, windowxsize: WINDOW, windowysize: WINDOW };
  const { inputs, group } = planReading(planned.inputs, { blocks, overlap: 0 });
  const order = groupedOrder(blocks, group);
  const { x, y } = totalBlocks(blocks);
  await using reader = new InputReader(inputs, 0);
  for (let place = 0; place < x * y; place++) {
    await reader.read(blockDefn(blocks, order?.blockAt(place) ?? place));
  }
}

const readings: number[] = [];
for (let reading = 0; reading < READINGS; reading++) {
  const start = cpuSeconds();
  await readAll(Deno.args[0]!);
  readings.push(cpuSeconds() - start);
}
console.log(JSON.stringify(readings));
