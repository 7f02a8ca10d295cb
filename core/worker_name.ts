/**
 * The names of workers, as queues and logs show them.
 *
 * @module
 */

/** What the name of every thread that runs a worker program begins with; a thread knows by it what it is. */
export const THREAD_NAME_PREFIX = "blockfleet_";

/** `blockfleet_JOB_N`, or `blockfleet_N` without a job name. */
export function workerName(jobName: string | undefined, worker: number): string {
  return THREAD_NAME_PREFIX + (jobName === undefined ? worker : `${jobName}_${worker}`);
}
