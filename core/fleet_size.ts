/**
 * How many workers a run has, where the user gave a range.
 *
 * @module
 */
import type { Dispatcher, Workload } from "./dispatcher.ts";
import type { Fleet } from "./driver.ts";
import { messageOf } from "./errors.ts";

/** A run should have workers enough to be over in about this time, milliseconds. */
const TARGET_MS = 60_000;
/** Between two looks at whether more are wanted, milliseconds. */
const LOOK_MS = 2000;
/** After fewer were given than were asked for, milliseconds. */
const REFUSED_MS = 60_000;
/** A worker that has had nothing to do for so long is ended, milliseconds. */
const IDLE_MS = 5000;

/** The user's range, and what each worker is. */
export interface WorkerRange {
  /** Fewest. */
  readonly min: number;
  /** Most. */
  readonly max: number;
  /** Computing threads of a worker. */
  readonly threadsPerWorker: number;
}

/**
 * Workers to be asked for beside those that are alive: as many as would do what is left in about a minute, but no more
 * than would find a block that nobody has.
 */
export function moreWorkers(
  alive: number,
  { remaining, waiting, blockMs }: Workload,
  range: WorkerRange,
): number {
  const { min, max, threadsPerWorker: threads } = range;
  const wanted = Math.ceil(remaining * blockMs / (threads * TARGET_MS));
  const bounded = Math.min(max, Math.max(min, wanted));
  return Math.max(0, Math.min(bounded - alive, Math.ceil(waiting / threads)));
}

/** What changing a fleet's size takes. */
export interface FleetSizeParts extends WorkerRange {
  /** The run. */
  readonly dispatcher: Dispatcher;
  /** Its workers. */
  readonly fleet: Fleet;
  /** Aborted when the run is over. */
  readonly signal: AbortSignal;
  /** Workers that are there or on their way. */
  aliveCount(): number;
  /** So many were added. */
  grown(workers: number): void;
  /** A line for the user. */
  notice(line: string): void;
}

/** A run has workers already, so that it goes on without more, whatever the driver throws. */
async function growBy(
  fleet: Fleet,
  workers: number,
  signal: AbortSignal,
): ReturnType<NonNullable<Fleet["grow"]>> {
  try {
    return await fleet.grow!(workers, signal);
  } catch (error) {
    return { added: 0, reason: messageOf(error) };
  }
}

/** Makes a fleet larger and smaller, within the user's range. */
export class FleetSize {
  readonly #parts: FleetSizeParts;
  #nextLookMs = 0;
  #growing: Promise<void> | undefined;
  #said: string | undefined;

  /** The fleet has its least size. */
  constructor(parts: FleetSizeParts) {
    this.#parts = parts;
  }

  /** Looks at the run. Called a few times a second. */
  tick(nowMs: number): void {
    const { dispatcher, min } = this.#parts;
    dispatcher.retireIdle(min, { idleMs: IDLE_MS, nowMs });
    if (this.#growing || nowMs < this.#nextLookMs || !dispatcher.everConnected || dispatcher.isOver) return;
    this.#nextLookMs = nowMs + LOOK_MS;
    const more = moreWorkers(this.#parts.aliveCount(), dispatcher.workload(nowMs), this.#parts);
    if (more === 0) return;
    this.#growing = this.#grow(more, nowMs).finally(() => this.#growing = undefined);
  }

  /** Settles when no workers are being asked for. */
  async settled(): Promise<void> {
    await this.#growing;
  }

  async #grow(workers: number, nowMs: number): Promise<void> {
    const { fleet, signal, grown, notice } = this.#parts;
    const { added, reason } = await growBy(fleet, workers, signal);
    grown(added);
    if (added >= workers || signal.aborted) return;
    this.#nextLookMs = nowMs + REFUSED_MS;
    const line = `Only ${added} of ${workers} more workers: ${reason ?? "the driver does not say why"}`;
    if (line !== this.#said) notice(line);
    this.#said = line;
  }
}
