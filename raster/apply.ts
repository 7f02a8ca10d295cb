/**
 * `apply()`: a function of one block, applied to whole rasters.
 *
 * @module
 */
import { checkConcurrency } from "../core/concurrency_style.ts";
import { AbortedError, messageOf } from "../core/errors.ts";
import { isFunctionFailure } from "../core/function_failure.ts";
import { withKeptNote } from "../core/kept_note.ts";
import { CW_NONE } from "../core/kinds.ts";
import { ComputeWorkerManager } from "../core/manager.ts";
import { unpackValue } from "../core/pack_value.ts";
import { headerOnly } from "../core/payload.ts";
import { ReaderPool } from "../core/reader_pool.ts";
import { getDriver } from "../core/registry.ts";
import { Timers } from "../core/timers.ts";
import { shippedHash } from "../core/worker/user_function.ts";
import type { ApplyOptions, ApplyResult, Progress } from "./apply_options.ts";
import { totalBlocks } from "./block_list.ts";
import { checkOptionNames } from "./check_options.ts";
import { cleanUpAfter } from "./clean_up_after.ts";
import { COMPUTE_PROGRAM } from "./compute_thread.ts";
import { checkInputsUnchanged, InputChangedError } from "./input_versions.ts";
import { functionDigest } from "./journal/function_digest.ts";
import type { JournaledOutputs } from "./journal/journaled_outputs.ts";
import { openOutputs } from "./journal/open_outputs.ts";
import { runFacts } from "./journal/run_facts.ts";
import { planApply, readThreadsHere, readThreadsThere } from "./plan_apply.ts";
import { type InputPlan, RASTER_READ_PROCESSOR, type RasterJob } from "./raster_job.ts";
import { RasterRun } from "./raster_run.ts";
import { workerAccess } from "./worker_access.ts";

/** Workers that are prepared before it is known how many blocks there are. */
const MOST_PREPARED = 8;

/** Progress is told no more often than this. */
const PROGRESS_MS = 100;

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
  checkOptionNames(options);
  const onNotice = options.onNotice ?? console.warn;
  const controls = options.controls ?? {};
  const driver = await getDriver(options.concurrency?.computeWorkerKind ?? CW_NONE);
  const concurrency = checkConcurrency(options.concurrency ?? {}, driver);
  for (const warning of concurrency.warnings) onNotice(warning);
  using _prepared = driver.prepare?.(COMPUTE_PROGRAM, Math.min(concurrency.workers, MOST_PREPARED));
  const plan = await planApply(options, onNotice);
  const { overlap, leftovers, userFunction, args, inputs, workinggrid, blocks, files } = plan;
  if (options.signal?.aborted) throw new AbortedError("The run was ended before it began");

  const runId = crypto.randomUUID();
  const otherArgs = args.job.hasOtherArgs ? { header: args.job.otherArgs, parts: args.parts } : undefined;
  const digest = await functionDigest(userFunction);
  const journalFailed = new AbortController();
  const outputs = await openOutputs(
    files.map(({ label, path, spec }) => ({ name: label, path, spec })),
    {
      ...{ runId, blocks, leftovers, onNotice, signal: options.signal },
      inputs: inputs.flatMap(({ name, files }) => files.map(({ location }) => ({ name, path: location }))),
      takeOver: controls.takeOver ?? false,
      facts: await runFacts({
        ...{ workinggrid, blocks, overlap, inputs, files, otherArgs, userFunction: digest },
      }),
      onRestored: (block, packed) => packed && args.merged?.add(block, unpackValue(packed)),
      onFailure: (error) => journalFailed.abort(error),
    },
  );
  const timers = new Timers();
  const blocksByWorker = new Map<number, number>();
  const manager = new ComputeWorkerManager(driver);
  const summaries = await keepingWhatIsDone(outputs, {
    ...{ inputs, onNotice },
    work: async () => {
      await cleanUpAfter(outputs.earlierRuns, onNotice);
      const { x, y } = totalBlocks(blocks);
      const workers = Math.min(concurrency.workers, x * y - outputs.done.length);
      const readThreads = readThreadsHere(concurrency, { workers, inProcess: driver.inProcess });
      const threadsThere = readThreadsThere(concurrency, driver.inProcess);
      const job: RasterJob = {
        run: { workinggrid, blocks, overlap, jobName: options.jobName },
        inputs,
        outputs: files.map(({ plan }) => plan),
        userFunction,
        ...args.job,
        readsHere: readThreads === 0,
      };
      manager.setJobName(options.jobName);
      const readers = startReaders(job, { threads: readThreads, timers });
      const run = new RasterRun({
        blocks,
        workerJob: { header: job, parts: args.parts },
        leastAhead: readers
          ? Math.max(2, Math.ceil(2 * readThreads / workers))
          : Math.max(1, 2 * threadsThere),
        readThreadsThere: threadsThere,
        codeHash: shippedHash(userFunction),
        access: workerAccess([
          ...job.readsHere ? inputs.flatMap(({ files }) => files.map(({ location }) => location)) : [],
          ...userFunction.kind === "module" ? [userFunction.url] : [],
        ]),
        ownArgs: options.otherArgs !== undefined && args.merged === undefined,
        files,
        outputs,
        merged: args.merged,
        readers,
        timers,
        blocksByWorker,
      });
      const signal = AbortSignal.any([journalFailed.signal, ...options.signal ? [options.signal] : []]);
      try {
        await manager.startWorkers({
          ...{ job: run, concurrency, runId, timers, signal, onNotice },
          onProgress: throttledProgress(options),
        });
        await manager.run();
      } catch (error) {
        throw journalFailed.signal.aborted ? journalFailed.signal.reason : error;
      } finally {
        await manager.shutdown();
        await readers?.close();
      }
      await checkInputsUnchanged(inputs);
      return await timers.interval("writing", () => outputs.commit());
    },
  });
  const wallSeconds = (performance.now() - startMs) / 1000;
  timers.add("walltime", wallSeconds);
  const counts = manager.counts();
  return {
    timings: timers,
    otherArgsList: args.merged ? [args.merged.total] : manager.makeOutObjList(),
    workinggrid,
    outputs: summaries,
    blocks: { total: counts.blocks.done, ...counts.blocks },
    workers: { kind: driver.kind, ...counts.workers },
    blocksByWorker,
    wallSeconds,
  };
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
    // Blocks of the old input and of the new one can't be told apart.
    await checkInputsUnchanged(options.inputs).catch((changed) => {
      if (changed instanceof InputChangedError) outputs.discard();
    });
    const note = await outputs.abandon(isFunctionFailure(error)).catch((failure) =>
      options.onNotice(messageOf(failure))
    );
    throw withKeptNote(error, note ?? undefined);
  } finally {
    for (const ending of ENDINGS) globalThis.removeEventListener(ending, abandon);
  }
}

function startReaders(job: RasterJob, options: { threads: number; timers: Timers }): ReaderPool | undefined {
  if (options.threads === 0) return undefined;
  return new ReaderPool({
    threadUrl: COMPUTE_PROGRAM.threadUrl,
    processor: RASTER_READ_PROCESSOR,
    job: headerOnly({ ...job, hasOtherArgs: false, otherArgs: undefined }),
    ...options,
  });
}

function throttledProgress(
  { onProgress }: ApplyOptions,
): (done: number, total: number, workers: number) => void {
  let nextMs = 0;
  return (done, total, workers) => {
    const nowMs = performance.now();
    if (nowMs < nextMs && done < total) return;
    nextMs = nowMs + PROGRESS_MS;
    onProgress?.({ done, total, workers } satisfies Progress);
  };
}
