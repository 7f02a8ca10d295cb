/**
 * `apply()`: a function of one block, applied to whole rasters.
 *
 * @module
 */
import { AbortedError, messageOf, WorkerError } from "../core/errors.ts";
import { isFunctionFailure } from "../core/function_failure.ts";
import { withKeptNote } from "../core/kept_note.ts";
import { CW_NONE } from "../core/kinds.ts";
import { ComputeWorkerManager } from "../core/manager.ts";
import { unpackValue } from "../core/pack_value.ts";
import { getDriver } from "../core/registry.ts";
import { Timers } from "../core/timers.ts";
import type { ApplyOptions, ApplyResult } from "./apply_options.ts";
import { checkOptions } from "./check_options.ts";
import { cleanUpAfter } from "./clean_up_after.ts";
import { computeBlocks } from "./compute_blocks.ts";
import { COMPUTE_PROGRAM } from "./compute_thread.ts";
import { checkInputsUnchanged } from "./input_versions.ts";
import { InputChangedError } from "./source/version.ts";
import type { JournaledOutputs } from "./journal/journaled_outputs.ts";
import { otherFilesOf } from "./job_files.ts";
import { openOutputs, type OpenOutputsOptions } from "./journal/open_outputs.ts";
import { plannedFacts } from "./planned_facts.ts";
import { type ApplyPlan, checkedConcurrency, planApply } from "./plan_apply.ts";
import type { InputPlan } from "./raster_job.ts";

/** Workers that are prepared before it is known how many blocks there are. */
const MOST_PREPARED = 8;

/** Events of this process that come before its end. */
const ENDINGS = ["unload", "error", "unhandledrejection"] as const;

/**
 * Applies a user function to rasters, block by block, with the workers of your choice. Outputs appear under their names
 * when they are complete. If anything fails before a block is done, nothing of them is left; after that the blocks that
 * are done are kept beside them with a journal, and the error says how to go on.
 *
 * ```ts ignore
 * import { apply, CW_THREADS } from "@blockfleet/blockfleet";
 *
 * const result = await apply({
 *   userFunction: new URL("./ndvi.ts", import.meta.url),
 *   infiles: { img: "scene.tif" },
 *   outfiles: { ndvi: "ndvi.tif" },
 *   concurrency: { computeWorkerKind: CW_THREADS, numComputeWorkers: 4 },
 * });
 * console.log(result.timings.formatReport());
 * ```
 *
 * @throws {ConfigError} for options that can't work, before anything starts; also if an earlier run has kept blocks and
 * neither `resume` nor `restart` is given, or if what is to be resumed was another run.
 * @throws {UnavailableError} if the kind of worker can't run here.
 * @throws {RasterError} if an input can't be read or an output can't be written.
 * @throws {WorkerError} if the user function throws, or workers are lost beyond the limits.
 * @throws {AbortedError} if `signal` is aborted.
 */
export async function apply(options: ApplyOptions): Promise<ApplyResult> {
  const startMs = performance.now();
  checkOptions(options);
  const onNotice = options.onNotice ?? console.warn;
  const driver = await getDriver(options.concurrency?.computeWorkerKind ?? CW_NONE);
  const concurrency = checkedConcurrency(options, { driver, onNotice });
  using _prepared = driver.prepare?.(COMPUTE_PROGRAM, Math.min(concurrency.workers, MOST_PREPARED));
  const plan = await planApply(options, onNotice);
  if (options.signal?.aborted) throw new AbortedError("The run was ended before it began");

  const runId = crypto.randomUUID();
  const journalFailed = new AbortController();
  const outputs = await openPlanned(plan, {
    ...{ runId, onNotice, signal: options.signal, takeOver: options.controls?.takeOver ?? false },
    others: otherFilesOf(options, plan.userFunction),
    onFailure: (error) => journalFailed.abort(error),
  });
  const timers = new Timers();
  const manager = new ComputeWorkerManager(driver);
  const run = { runId, plan, driver, concurrency, manager, outputs, timers, options, onNotice };
  const blocksByWorker = new Map<number, number>();
  const summaries = await keepingWhatIsDone(outputs, {
    ...{ inputs: plan.inputs, onNotice },
    work: async () => {
      await cleanUpAfter(outputs.earlierRuns, onNotice);
      await computeBlocks(run, { journalFailed: journalFailed.signal, blocksByWorker });
      await checkInputsUnchanged(plan.inputs);
      return await timers.interval("writing", () => outputs.commit());
    },
  });
  const wallSeconds = (performance.now() - startMs) / 1000;
  timers.add("walltime", wallSeconds);
  const counts = manager.counts();
  return {
    timings: timers,
    otherArgsList: manager.makeOutObjList(),
    workinggrid: plan.workinggrid,
    outputs: summaries,
    blocks: { total: counts.blocks.done, ...counts.blocks },
    workers: { kind: driver.kind, ...counts.workers },
    blocksByWorker,
    wallSeconds,
  };
}

/** Locks the planned outputs and begins them, or goes on with what an earlier run has done of them. */
async function openPlanned(
  plan: ApplyPlan,
  options: Pick<OpenOutputsOptions, "runId" | "others" | "takeOver" | "signal" | "onFailure" | "onNotice">,
): Promise<JournaledOutputs> {
  const { files, blocks, leftovers } = plan;
  return await openOutputs(
    files.map(({ label, path, spec }) => ({ name: label, path, spec })),
    {
      ...{ ...options, blocks, leftovers },
      facts: await plannedFacts(plan),
      onRestored: (block, packed) => packed && plan.args.merged?.add(block, unpackValue(packed)),
    },
  );
}

/** Does the work; if it fails, keeps what the outputs hold, or nothing if it is nothing, and says so with the error. */
async function keepingWhatIsDone<T>(
  outputs: JournaledOutputs,
  options: {
    readonly work: () => Promise<T>;
    readonly inputs: readonly InputPlan[];
    readonly onNotice: (line: string) => void;
  },
): Promise<T> {
  // A process that ends in the middle, by Deno.exit() or by an error that nobody caught, does so too.
  const abandon = (event: Event) => {
    if (!event.defaultPrevented) outputs.abandonNow();
  };
  for (const ending of ENDINGS) globalThis.addEventListener(ending, abandon);
  try {
    return await options.work();
  } catch (error) {
    // Blocks of the old input and of the new one can't be told apart. What a server has changed, a worker has seen.
    const hasChanged = (one: unknown) => one instanceof InputChangedError;
    const inWorker = error instanceof WorkerError && error.context.remoteName === InputChangedError.name;
    if (
      inWorker || hasChanged(error) ||
      await checkInputsUnchanged(options.inputs).then(() => false, hasChanged)
    ) {
      outputs.discard();
    }
    const note = await outputs.abandon(isFunctionFailure(error)).catch((failure) =>
      options.onNotice(messageOf(failure))
    );
    throw withKeptNote(error, note ?? undefined);
  } finally {
    for (const ending of ENDINGS) globalThis.removeEventListener(ending, abandon);
  }
}
