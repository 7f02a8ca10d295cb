/**
 * Removes what killed runs left in queues and clouds, with the help of the drivers that made it.
 *
 * @module
 */
import type { CleanupReport, Driver, RunSelector } from "./driver.ts";
import { ConfigError, messageOf } from "./errors.ts";
import type { ComputeWorkerKind } from "./kinds.ts";
import type { PrivateFolder } from "./private_folder.ts";
import { listRegisteredRuns, type StoredRun } from "./register/registered_runs.ts";
import { findDriver, listKinds, loadDriverModule } from "./registry.ts";

/** Which runs are to be cleaned up, and how. At least one of `runIds`, `jobName` and `allDead` is needed. */
export interface CleanupRequest {
  /** Runs by their ids. One that is in no register here is looked for by its comment or tag. */
  readonly runIds?: readonly string[];
  /** Runs by their job name. Without one in the register it is looked for by its comment or tag. */
  readonly jobName?: string;
  /** Every registered run whose manager is dead. */
  readonly allDead?: boolean;
  /** Only runs of these kinds, and only these are asked for what is in no register. Default every kind that can run here. */
  readonly kinds?: readonly ComputeWorkerKind[];
  /** Clean up runs whose manager lives, too. */
  readonly force?: boolean;
  /** Say what would be removed, and remove nothing. */
  readonly dryRun?: boolean;
  /** Asks before something is removed that only a tag or a name makes ours. Default: no. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Told of each step, one line at a time. */
  readonly onLine: (line: string) => void;
  /** Where registers are. Default the user's. */
  readonly folder?: PrivateFolder;
}

/** What was cleaned up, or would be. */
export interface CleanupSummary extends CleanupReport {
  /** Runs that were looked at. */
  readonly runs: readonly string[];
  /** Runs that live and were left alone, and runs that are not known. */
  readonly refused: readonly string[];
}

/**
 * Cleans up after runs.
 *
 * @throws {ConfigError} if nothing is asked for.
 */
export async function cleanupRuns(request: CleanupRequest): Promise<CleanupSummary> {
  const { runIds = [], jobName, allDead = false, kinds } = request;
  if (runIds.length === 0 && jobName === undefined && !allDead) {
    throw new ConfigError("Say what to clean up: runs by their ids, a job name, or all dead runs");
  }
  const registered = await listRegisteredRuns({ folder: request.folder, onNotice: request.onLine });
  const isMeant = ({ runId, kind, jobName: name, isAlive }: StoredRun) =>
    (kinds?.includes(kind) ?? true) &&
    (runIds.includes(runId) || jobName !== undefined && name === jobName || allDead && !isAlive);
  const meant = registered.filter(isMeant);
  const cleanup = new Cleanup(request);
  const wanted: StoredRun[] = [];
  for (const run of meant) {
    if (run.isAlive && !request.force) cleanup.refuse(run);
    else wanted.push(run);
  }
  for (const runs of Map.groupBy(wanted, driverName).values()) await cleanup.registered(runs);
  for (const runId of runIds) {
    if (!meant.some((run) => run.runId === runId)) await cleanup.unregistered({ runId });
  }
  if (jobName !== undefined && !meant.some((run) => run.jobName === jobName)) {
    await cleanup.unregistered({ jobName });
  }
  return cleanup.summary();
}

/** One cleanup, kind by kind: what fails for one does not keep the others from theirs. */
class Cleanup {
  readonly #request: CleanupRequest;
  readonly #removed: string[] = [];
  readonly #failed: string[] = [];
  readonly #refused: string[] = [];
  readonly #runs: string[] = [];
  #declined = 0;

  constructor(request: CleanupRequest) {
    this.#request = request;
  }

  summary(): CleanupSummary {
    return { removed: this.#removed, failed: this.#failed, refused: this.#refused, runs: this.#runs };
  }

  refuse({ runId, host, pid, startedAt }: StoredRun): void {
    const line = `run ${runId} lives: process ${pid} on ${host}, since ${startedAt}`;
    this.#refused.push(line);
    this.#request.onLine(`Left alone: ${line}`);
  }

  /** Runs of one driver. */
  async registered(runs: readonly StoredRun[]): Promise<void> {
    this.#runs.push(...runs.map(({ runId }) => runId));
    const withThings = runs.filter(({ things }) => things.length > 0);
    if (withThings.length > 0) {
      const names = withThings.map(({ runId }) => runId).join(", ");
      try {
        const driver = await driverOf(withThings[0]!);
        if (!driver.cleanup) throw new ConfigError(`the driver of ${driver.kind} can't clean up`);
        this.#add(await driver.cleanup(this.#selector(withThings)));
      } catch (error) {
        this.#fail(`${withThings[0]!.kind}, run ${names}: ${messageOf(error)}`);
      }
    }
    for (const run of runs) if (run.things.length === 0) await this.#forget(run);
  }

  /** A run that is in no register: each kind is asked for it. */
  async unregistered(wanted: NonNullable<RunSelector["unregistered"]>): Promise<void> {
    const { kinds } = this.#request;
    const before = this.#removed.length + this.#failed.length;
    const declinedBefore = this.#declined;
    const asked: string[] = [];
    const hints: string[] = [];
    for (const kind of kinds ?? await availableKinds()) {
      try {
        const driver = await findDriver(kind);
        if (!driver.cleanup) continue;
        asked.push(kind);
        const report = await driver.cleanup({ ...this.#selector([]), unregistered: wanted });
        this.#add(report);
        if (report.hint !== undefined) hints.push(report.hint);
      } catch (error) {
        this.#fail(`${kind}: ${messageOf(error)}`);
      }
    }
    if (this.#removed.length + this.#failed.length > before) return;
    const what = wanted.runId === undefined ? `a job named '${wanted.jobName}'` : `run '${wanted.runId}'`;
    const where = this.#declined > declinedBefore
      ? "what bears its name is left as it is"
      : asked.length === 0
      ? "no kind here could know it"
      : [`it is unknown to ${asked.join(", ")}`, ...hints].join("; ");
    const line = `${what} is not in the register, and ${where}`;
    this.#refused.push(line);
    this.#request.onLine(line.charAt(0).toUpperCase() + line.slice(1));
  }

  async #forget(run: StoredRun): Promise<void> {
    if (this.#request.dryRun) return;
    try {
      await run.forget();
    } catch (error) {
      this.#fail(`the register of run ${run.runId}: ${messageOf(error)}`);
    }
  }

  #selector(runs: readonly StoredRun[]): RunSelector {
    const { dryRun = false, confirm = () => Promise.resolve(false), onLine } = this.#request;
    return {
      runs,
      dryRun,
      notice: (line) => onLine(line),
      confirm: async (question) => {
        const isAgreed = await confirm(question);
        if (!isAgreed) this.#declined++;
        return isAgreed;
      },
    };
  }

  #add({ removed, failed }: CleanupReport): void {
    const verb = this.#request.dryRun ? "Would remove" : "Removed";
    for (const line of removed) this.#request.onLine(`${verb}: ${line}`);
    this.#removed.push(...removed);
    for (const line of failed) this.#fail(line);
  }

  #fail(line: string): void {
    this.#failed.push(line);
    this.#request.onLine(`Not removed: ${line}`);
  }
}

function driverName({ kind, driverModule }: StoredRun): string {
  return driverModule ?? kind;
}

async function driverOf({ kind, driverModule }: StoredRun): Promise<Driver> {
  return driverModule === undefined ? await findDriver(kind) : await loadDriverModule(driverModule);
}

async function availableKinds(): Promise<ComputeWorkerKind[]> {
  return (await listKinds()).filter(({ available }) => available).map(({ kind }) => kind);
}
