/**
 * Removes what killed runs left in a batch queue.
 *
 * @module
 */
import type { CleanupReport, RegisteredRun, RunSelector, ThingRecord } from "../../core/driver.ts";
import { messageOf } from "../../core/errors.ts";
import { type BatchScheduler, shownId } from "./batch_scheduler.ts";
import { cancelJobs } from "./cancel_jobs.ts";
import { type DeadJob, deadJob, lookById, lookByToken, untilGone } from "./dead_jobs.ts";
import { JOB_THING } from "./job_submitter.ts";
import { FOLDER_THING, removeFolder } from "./log_folder.ts";
import type { CommandRunner } from "./run_command.ts";
import { runToken } from "./worker_jobs.ts";

/**
 * Cancels the jobs of dead runs and removes their logs. A job is removed when the queue no longer has it: until then its worker
 * may compute, and the queue may bring a log to its folder.
 */
export async function cleanUpRuns(
  scheduler: BatchScheduler,
  selector: RunSelector,
  run: CommandRunner,
): Promise<CleanupReport> {
  const report = { removed: [] as string[], failed: [] as string[] };
  const notice = (line: string) => selector.notice?.(line);
  const cancelled = new Map<ThingRecord, readonly DeadJob[]>();
  for (const dead of selector.runs) {
    for (const thing of jobsOf(dead)) {
      const jobs = await cancelThing(dead, thing);
      if (jobs !== undefined) cancelled.set(thing, jobs);
    }
  }
  // All at once: each may take its time.
  await untilGone([...cancelled.values()].flat(), lookById(scheduler, run), notice);
  for (const dead of selector.runs) await finishRun(dead);
  const { runId } = selector.unregistered ?? {};
  if (runId !== undefined) await cleanUpByToken(runId);
  return report;

  function jobsOf({ things }: RegisteredRun): ThingRecord[] {
    return things.filter(({ type }) => type === JOB_THING);
  }

  /** Says what has become of a run's jobs; removes its logs if they are gone. */
  async function finishRun(dead: RegisteredRun): Promise<void> {
    const things = jobsOf(dead);
    const folders = dead.things.filter(({ type }) => type === FOLDER_THING);
    let areJobsGone = true;
    for (const thing of things) {
      const jobs = cancelled.get(thing);
      if (jobs === undefined || !tell(jobs)) areJobsGone = false;
      else if (!selector.dryRun) await dead.gone(thing);
    }
    if (areJobsGone && things.length === 0 && folders.length > 0) areJobsGone = await isUnlisted(dead.runId);
    for (const thing of folders) if (areJobsGone) await cleanUpFolder(dead, thing);
  }

  /** Whether the queue has no job of a run any more, of which the register knows none. */
  async function isUnlisted(runId: string): Promise<boolean> {
    if (selector.dryRun) return true;
    const place = { token: runToken(runId), clusters: undefined };
    const ids = await scheduler.find(run, place.token);
    if (ids === undefined) {
      report.failed.push(`logs of run ${runId}: ${scheduler.title} does not answer; try again later`);
      return false;
    }
    const jobs = ids.map((jobId) => deadJob(scheduler, { jobId, arraySize: undefined }, runId));
    for (const job of jobs) job.standing = "still there";
    await untilGone(jobs, lookByToken(scheduler, run, place), notice);
    return tell(jobs.filter(({ standing }) => standing !== undefined));
  }

  /** Tells the jobs of a line of the register to end; undefined if that did not succeed. */
  async function cancelThing(
    { runId }: RegisteredRun,
    { key, data }: ThingRecord,
  ): Promise<DeadJob[] | undefined> {
    const clusters = typeof data?.clusters === "string" ? data.clusters : undefined;
    const ids = typeof data?.id === "string" ? [data.id] : await scheduler.find(run, key, clusters);
    if (ids === undefined) {
      report.failed.push(`job ${key}: ${scheduler.title} does not answer; try again later`);
      return undefined;
    }
    const arraySize = typeof data?.arraySize === "number" ? data.arraySize : undefined;
    return await cancel(ids.map((jobId) => deadJob(scheduler, { jobId, arraySize }, runId)));
  }

  async function cancel(jobs: DeadJob[]): Promise<DeadJob[] | undefined> {
    if (selector.dryRun) return jobs;
    const trouble = await cancelJobs(scheduler, run, jobs.map(({ jobId }) => jobId));
    if (trouble === undefined) {
      for (const job of jobs) job.standing = "told to end";
      return jobs;
    }
    report.failed.push(...jobs.map(({ what }) => `${what}: ${trouble}`));
    return undefined;
  }

  /** Whether all of them are gone; says so of each. */
  function tell(jobs: readonly DeadJob[]): boolean {
    for (const { what, standing } of jobs) {
      if (standing === undefined) report.removed.push(what);
      else {
        report.failed.push(
          `${what}: it has been told to end, and is still in the queue (${standing}); its logs are kept`,
        );
      }
    }
    return jobs.every(({ standing }) => standing === undefined);
  }

  async function cleanUpFolder(dead: RegisteredRun, thing: ThingRecord): Promise<void> {
    // A register is a file that someone may have edited: only a folder of the run's own name is removed.
    const isOwn = thing.key.split("/").at(-1)?.replace(/^blockfleet_/, "") === dead.runId;
    if (!isOwn) {
      report.failed.push(
        `folder ${thing.key}: its name is not that of run ${dead.runId}, so it is left alone`,
      );
      return;
    }
    const what = `logs ${thing.key}`;
    if (!selector.dryRun) {
      try {
        await removeFolder(thing.key);
      } catch (error) {
        report.failed.push(`${what}: ${messageOf(error)}`);
        return;
      }
      await dead.gone(thing);
    }
    report.removed.push(what);
  }

  /** Jobs of a run that no register here knows, by the comment that they carry. */
  async function cleanUpByToken(runId: string): Promise<void> {
    const place = { token: runToken(runId), clusters: scheduler.clusters?.([], Deno.env.toObject()) };
    const ids = await scheduler.find(run, place.token, place.clusters);
    if (ids === undefined) {
      report.failed.push(`run ${runId}: ${scheduler.title} does not answer; try again later`);
      return;
    }
    if (ids.length === 0) return;
    const shown = ids.map((id) => shownId(scheduler, id)).join(", ");
    const question = `Cancel ${scheduler.title} job(s) ${shown}, which say that they are of run ${runId}?`;
    if (!selector.dryRun && !await selector.confirm(question)) return;
    const jobs = await cancel(ids.map((jobId) => deadJob(scheduler, { jobId, arraySize: undefined }, runId)));
    if (jobs === undefined) return;
    await untilGone(jobs, lookByToken(scheduler, run, place), notice);
    tell(jobs);
  }
}
