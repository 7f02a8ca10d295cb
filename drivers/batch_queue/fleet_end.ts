/**
 * The end of a fleet: every job of the run is cancelled and awaited, but not for ever.
 *
 * @module
 */
import { sleep } from "../../core/sleep.ts";
import type { BatchScheduler } from "./batch_scheduler.ts";
import { cancelJobs, cancelLine } from "./cancel_jobs.ts";
import type { FleetElement } from "./fleet_element.ts";
import type { CommandRunner } from "./run_command.ts";
import { runToken } from "./worker_jobs.ts";

/** What the end of a fleet takes. */
export interface FleetEndOptions {
  /** The queue. */
  readonly scheduler: BatchScheduler;
  /** Runs its commands. */
  readonly run: CommandRunner;
  /** Whether the work is complete, so that workers end by themselves. */
  readonly finished: boolean;
  /** Jobs that are not known to be over. */
  elements(): FleetElement[];
  /** Whether a job may be in the queue that nobody knows of. */
  readonly isUndecided: boolean;
  /** The run. */
  readonly runId: string;
  /** The clusters that its jobs may be in, where they are not just the own one. */
  readonly clusters: string | undefined;
  /** Asks the queue and takes in what it says. */
  ask(): Promise<void>;
  /** A line for the user. */
  notice(line: string): void;
}

/** Jobs are awaited for so long, milliseconds. */
export const PATIENCE_MS = 30_000;
/** Workers whose work is complete are told so, and end by themselves within this. */
const LEAVE_MS = 6000;
/** How often the queue is asked: soon after something was asked of the jobs, and ever more seldom. */
const ASK_MS = { least: 250, most: 2000, growth: 1.5 };
/** A cancel command that failed is tried again after so long. */
const AGAIN_MS = 5000;

/** Cancels what is left and waits until it is gone, for half a minute; what remains then is named with the remedy. */
export async function endFleet(options: FleetEndOptions): Promise<void> {
  const { scheduler, run, finished, elements, ask, notice } = options;
  const since = performance.now();
  let pauseMs = ASK_MS.least;
  const pause = async () => {
    await sleep(pauseMs);
    pauseMs = Math.min(ASK_MS.most, pauseMs * ASK_MS.growth);
  };
  if (options.isUndecided) await cancelUnknown(options);
  if (finished) {
    if (elements().length > 0) await ask();
    // Those that wait or are just starting have nothing to finish, and would be waited for in vain.
    await cancel(options, elements().filter(({ connectedAtMs }) => connectedAtMs === undefined));
    while (elements().length > 0 && performance.now() - since < LEAVE_MS) {
      await pause();
      await ask();
    }
  }
  let trouble = await cancel(options, elements());
  let cancelledAtMs = performance.now();
  while (elements().length > 0 && performance.now() - since < PATIENCE_MS) {
    await pause();
    await ask();
    if (trouble !== undefined && performance.now() - cancelledAtMs > AGAIN_MS) {
      trouble = await cancel(options, elements());
      cancelledAtMs = performance.now();
    }
  }
  const left = wholeJobs(elements(), elements());
  if (left.length === 0) return;
  const why = trouble === undefined ? "" : ` (${trouble})`;
  notice(
    `${left.length} job(s) of this run may be left in ${scheduler.title}${why}. To remove: ${
      cancelLine(scheduler, left)
    }`,
  );

  function cancel(
    { scheduler }: FleetEndOptions,
    meant: readonly FleetElement[],
  ): Promise<string | undefined> {
    for (const element of meant) element.isCancelled = true;
    if (meant.length > 0) pauseMs = ASK_MS.least;
    return cancelJobs(scheduler, run, wholeJobs(meant, elements()));
  }
}

/** Ids for a cancel command: an array's own where none of its elements that live is to be spared. */
function wholeJobs(meant: readonly FleetElement[], alive: readonly FleetElement[]): string[] {
  const aliveOf = Map.groupBy(alive, ({ job }) => job);
  return [...Map.groupBy(meant, ({ job }) => job)].flatMap(([job, elements]) =>
    elements.length === aliveOf.get(job)?.length ? [job.jobId] : elements.map(({ queueId }) => queueId)
  );
}

async function cancelUnknown({ scheduler, run, runId, clusters, notice }: FleetEndOptions): Promise<void> {
  const found = await scheduler.find(run, runToken(runId), clusters);
  if (found === undefined) {
    notice(
      `A job of this run may have been submitted although ${scheduler.title} did not answer: see the command cleanup`,
    );
  } else if (found.length > 0) {
    const trouble = await cancelJobs(scheduler, run, found);
    if (trouble !== undefined) {
      const shown = found.map((id) => scheduler.shownId?.(id) ?? id).join(", ");
      notice(`Job ${shown} of this run could not be cancelled: ${trouble}`);
    }
  }
}
