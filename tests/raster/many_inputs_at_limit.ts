/**
 * Sums many inputs where few files may be open; run by open_files_test.ts with a low limit of open files.
 *
 * Arguments: a folder of rasters, the output, the kind of worker.
 *
 * @module
 */
import { apply } from "../../mod.ts";

const [folder, output, kind] = Deno.args as [string, string, string];
const imgs = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
const { blocks } = await apply({
  userFunction: (_info, { imgs }, outputs) => {
    const sum = new Float64Array(imgs[0].data.length);
    for (const { data } of imgs) for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + data[i];
    outputs.sum = sum;
  },
  infiles: { imgs },
  outfiles: { sum: output },
  controls: { windowxsize: 16, windowysize: 16, windowExact: true },
  concurrency: kind === "CW_NONE" ? {} : { computeWorkerKind: kind, numComputeWorkers: 3 },
});
console.log(blocks.done);
