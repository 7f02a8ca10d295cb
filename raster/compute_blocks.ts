/**
 * The blocks of a planned run: given to workers, their results written as they come.
 *
 * @module
 */
import type { CheckedConcurrency } from "../core/checked_concurrency.ts";
import type { Driver } from "../core/driver.ts";
import type { ComputeWorkerManager } from "../core/manager.ts";
import { OpenFiles } from "../core/open_files.ts";
import { headerOnly } from "../core/payload.ts";
import { ReaderPool } from "../core/reader_pool.ts";
import type { Timers } from "../core/timers.ts";
import { describeUserFunction, shippedHash } from "../core/worker/user_function.ts";
import type { ApplyOptions, Progress } from "./apply_options.ts";
import { groupedOrder } from "./block_groups.ts";
import { totalBlocks } from "./block_list.ts";
import { COMPUTE_PROGRAM } from "./compute_thread.ts";
import type { JournaledOutputs } from "./journal/journaled_outputs.ts";
import { openFilesPerThread } from "./open_file_budget.ts";
import { type ApplyPlan, readThreadsHere, readThreadsThere } from "./plan_apply.ts";
import { RASTER_READ_PROCESSOR, type RasterJob } from "./raster_job.ts";
import { RasterRun } from "./raster_run.ts";
import { readsAreListed, workerAccess } from "./worker_access.ts";

/** Progress is told no more often than this. */
const PROGRESS_MS = 100;

/** A run that is ready to begin. */
export interface ReadyRun {
  /** Its id. */
  readonly runId: string;
  /** What is to be done. */
  readonly plan: ApplyPlan;
  /** The kind of worker. */
  readonly driver: Driver;
  /** The workers that are wanted. */
  readonly concurrency: CheckedConcurrency;
  /** Has the workers; not started yet. */
  readonly manager: ComputeWorkerManager;
  /** The outputs, locked and open. */
  readonly outputs: JournaledOutputs;
  /** The run's timers. */
  readonly timers: Timers;
  /** What the user asked for. */
  readonly options: ApplyOptions;
  /** Hears each line that the user should see. */
  readonly onNotice: (line: string) => void;
}

/** What of a run is watched and counted meanwhile. */
export interface ComputeBlocksOptions {
  /** Aborted, with the error, when the journal can't be written any more. */
  readonly journalFailed: AbortSignal;
  /** Counts the blocks that each worker has done. */
  readonly blocksByWorker: Map<number, number>;
}

/**
 * Computes and writes all blocks that are not done yet. However it ends, workers and read workers are gone by then.
 *
 * @throws {WorkerError} if the user function throws, or workers are lost beyond the limits.
 * @throws {RasterError} if an input can't be read or an output can't be written.
 * @throws {AbortedError} if the user's signal is aborted.
 */
export async function computeBlocks(run: ReadyRun, options: ComputeBlocksOptions): Promise<void> {
  const { runId, plan, driver, concurrency, manager, outputs, timers, onNotice } = run;
  const { journalFailed, blocksByWorker } = options;
  const { blocks, inputs, files, userFunction, args } = plan;
  const { jobName, signal: given, onProgress } = run.options;
  const { x, y } = totalBlocks(blocks);
  const workers = Math.min(concurrency.workers, x * y - outputs.done.length);
  const threadsHere = readThreadsHere(concurrency, { workers, inProcess: driver.inProcess });
  const threadsThere = readThreadsThere(concurrency, driver.inProcess);
  const readsHere = threadsHere === 0;
  const openFiles = openFilesPerThread({
    limit: new OpenFiles().limit,
    threads: !readsHere
      ? threadsHere
      : driver.inProcess
      ? workers
      : concurrency.threadsPerWorker + threadsThere,
    areHere: !readsHere || driver.inProcess,
  });
  const job = rasterJob(plan, { jobName, readsHere, openFiles });
  const access = workerAccess({
    isConfined: readsAreListed(driver, concurrency),
    inputs: job.readsHere ? inputs.flatMap(({ files }) => files) : [],
    module: userFunction.kind === "module" ? userFunction.url : undefined,
    onNotice,
  });
  manager.setJobName(jobName);
  const readers = startReaders(job, { threads: threadsHere, timers });
  try {
    const rasterRun = new RasterRun({
      order: groupedOrder(blocks, plan.group),
      ...{ blocks, files, outputs, readers, timers, blocksByWorker, access, merged: args.merged },
      workerJob: { header: job, parts: args.parts },
      leastAhead: readers ? Math.max(2, Math.ceil(2 * threadsHere / workers)) : Math.max(1, 2 * threadsThere),
      readThreadsThere: threadsThere,
      codeHash: shippedHash(userFunction),
      loads: describeUserFunction(userFunction),
      ownArgs: args.job.hasOtherArgs && args.merged === undefined,
    });
    await manager.startWorkers({
      ...{ job: rasterRun, concurrency, runId, timers, onNotice },
      signal: AbortSignal.any([journalFailed, ...given ? [given] : []]),
      onProgress: throttled(onProgress),
    });
    await manager.run();
    for (const line of rasterRun.notices()) onNotice(line);
  } catch (error) {
    throw journalFailed.aborted ? journalFailed.reason : error;
  } finally {
    try {
      await manager.shutdown();
    } finally {
      await readers?.close();
    }
  }
}

function rasterJob(
  { workinggrid, blocks, overlap, inputs, files, userFunction, args }: ApplyPlan,
  { jobName, readsHere, openFiles }:
    & Pick<RasterJob["run"], "jobName">
    & Pick<RasterJob, "readsHere" | "openFiles">,
): RasterJob {
  return {
    run: { workinggrid, blocks, overlap, jobName },
    ...{ inputs, userFunction, ...args.job, readsHere, openFiles },
    outputs: files.map(({ plan }) => plan),
  };
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

function throttled(
  onProgress: ApplyOptions["onProgress"],
): (done: number, total: number, workers: number) => void {
  let nextMs = 0;
  return (done, total, workers) => {
    const nowMs = performance.now();
    if (nowMs < nextMs && done < total) return;
    nextMs = nowMs + PROGRESS_MS;
    onProgress?.({ done, total, workers } satisfies Progress);
  };
}
