/**
 * The timeouts of a run that count only while someone waits and nothing moves.
 *
 * @module
 */
import type { CheckedConcurrency } from "./checked_concurrency.ts";
import type { TimeoutName } from "./concurrency_style.ts";
import { StallWatch } from "./stall_watch.ts";

/** Who waits for what at one moment, and how far everything has come. */
export interface RunMoment {
  /** The run's time, milliseconds; it stands still while this process is stopped. */
  readonly nowMs: number;
  /** Whether the run waits for all workers to start. */
  readonly workersMissing: boolean;
  /** Whether no worker is there. */
  readonly noWorker: boolean;
  /** Connections so far. */
  readonly connected: number;
  /** Whether a worker waits for an input that is being read. */
  readonly starved: boolean;
  /** Inputs read so far. */
  readonly readCount: number;
  /** Whether inputs could be read but no worker may hold more. */
  readonly inputsFull: boolean;
  /** Blocks sent so far. */
  readonly sentCount: number;
  /** Whether no more blocks are handed out for the results that wait to be taken. */
  readonly outputFull: boolean;
  /** Results taken so far. */
  readonly settledCount: number;
  /** Whether a connected worker has a block. */
  readonly computing: boolean;
  /** Results that came so far. */
  readonly resultCount: number;
}

/** The timeouts of a run that watch whether anything moves. */
export class StallWatches {
  readonly #barrier: StallWatch;
  readonly #queue: StallWatch;
  readonly #readPop: StallWatch;
  readonly #readInsert: StallWatch;
  readonly #computeInsert: StallWatch;
  readonly #computePop: StallWatch;

  /**
   * @param timeouts those that the user set, seconds.
   * @param queueReasons why no worker is there, as far as is known.
   */
  constructor(timeouts: CheckedConcurrency["timeouts"], queueReasons: () => string | undefined) {
    const watch = (name: TimeoutName, waitedFor: string) =>
      new StallWatch(name, { waitedFor, seconds: timeouts[name] });
    this.#barrier = watch("computeBarrierTimeout", "all compute workers to start");
    const firstWorker = "a first compute worker, or one in the place of those lost";
    this.#queue = new StallWatch("queueTimeout", {
      ...{ seconds: timeouts.queueTimeout, waitedFor: firstWorker, reasons: queueReasons },
    });
    this.#readPop = watch("readBufferPopTimeout", "the input of a block to be read");
    this.#readInsert = watch("readBufferInsertTimeout", "room in the input buffer");
    this.#computeInsert = watch("computeBufferInsertTimeout", "room in the output buffer");
    this.#computePop = watch("computeBufferPopTimeout", "the result of a block that is being computed");
  }

  /**
   * Looks at all of them.
   *
   * @throws {TimeoutExceededError} for the first that has run out.
   */
  check(now: RunMoment): void {
    this.#queue.check(now.noWorker, now.connected, now.nowMs);
    this.#barrier.check(now.workersMissing && !now.noWorker, 0, now.nowMs);
    this.#readPop.check(now.starved, now.readCount, now.nowMs);
    this.#readInsert.check(now.inputsFull, now.sentCount, now.nowMs);
    this.#computeInsert.check(now.outputFull, now.settledCount, now.nowMs);
    this.#computePop.check(now.computing && !now.outputFull, now.resultCount, now.nowMs);
  }
}
