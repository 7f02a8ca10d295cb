/**
 * The names of workers, as queues and logs show them.
 *
 * @module
 */

/** `blockfleet_JOB_N`, or `blockfleet_N` without a job name. */
export function workerName(jobName: string | undefined, worker: number): string {
  return jobName === undefined ? `blockfleet_${worker}` : `blockfleet_${jobName}_${worker}`;
}
