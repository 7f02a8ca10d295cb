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
  const cleanUp = new CleanUp(scheduler, selector, run);
  await cleanUp.registeredRuns();
  const { runId } = selector.unregistered ?? {};
  if (runId !== undefined) await cleanUp.unregisteredRun(runId);
  return cleanUp.report;
}

/** One cleanup, and its report. */
class CleanUp {
  readonly report = { removed: [] as string[], failed: [] as string[] };
  readonly #scheduler: BatchScheduler;
  readonly #selector: RunSelector;
  readonly #run: CommandRunner;

  constructor(scheduler: BatchScheduler, selector: RunSelector, run: CommandRunner) {
    this.#scheduler = scheduler;
    this.#selector = selector;
    this.#run = run;
  }

  /** Removes what the register knows of. */
  async registeredRuns(): Promise<void> {
    const { runs } = this.#selector;
    const cancelled = new Map<ThingRecord, readonly DeadJob[]>();
    for (const dead of runs) {
      for (const thing of jobsOf(dead)) {
        const jobs = await this.#cancelThing(dead, thing);
        if (jobs !== undefined) cancelled.set(thing, jobs);
      }
    }
    // All at once: each may take its time.
    await this.#untilGone([...cancelled.values()].flat(), lookById(this.#scheduler, this.#run));
    for (const dead of runs) await this.#finishRun(dead, cancelled);
  }

  /** Removes the jobs of a run that no register here knows, by the comment that they carry. */
  async unregisteredRun(runId: string): Promise<void> {
    const { dryRun, confirm } = this.#selector;
    const scheduler = this.#scheduler;
    const place = { token: runToken(runId), clusters: scheduler.clusters?.([], Deno.env.toObject()) };
    const ids = await scheduler.find(this.#run, place.token, place.clusters);
    if (ids === undefined) return this.#isSilent(`run ${runId}`);
    if (ids.length === 0) return;
    const shown = ids.map((id) => shownId(scheduler, id)).join(", ");
    const question = `Cancel ${scheduler.title} job(s) ${shown}, which say that they are of run ${runId}?`;
    if (!dryRun && !await confirm(question)) return;
    const jobs = await this.#cancel(this.#deadJobs(ids, runId));
    if (jobs === undefined) return;
    await this.#untilGone(jobs, lookByToken(scheduler, this.#run, place));
    this.#tell(jobs);
  }

  /** Says what has become of a run's jobs; removes its logs if they are gone. */
  async #finishRun(
    dead: RegisteredRun,
    cancelled: ReadonlyMap<ThingRecord, readonly DeadJob[]>,
  ): Promise<void> {
    const things = jobsOf(dead);
    const folders = dead.things.filter(({ type }) => type === FOLDER_THING);
    let areJobsGone = true;
    for (const thing of things) {
      const jobs = cancelled.get(thing);
      if (jobs === undefined || !this.#tell(jobs)) areJobsGone = false;
      else if (!this.#selector.dryRun) await dead.gone(thing);
    }
    if (areJobsGone && things.length === 0 && folders.length > 0) {
      areJobsGone = await this.#isUnlisted(dead.runId);
    }
    for (const thing of folders) if (areJobsGone) await this.#cleanUpFolder(dead, thing);
  }

  /** Whether the queue has no job of a run any more, of which the register knows none. */
  async #isUnlisted(runId: string): Promise<boolean> {
    if (this.#selector.dryRun) return true;
    const place = { token: runToken(runId), clusters: undefined };
    const ids = await this.#scheduler.find(this.#run, place.token);
    if (ids === undefined) {
      this.#isSilent(`logs of run ${runId}`);
      return false;
    }
    const jobs = this.#deadJobs(ids, runId);
    for (const job of jobs) job.standing = "still there";
    await this.#untilGone(jobs, lookByToken(this.#scheduler, this.#run, place));
    return this.#tell(jobs.filter(({ standing }) => standing !== undefined));
  }

  /** Tells the jobs of a line of the register to end; undefined if that did not succeed. */
  async #cancelThing(
    { runId }: RegisteredRun,
    { key, data }: ThingRecord,
  ): Promise<readonly DeadJob[] | undefined> {
    const clusters = typeof data?.clusters === "string" ? data.clusters : undefined;
    const ids = typeof data?.id === "string"
      ? [data.id]
      : await this.#scheduler.find(this.#run, key, clusters);
    if (ids === undefined) {
      this.#isSilent(`job ${key}`);
      return undefined;
    }
    const arraySize = typeof data?.arraySize === "number" ? data.arraySize : undefined;
    return await this.#cancel(this.#deadJobs(ids, runId, arraySize));
  }

  async #cancel(jobs: readonly DeadJob[]): Promise<readonly DeadJob[] | undefined> {
    if (this.#selector.dryRun) return jobs;
    const trouble = await cancelJobs(this.#scheduler, this.#run, jobs.map(({ jobId }) => jobId));
    if (trouble === undefined) {
      for (const job of jobs) job.standing = "told to end";
      return jobs;
    }
    this.report.failed.push(...jobs.map(({ what }) => `${what}: ${trouble}`));
    return undefined;
  }

  /** Whether all of them are gone; says so of each. */
  #tell(jobs: readonly DeadJob[]): boolean {
    for (const { what, standing } of jobs) {
      if (standing === undefined) this.report.removed.push(what);
      else {
        this.report.failed.push(
          `${what}: it has been told to end, and is still in the queue (${standing}); its logs are kept`,
        );
      }
    }
    return jobs.every(({ standing }) => standing === undefined);
  }

  async #cleanUpFolder(dead: RegisteredRun, thing: ThingRecord): Promise<void> {
    const { removed, failed } = this.report;
    // A register is a file that someone may have edited: only a folder of the run's own name is removed.
    const isOwn = thing.key.split("/").at(-1)?.replace(/^blockfleet_/, "") === dead.runId;
    if (!isOwn) {
      failed.push(`folder ${thing.key}: its name is not that of run ${dead.runId}, so it is left alone`);
      return;
    }
    const what = `logs ${thing.key}`;
    if (!this.#selector.dryRun) {
      try {
        await removeFolder(thing.key);
      } catch (error) {
        failed.push(`${what}: ${messageOf(error)}`);
        return;
      }
      await dead.gone(thing);
    }
    removed.push(what);
  }

  #deadJobs(ids: readonly string[], runId: string, arraySize?: number): DeadJob[] {
    return ids.map((jobId) => deadJob(this.#scheduler, { jobId, arraySize }, runId));
  }

  #isSilent(what: string): void {
    this.report.failed.push(`${what}: ${this.#scheduler.title} does not answer; try again later`);
  }

  async #untilGone(jobs: readonly DeadJob[], look: Parameters<typeof untilGone>[1]): Promise<void> {
    await untilGone(jobs, look, (line) => this.#selector.notice?.(line));
  }
}

function jobsOf({ things }: RegisteredRun): ThingRecord[] {
  return things.filter(({ type }) => type === JOB_THING);
}
