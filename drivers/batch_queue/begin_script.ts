/**
 * How the script of every job begins.
 *
 * @module
 */
import { type BatchScheduler, directiveLines, type JobRequest } from "./batch_scheduler.ts";

/** The first lines of a job's script: its shell, and the scheduler's directives. */
export function beginScript(scheduler: BatchScheduler, job: JobRequest): string[] {
  const { params } = job;
  return [`#!${params.shell}`, ...directiveLines(scheduler, scheduler.directives(job), params)];
}
