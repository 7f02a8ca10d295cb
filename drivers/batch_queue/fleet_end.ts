/**
 * The end of a fleet: every job of the run is cancelled and awaited, but not for ever.
 *
 * @module
 */
import { sleep } from "../../core/sleep.ts";
import { type BatchScheduler, shownId } from "./batch_scheduler.ts";
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
  /** Jobs that may be running, or may come to run. */
  alive(): FleetElement[];
  /** Jobs that have ended, and that the queue still lists. */
  leaving(): FleetElement[];
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
/**
 * Workers that are connected have been told of the end, and leave by themselves within this, or are cancelled. A job that ends
 * by itself is known to have ended at once; of one that a queue ends, PBS may hear only 10 to 30 s later.
 */
const LEAVE_MS = { finished: 6000, unfinished: 3000 };
/** Once all have ended, the queue gets so long to bring their logs. */
const LOGS_MS = 6000;
/** How often the queue is asked: soon after something was asked of the jobs, and ever more seldom. */
const ASK_MS = { least: 250, most: 2000, growth: 1.5 };
/** Jobs are cancelled again after so long, if the command failed; and if it did not, since a signal may come before its job. */
const AGAIN_MS = { failed: 5000, unheard: 12_000 };

/** Cancels what is left and waits until it is gone, for half a minute; what remains then is named with the remedy. */
export async function endFleet(options: FleetEndOptions): Promise<void> {
  const { scheduler, run, finished, alive, leaving, ask, notice } = options;
  const since = performance.now();
  const isWithin = (ms: number) => performance.now() - since < ms;
  let pauseMs = ASK_MS.least;
  const pauseAndAsk = async () => {
    await sleep(pauseMs);
    pauseMs = Math.min(ASK_MS.most, pauseMs * ASK_MS.growth);
    await ask();
  };
  if (options.isUndecided) await cancelUnknown(options);
  if (finished && alive().length > 0) await ask();
  // Those that wait or are just starting have nothing to finish, and would be waited for in vain.
  let trouble = await cancel(alive().filter(({ connectedAtMs }) => connectedAtMs === undefined));
  const leaveMs = finished ? LEAVE_MS.finished : LEAVE_MS.unfinished;
  while (alive().length > 0 && isWithin(leaveMs)) await pauseAndAsk();
  trouble = await cancel(alive()) ?? (alive().length > 0 ? trouble : undefined);
  let cancelledAtMs = performance.now();
  while (alive().length > 0 && isWithin(PATIENCE_MS)) {
    await pauseAndAsk();
    const againMs = trouble === undefined ? AGAIN_MS.unheard : AGAIN_MS.failed;
    if (alive().length > 0 && performance.now() - cancelledAtMs > againMs) {
      trouble = await cancel(alive());
      cancelledAtMs = performance.now();
    }
  }
  const endedAtMs = performance.now();
  while (leaving().length > 0 && performance.now() - endedAtMs < LOGS_MS && isWithin(PATIENCE_MS)) {
    await pauseAndAsk();
  }
  const left = wholeJobs(alive(), alive());
  if (left.length === 0) return;
  const why = trouble === undefined ? "" : ` (${trouble})`;
  notice(
    `${left.length} job(s) of this run may be left in ${scheduler.title}${why}. To remove: ${
      cancelLine(scheduler, left)
    }`,
  );

  function cancel(meant: readonly FleetElement[]): Promise<string | undefined> {
    for (const element of meant) element.isCancelled = true;
    if (meant.length > 0) pauseMs = ASK_MS.least;
    return cancelJobs(scheduler, run, wholeJobs(meant, alive()));
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
  if (found === undefined || found.length === 0) {
    const may = found === undefined ? "have been submitted" : "still be accepted";
    notice(
      `A job of this run may ${may} although ${scheduler.title} did not answer: see the command cleanup`,
    );
  } else {
    const trouble = await cancelJobs(scheduler, run, found);
    if (trouble !== undefined) {
      const shown = found.map((id) => shownId(scheduler, id)).join(", ");
      notice(`Job ${shown} of this run could not be cancelled: ${trouble}`);
    }
  }
}
