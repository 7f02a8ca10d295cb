/**
 * Finds out how jobs ended: from what the queue said, from their logs, or from one more question about those that stay
 * unclear.
 *
 * @module
 */
import type { BatchScheduler, QueueReport } from "./batch_scheduler.ts";
import { type ElementEnd, elementEnd } from "./element_end.ts";
import type { FleetElement } from "./fleet_element.ts";
import { type JobLog, readJobLog } from "./job_log.ts";
import type { CommandRunner } from "./run_command.ts";
import type { WakeUp } from "./wake_up.ts";

/** What finding out takes. */
export interface EndFinderOptions {
  /** The queue. */
  readonly scheduler: BatchScheduler;
  /** Runs its commands. */
  readonly run: CommandRunner;
  /** The memory that each job asks for, MiB. */
  readonly memoryMib: number | undefined;
  /** Where a job writes. */
  logFile(element: FleetElement): string;
  /** Whether the run is over, so that nothing is waited for. */
  isOver(): boolean;
  /** Wakes when something changes. */
  readonly changed: WakeUp;
  /** A job has ended in this way. */
  ended(element: FleetElement, end: ElementEnd, log: JobLog | undefined): void;
}

/** A job that is over as far as the queue says; without a report the queue does not know it any more. */
export interface EndedElement {
  /** The job. */
  readonly element: FleetElement;
  /** What the queue said. */
  readonly report: QueueReport | undefined;
}

/** A log may come so long after its job's end, milliseconds. */
const LOG_MS = { most: 15_000, again: 500 };

/** Looks into ends, several at a time. */
export class EndFinder {
  readonly #options: EndFinderOptions;
  readonly #looking = new Set<Promise<void>>();

  /** A finder that has nothing to look into. */
  constructor(options: EndFinderOptions) {
    this.#options = options;
  }

  /** Looks into these ends. */
  look(ended: readonly EndedElement[]): void {
    for (const { element } of ended) element.isEnding = true;
    this.#keep(this.#lookIntoAll(ended));
  }

  /** A job that the queue does not list and whose log has come to its end is over: there is nothing to wait for. */
  lookAtAbsent(element: FleetElement): void {
    this.#keep(
      readJobLog(this.#options.logFile(element)).then((log) => {
        if (log?.exitStatus === undefined || element.isEnding || element.absentSinceMs === undefined) return;
        element.isEnding = true;
        this.#end(element, undefined, log);
      }),
    );
  }

  /** Waits until all that is looked into is known. */
  async settled(): Promise<void> {
    await Promise.all(this.#looking);
  }

  #keep(work: Promise<void>): void {
    const looking: Promise<void> = work.finally(() => this.#looking.delete(looking));
    this.#looking.add(looking);
  }

  async #lookIntoAll(ended: readonly EndedElement[]): Promise<void> {
    const { scheduler, run, logFile, isOver } = this.#options;
    const found = await Promise.all(ended.map(async ({ element, report }) => ({
      element,
      report,
      log: await readJobLog(logFile(element)),
    })));
    const unclear = found.filter(({ element, report, log }) =>
      !element.isCancelled && isUnclear(report) && !isWhole(log, report)
    );
    const told = unclear.length === 0
      ? new Map<string, QueueReport>()
      : await scheduler.askEnds(run, unclear.map(({ element }) => element.queueId));
    const silent = await Promise.all(found.map(async ({ element, report, log }) => {
      const known = endedIn(told, element) ?? report;
      const isWaiting = !element.isCancelled && isUnclear(known) && !isWhole(log, known);
      const late = isWaiting ? await this.#awaitLog(element, known) : log;
      if (isWaiting && !isWhole(late, known) && !isOver()) {
        return [{ element, report: known, log: late }];
      }
      this.#end(element, known, late);
      return [];
    }));
    await this.#askAgain(silent.flat());
  }

  /** Some schedulers write down an end only when as much time has passed as logs are waited for. */
  async #askAgain(silent: readonly (EndedElement & { readonly log: JobLog | undefined })[]): Promise<void> {
    if (silent.length === 0) return;
    const { scheduler, run } = this.#options;
    const told = await scheduler.askEnds(run, silent.map(({ element }) => element.queueId));
    for (const { element, report, log } of silent) this.#end(element, endedIn(told, element) ?? report, log);
  }

  /** Logs come late over a network file system, and from PBS only when the job is over. */
  async #awaitLog(
    element: FleetElement,
    report: QueueReport | undefined,
  ): Promise<JobLog | undefined> {
    const { logFile, isOver, changed } = this.#options;
    const since = performance.now();
    while (true) {
      const log = await readJobLog(logFile(element));
      const isLate = isOver() || performance.now() - since >= LOG_MS.most;
      if (isLate || isWhole(log, report)) return log;
      await changed.wait(LOG_MS.again);
    }
  }

  #end(element: FleetElement, report: QueueReport | undefined, log: JobLog | undefined): void {
    const { runningSinceMs, walltimeSeconds } = element;
    const end = elementEnd(report, log, {
      logFile: this.#options.logFile(element),
      ranSeconds: runningSinceMs === undefined ? undefined : (performance.now() - runningSinceMs) / 1000,
      walltimeSeconds,
      memoryMib: this.#options.memoryMib,
      cancelProgram: this.#options.scheduler.cancelCommands([element.queueId])[0]?.[0],
    });
    element.state = "ended";
    element.reason = end.text;
    this.#options.ended(element, end, log);
  }
}

/** Whether nothing more is to be expected of a log. */
function isWhole(log: JobLog | undefined, report: QueueReport | undefined): boolean {
  if (log === undefined) return false;
  return log.exitStatus !== undefined || report?.overMemory !== undefined && log.schedulerWords.length > 0;
}

function isUnclear(report: QueueReport | undefined): boolean {
  if (report === undefined) return true;
  const { cause, exitCode, overMemory } = report;
  // How much memory it was is mostly in the log alone.
  if (overMemory === "") return true;
  return exitCode === undefined && (cause === undefined || cause === "exit" || cause === "unknown");
}

function endedIn(
  told: ReadonlyMap<string, QueueReport>,
  { queueId }: FleetElement,
): QueueReport | undefined {
  const report = told.get(queueId);
  return report?.state === "ended" ? report : undefined;
}
