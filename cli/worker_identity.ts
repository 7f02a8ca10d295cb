/**
 * What a compute worker is called by whatever started it, as its environment says.
 *
 * @module
 */

/** Where array jobs find their number, by batch system. */
const ARRAY_INDEX_VARIABLES = ["SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"];
/** Grid Engine's, which counts from 1 here: `undefined` in a job that is no array's. */
const GRID_ENGINE_TASK = "SGE_TASK_ID";
/** The metadata endpoint is on the same host; one that takes longer won't answer, milliseconds. */
const METADATA_MS = 2000;

/** A worker by its native name. */
export interface WorkerIdentity {
  /** The job and its element, the task, or else the process. */
  readonly nativeId: string;
  /** How often the queue has started its job again, where it says so. */
  readonly restarts?: number;
}

/**
 * The id by which the driver knows this worker, and how often its job was requeued.
 *
 * Batch is asked before ECS, since its jobs are ECS tasks, too. Sources: sbatch(1), "OUTPUT ENVIRONMENT VARIABLES";
 * qsub(1B), "PBS_JOBID"; qsub(1) of Grid Engine, "ENVIRONMENTAL VARIABLES"; AWS Batch User Guide, "AWS Batch job environment variables"; Amazon ECS Developer Guide, "task
 * metadata endpoint version 4".
 */
export async function workerIdentity(): Promise<WorkerIdentity> {
  const restarts = wholeVariable("SLURM_RESTART_COUNT");
  const job = slurmJob();
  if (job !== undefined) return { nativeId: job, ...restarts === undefined ? {} : { restarts } };
  const nativeId = variable("PBS_JOBID") ?? gridEngineJob() ?? variable("AWS_BATCH_JOB_ID") ??
    await ecsTask();
  return { nativeId: nativeId ?? String(Deno.pid) };
}

/** The number of the array job's element that this is; undefined if it is none. */
export function arrayIndex(): number | undefined {
  for (const name of ARRAY_INDEX_VARIABLES) {
    const index = wholeVariable(name);
    if (index !== undefined) return index;
  }
  const task = wholeVariable(GRID_ENGINE_TASK);
  return task === undefined ? undefined : task - 1;
}

function slurmJob(): string | undefined {
  const job = variable("SLURM_ARRAY_JOB_ID");
  const element = variable("SLURM_ARRAY_TASK_ID");
  return job !== undefined && element !== undefined ? `${job}_${element}` : variable("SLURM_JOB_ID");
}

/** `JOB_ID` alone is anybody's name. */
function gridEngineJob(): string | undefined {
  const job = variable("JOB_ID");
  const task = variable(GRID_ENGINE_TASK);
  if (job === undefined || task === undefined) return undefined;
  return /^\d+$/.test(task) ? `${job}.${task}` : job;
}

async function ecsTask(): Promise<string | undefined> {
  const endpoint = variable("ECS_CONTAINER_METADATA_URI_V4");
  if (endpoint === undefined) return undefined;
  try {
    const response = await fetch(`${endpoint}/task`, { signal: AbortSignal.timeout(METADATA_MS) });
    const { TaskARN } = await response.json() as { TaskARN?: unknown };
    return typeof TaskARN === "string" && TaskARN !== "" ? TaskARN : undefined;
  } catch (error) {
    console.error(`The task's metadata can't be had, so the worker goes by its process id: ${error}`);
    return undefined;
  }
}

function wholeVariable(name: string): number | undefined {
  const value = variable(name);
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

function variable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) || undefined : undefined;
}
