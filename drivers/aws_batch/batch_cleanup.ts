/**
 * Removes what killed runs left in AWS Batch.
 *
 * @module
 */
import type { JobSummary } from "@aws-sdk/client-batch";
import type { CleanupReport, RegisteredRun, RunSelector, ThingRecord } from "../../core/driver.ts";
import { ConfigError, messageOf } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { describeJobs, findJobsByName, listJobsByName, terminateJobs } from "./job_calls.ts";
import { hasEnded } from "./job_end.ts";
import { chosenStack, findPlace } from "./stack.ts";
import type { BatchTiming } from "./timing.ts";

/** What a cleanup goes by. */
export interface BatchCleanupParts {
  /** Calls of a region; undefined for the SDK's. */
  caller(region: string | undefined): AwsCaller;
  /** How long to wait for what. */
  readonly timing: BatchTiming;
}

const REASON = "blockfleet cleanup";
const PREFIX = "blockfleet_";

/** Cleans up: exactly what the register names, and by tag only what the user agrees to. */
export async function cleanUpBatch(selector: RunSelector, parts: BatchCleanupParts): Promise<CleanupReport> {
  const cleanup = new BatchCleanup(selector, parts);
  for (const run of selector.runs) await cleanup.registered(run);
  if (selector.unregistered) await cleanup.unregistered(selector.unregistered);
  return cleanup.report;
}

class BatchCleanup {
  readonly report: { removed: string[]; failed: string[]; hint?: string } = { removed: [], failed: [] };
  readonly #selector: RunSelector;
  readonly #parts: BatchCleanupParts;

  constructor(selector: RunSelector, parts: BatchCleanupParts) {
    this.#selector = selector;
    this.#parts = parts;
  }

  async registered(run: RegisteredRun): Promise<void> {
    for (const thing of run.things) {
      const { jobQueue, region } = thing.data ?? {};
      const caller = this.#parts.caller(typeof region === "string" ? region : undefined);
      try {
        if (thing.type !== "batch-job" || typeof jobQueue !== "string") {
          this.report.failed.push(`'${thing.key}' is a '${thing.type}', which this version does not know`);
          continue;
        }
        const ids = await this.#idsOf(run, thing, { caller, jobQueue });
        const done = await this.#end(caller, { ids, name: thing.key });
        if (done && typeof region !== "string") {
          // Where it was is not known, so that its absence here proves nothing.
          this.report.failed.push(
            `job '${thing.key}': its register does not say its region, so that it can't be called gone; none that ` +
              `lives is in ${await caller.region("batch")}: look in the others, with RIOS_AWSBATCH_REGION`,
          );
          continue;
        }
        if (done && !this.#selector.dryRun) await run.gone(thing);
      } catch (error) {
        this.report.failed.push(`job '${thing.key}': ${messageOf(error)}`);
      } finally {
        caller.destroy();
      }
    }
  }

  async unregistered({ runId, jobName }: NonNullable<RunSelector["unregistered"]>): Promise<void> {
    // Most who never name a stack have no jobs in one, and may not ask for it either.
    if (chosenStack({}) === undefined) {
      this.report.hint =
        "of AWS Batch only the queue of a stack is looked at: name it in RIOS_AWSBATCH_STACK or " +
        "BLOCKFLEET_AWSBATCH_STACK, and its region in RIOS_AWSBATCH_REGION, if the run was there";
      return;
    }
    const caller = this.#parts.caller(undefined);
    try {
      const { jobQueue } = await findPlace(caller, {});
      const live = (await listJobsByName(caller, { jobQueue, name: `${PREFIX}*` })).filter((job) =>
        !hasEnded(job)
      );
      const details = await describeJobs(caller, live.map(({ jobId }) => jobId!));
      for (const { jobId, jobName: name, tags } of details.values()) {
        const isMeant = runId !== undefined
          ? tags?.["blockfleet:run"] === runId
          : tags?.["blockfleet:job"] === jobName;
        if (!isMeant) continue;
        const question = `Terminate job '${name}' (${jobId})? Only its tag says that it is yours`;
        if (this.#selector.dryRun || await this.#selector.confirm(question)) {
          await this.#end(caller, { ids: [jobId!], name: name! });
        }
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.report.failed.push(error.message);
    } finally {
      caller.destroy();
    }
  }

  /** The jobs of a submission: the one whose id came back, and whatever else has its unique name. */
  async #idsOf(
    { startedAt }: RegisteredRun,
    { key: name, state, data }: ThingRecord,
    { caller, jobQueue }: { caller: AwsCaller; jobQueue: string },
  ): Promise<string[]> {
    const ids = new Set(typeof data?.jobId === "string" ? [data.jobId] : []);
    const { absenceMs, freshMs } = this.#parts.timing;
    const isFresh = !(Date.now() - Date.parse(startedAt) > freshMs);
    const list: JobSummary[] = state === "intended" && isFresh
      ? await findJobsByName(caller, { jobQueue, name, absenceMs })
      : await listJobsByName(caller, { jobQueue, name });
    for (const { jobId } of list) if (jobId !== undefined) ids.add(jobId);
    return [...ids];
  }

  /** Terminates what has not ended, and waits for its end. @returns whether nothing is left */
  async #end(caller: AwsCaller, { ids, name }: { ids: string[]; name: string }): Promise<boolean> {
    const live = await this.#live(caller, ids);
    if (live.length === 0) return true;
    if (this.#selector.dryRun) {
      this.report.removed.push(...live.map((id) => `job '${name}' (${id})`));
      return false;
    }
    const failed = await terminateJobs(caller, { ids: live, reason: REASON });
    for (const [id, error] of failed) this.report.failed.push(`job '${name}' (${id}): ${messageOf(error)}`);
    const { pollMs, terminateMs } = this.#parts.timing;
    const endMs = performance.now() + terminateMs;
    let left = live.filter((id) => !failed.has(id));
    while (left.length > 0 && performance.now() < endMs) {
      await sleep(pollMs.least);
      const now = await this.#live(caller, left);
      this.report.removed.push(
        ...left.filter((id) => !now.includes(id)).map((id) => `job '${name}' (${id})`),
      );
      left = now;
    }
    for (const id of left) {
      this.report.failed.push(
        `job '${name}' (${id}) has been terminated but has not ended yet: run this again in a minute`,
      );
    }
    return failed.size === 0 && left.length === 0;
  }

  async #live(caller: AwsCaller, ids: readonly string[]): Promise<string[]> {
    const details = await describeJobs(caller, ids);
    return [...details.values()].filter((job) => !hasEnded(job)).map(({ jobId }) => jobId!);
  }
}
