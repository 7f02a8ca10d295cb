/**
 * Removes what killed runs left in a batch queue.
 *
 * @module
 */
import type { CleanupReport, RegisteredRun, RunSelector, ThingRecord } from "../../core/driver.ts";
import { messageOf } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import type { BatchScheduler } from "./batch_scheduler.ts";
import { cancelJobs } from "./cancel_jobs.ts";
import { JOB_THING } from "./job_submitter.ts";
import { FOLDER_THING, removeFolder } from "./log_folder.ts";
import type { CommandRunner } from "./run_command.ts";
import { runToken } from "./worker_jobs.ts";

/** Cancelled jobs are awaited for so long before their logs are removed, and asked about so often. */
const GONE_MS = 15_000;
const ASK_MS = 1000;

/** Cancels the jobs of dead runs and removes their logs. */
export async function cleanUpRuns(
  scheduler: BatchScheduler,
  selector: RunSelector,
  run: CommandRunner,
): Promise<CleanupReport> {
  const report = { removed: [] as string[], failed: [] as string[] };
  for (const one of selector.runs) await cleanUpRun(one);
  const { runId } = selector.unregistered ?? {};
  if (runId !== undefined) await cleanUpByToken(runId);
  return report;

  function shown(id: string): string {
    return scheduler.shownId?.(id) ?? id;
  }

  async function cleanUpRun(dead: RegisteredRun): Promise<void> {
    let areJobsGone = true;
    for (const thing of dead.things.filter(({ type }) => type === JOB_THING)) {
      if (!await cleanUpJob(dead, thing)) areJobsGone = false;
    }
    const folders = dead.things.filter(({ type }) => type === FOLDER_THING);
    if (areJobsGone && folders.length > 0 && !selector.dryRun) await untilGone(dead.runId);
    for (const thing of folders) {
      if (areJobsGone) await cleanUpFolder(dead, thing);
    }
  }

  async function cleanUpJob(dead: RegisteredRun, thing: ThingRecord): Promise<boolean> {
    const known = typeof thing.data?.id === "string" ? [thing.data.id] : undefined;
    const clusters = typeof thing.data?.clusters === "string" ? thing.data.clusters : undefined;
    const ids = known ?? await scheduler.find(run, thing.key, clusters);
    if (ids === undefined) {
      report.failed.push(`job ${thing.key}: ${scheduler.title} does not answer; try again later`);
      return false;
    }
    const what = ids.map((id) => `${scheduler.title} job ${shown(id)} of run ${dead.runId}`);
    if (selector.dryRun) {
      report.removed.push(...what);
      return true;
    }
    const trouble = await cancelJobs(scheduler, run, ids);
    if (trouble !== undefined) {
      report.failed.push(...what.map((line) => `${line}: ${trouble}`));
      return false;
    }
    await dead.gone(thing);
    report.removed.push(...what);
    return true;
  }

  /** A queue that delivers a job's log at its end holds the job if the folder is gone. */
  async function untilGone(runId: string): Promise<void> {
    for (const since = performance.now(); performance.now() - since < GONE_MS;) {
      const left = await scheduler.find(run, runToken(runId));
      if (left === undefined || left.length === 0) return;
      await sleep(ASK_MS);
    }
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
    const ids = await scheduler.find(run, runToken(runId), scheduler.clusters?.([], Deno.env.toObject()));
    if (ids === undefined) {
      report.failed.push(`run ${runId}: ${scheduler.title} does not answer; try again later`);
      return;
    }
    if (ids.length === 0) return;
    const question = `Cancel ${scheduler.title} job(s) ${
      ids.map(shown).join(", ")
    }, which say that they are of run ${runId}?`;
    if (!selector.dryRun && !await selector.confirm(question)) return;
    const trouble = selector.dryRun ? undefined : await cancelJobs(scheduler, run, ids);
    const what = ids.map((id) => `${scheduler.title} job ${shown(id)} of run ${runId}`);
    if (trouble === undefined) report.removed.push(...what);
    else report.failed.push(...what.map((line) => `${line}: ${trouble}`));
  }
}
