/**
 * What a driver is asked for: the same when a run starts as when it is only shown.
 *
 * @module
 */
import type { CheckedConcurrency } from "./checked_concurrency.ts";
import type { FleetSpec, WorkerProgram } from "./driver.ts";
import type { WorkerAccess } from "./worker_command.ts";

/** What {@linkcode fleetSpec} takes. */
export interface FleetSpecParts {
  /** The workers, checked. */
  readonly concurrency: CheckedConcurrency;
  /** Blocks that are to be computed: there are no more workers than these. */
  readonly blocks: number;
  /** What workers run. */
  readonly program: WorkerProgram;
  /** What the job needs workers to be allowed. */
  readonly access: WorkerAccess;
  /** The user's name for the job. */
  readonly jobName: string | undefined;
}

/** What a driver is asked for. */
export function fleetSpec({ concurrency, blocks, program, access, jobName }: FleetSpecParts): FleetSpec {
  const maxWorkers = Math.min(concurrency.workers, blocks);
  const { workerPermissions: flags } = concurrency;
  return {
    workers: Math.min(concurrency.minWorkers, blocks),
    maxWorkers,
    program,
    jobName,
    extraParams: concurrency.extraParams,
    singleBlockComputeWorkers: concurrency.singleBlock,
    haveSharedTemp: concurrency.haveSharedTemp,
    threadsPerWorker: concurrency.threadsPerWorker,
    access: { ...access, everything: flags.includes("--allow-all"), flags },
    channel: concurrency.channel,
  };
}
