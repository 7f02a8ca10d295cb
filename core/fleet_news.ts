/**
 * What a driver tells of its workers, and what it means for the run.
 *
 * @module
 */
import type { Dispatcher } from "./dispatcher.ts";
import type { EndCause, Fleet, FleetEvent } from "./driver.ts";
import { DriverError, messageOf } from "./errors.ts";
import { QueueNews } from "./queue_news.ts";
import type { Replacements } from "./replacements.ts";
import { sleep } from "./sleep.ts";
import { EXIT_NO_MANAGER } from "./worker_exit.ts";

/** What a worker that has ended said last may still be on its way for so long. */
const LAST_RESULTS_MS = 200;
/** Ends that nothing explains but the block in hand. */
const BLAMING_CAUSES: ReadonlySet<EndCause> = new Set(["exit", "killed", "unknown"]);

/** Ends that were not the worker's own. */
const FOREIGN_CAUSES: ReadonlySet<EndCause> = new Set([
  "killed",
  "walltime",
  "preempted",
  "cancelled",
  "node",
]);

type Ended = Extract<FleetEvent, { type: "ended" }>;

/** What hearing takes. */
export interface FleetNewsParts {
  /** The run. */
  readonly dispatcher: Dispatcher;
  /** Who asks for workers in the place of others. */
  readonly replacements: Replacements;
  /** Workers asked for at the start. */
  readonly workers: number;
  /** Aborted when the run is over. */
  readonly signal: AbortSignal;
  /** A worker for people. */
  nameOf(worker: number): string;
  /** A line for the user. */
  notice(line: string): void;
}

/** Hears the news of a fleet. */
export class FleetNews {
  readonly #parts: FleetNewsParts;
  readonly #queue = new QueueNews();
  /** Native ids of those that have connected and of whose end the driver has not spoken, by number; the newest last. */
  readonly #connected = new Map<number, string[]>();
  readonly #underway = new Set<Promise<void>>();
  /** The first workers that ended before any had connected. */
  readonly #endedUnconnected: string[] = [];
  /** Refusals that the user has not been told of: how many, by reason. */
  readonly #refusals = new Map<string, number>();

  /** Nobody has been heard of. */
  constructor(parts: FleetNewsParts) {
    this.#parts = parts;
  }

  /** Why workers wait, as far as is known. */
  get queueReasons(): string | undefined {
    return this.#queue.summary();
  }

  /** A worker has connected. */
  connected(worker: number, nativeId: string): void {
    this.#connected.set(worker, [...this.#connected.get(worker) ?? [], nativeId]);
    this.#queue.gone(worker);
  }

  /** Hears the news until the fleet is stopped. */
  async listen(fleet: Fleet): Promise<void> {
    try {
      for await (const event of fleet.events) this.#note(event, fleet);
    } catch (error) {
      this.#parts.dispatcher.fail(error);
    }
  }

  /** Tells the user what is due. Called a few times a second. */
  tick(nowMs: number): void {
    const line = this.#queue.lineDue(nowMs, this.#connected.size > 0);
    if (line !== undefined) this.#parts.notice(line);
    for (const [reason, count] of this.#refusals) {
      const workers = count === 1 ? "1 worker" : `${count} workers`;
      this.#parts.notice(`${workers} will not come: ${reason}. The run goes on with the others`);
    }
    this.#refusals.clear();
  }

  /** Settles when nothing that was heard is still to be dealt with. */
  async settled(): Promise<void> {
    await Promise.all(this.#underway);
  }

  #note(event: FleetEvent, fleet: Fleet): void {
    const { dispatcher } = this.#parts;
    const { worker } = event;
    if (event.type === "queued") return this.#queue.queued(worker, event.reason);
    this.#queue.gone(worker);
    if (event.type === "refused") return this.#refused(event, fleet);
    if (event.type === "started") {
      const { secondsLeft, walltimeSeconds } = event;
      if (secondsLeft !== undefined) dispatcher.noteAllocation(worker, { secondsLeft, walltimeSeconds });
    } else {
      const nativeId = this.#takeConnected(worker, event.nativeId);
      if (nativeId === undefined) return this.#neverConnected(event);
      // A job that is requeued keeps its id, and may have connected again before the queue is asked.
      const isBack = event.cause === "requeued" && this.#connected.get(worker)?.includes(nativeId);
      if (!isBack) this.#endedConnected(event, nativeId);
    }
  }

  /** The one that has ended, if it had connected: the newest of its number unless the driver says which. */
  #takeConnected(worker: number, ended: string | undefined): string | undefined {
    const connected = this.#connected.get(worker) ?? [];
    const nativeId = ended ?? connected.at(-1);
    const at = nativeId === undefined ? -1 : connected.lastIndexOf(nativeId);
    if (at < 0) return undefined;
    connected.splice(at, 1);
    if (connected.length === 0) this.#connected.delete(worker);
    return nativeId;
  }

  #refused({ worker, reason }: Extract<FleetEvent, { type: "refused" }>, fleet: Fleet): void {
    const { dispatcher, replacements, signal } = this.#parts;
    if (signal.aborted) return;
    replacements.refused(worker);
    dispatcher.expect(-1);
    const text = messageOf(reason);
    if (replacements.aliveCount(fleet) === 0 && !replacements.recall()) {
      return dispatcher.fail(new DriverError(`There is no worker left: ${text}`));
    }
    this.#refusals.set(text, (this.#refusals.get(text) ?? 0) + 1);
  }

  /** The link of a worker that has ended mostly knows, and has its last results; if it does not, it is told. */
  #endedConnected({ worker, cause, exitCode, logTail }: Ended, nativeId: string): void {
    const { dispatcher, signal } = this.#parts;
    if (signal.aborted) return;
    const blame = BLAMING_CAUSES.has(cause) && exitCode !== 0 && exitCode !== EXIT_NO_MANAGER;
    const reason = logTail ?? `${cause}${exitCode === undefined ? "" : `, exit code ${exitCode}`}`;
    const gone = () => {
      if (cause === "walltime") dispatcher.endedByWalltime(worker);
    };
    // Not by its number alone: a newer session of the worker may have come by then.
    const session = dispatcher.sessionOf(worker, nativeId);
    if (session === undefined) {
      // It has left in order, or was missed before its queue said why: that is worth a line.
      // At the end of the run it is we who end them.
      const isForeign = FOREIGN_CAUSES.has(cause) && !dispatcher.isOver;
      if (isForeign) this.#parts.notice(`Why worker ${worker} ended: ${messageOf(reason)}`);
      return gone();
    }
    const told: Promise<void> = sleep(LAST_RESULTS_MS, signal).then(() => {
      this.#underway.delete(told);
      if (signal.aborted) return;
      dispatcher.workerEnded(session, { reason, blame });
      gone();
    });
    this.#underway.add(told);
  }

  /** A worker ended before it was heard of: if the first ones all do, the run can't work. */
  #neverConnected({ worker, logTail, exitCode, cause }: Ended): void {
    const { dispatcher, replacements, signal } = this.#parts;
    if (signal.aborted) return;
    const code = exitCode === undefined ? "" : `, exit code ${exitCode}`;
    const text = `${this.#parts.nameOf(worker)} ended (${cause}${code}) before it connected: ${
      messageOf(logTail ?? "it left no log")
    }`;
    replacements.endedUnconnected(worker);
    // The queue starts it again; it has not failed.
    if (cause !== "requeued") {
      this.#endedUnconnected.push(text);
      const limit = Math.min(3, this.#parts.workers);
      if (!dispatcher.everConnected && this.#endedUnconnected.length >= limit) {
        const all = limit === 1
          ? ""
          : `The first ${limit} workers all ended before any connected. The first: `;
        return dispatcher.fail(new DriverError(all + this.#endedUnconnected[0]!));
      }
      this.#parts.notice(text);
      dispatcher.lostUnconnected(text);
    } else this.#parts.notice(text);
    if (!dispatcher.isOver) replacements.gone(worker, "another");
  }
}
