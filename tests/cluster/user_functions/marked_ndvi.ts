/**
 * NDVI that takes its time and leaves a trace: in the folder `marks` a file for each job, and in it a line when a block is
 * begun and another when it is done.
 *
 * @module
 */
import ndvi from "../../../examples/ndvi.ts";
import type { BlockInputs, BlockOutputs, ReaderInfo } from "../../../mod.ts";

/** What the scenario says. */
export interface MarkedNdviArgs {
  /** A folder. */
  readonly marks: string;
  /** A file with the time that each block takes, milliseconds; it may change while the run goes on. */
  readonly pace: string;
  /** The block that fails. */
  readonly failAt?: string;
  /** The block that takes 1 GB of memory, and holds it. */
  readonly hogAt?: string;
}

/** A node may look at the memory of its jobs once in two minutes. */
const HOG = { bytes: 1 << 30, ms: 150_000 };
/** Holds on to it. */
const hogged: Uint8Array[] = [];

/** As examples/ndvi.ts. */
export default async function markedNdvi(
  info: ReaderInfo,
  inputs: BlockInputs,
  outputs: BlockOutputs,
  { marks, pace, failAt, hogAt }: MarkedNdviArgs,
): Promise<void> {
  const file = `${marks}/${jobId()}`;
  const node = Deno.env.get("SLURMD_NODENAME") ?? "";
  const [x, y] = info.getBlockCount();
  const mark = (what: string) =>
    Deno.writeTextFileSync(file, `${what} ${x},${y} ${node}\n`, { append: true });
  mark("begin");
  if (failAt === `${x},${y}`) throw new Error("told to fail");
  if (hogAt === `${x},${y}`) {
    hogged.push(new Uint8Array(HOG.bytes).fill(1));
    await new Promise((resolve) => setTimeout(resolve, HOG.ms));
  }
  const milliseconds = Number(Deno.readTextFileSync(pace));
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
  ndvi(info, inputs, outputs);
  mark("end");
}

/** The job or element as its queue calls it. */
function jobId(): string {
  const { SLURM_ARRAY_JOB_ID, SLURM_ARRAY_TASK_ID, SLURM_JOB_ID, PBS_JOBID, JOB_ID, SGE_TASK_ID } =
    variables();
  if (SLURM_ARRAY_JOB_ID !== undefined) return `${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}`;
  const ofGridEngine = SGE_TASK_ID === "undefined" ? JOB_ID : SGE_TASK_ID && `${JOB_ID}.${SGE_TASK_ID}`;
  return SLURM_JOB_ID ?? PBS_JOBID ?? ofGridEngine ?? "here";
}

function variables(): Record<string, string | undefined> {
  const names = [
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_JOB_ID",
    "PBS_JOBID",
    "JOB_ID",
    "SGE_TASK_ID",
  ];
  return Object.fromEntries(names.map((name) => [name, Deno.env.get(name)]));
}
