/**
 * How long workers have left in their allocations, and which blocks don't fit.
 *
 * Only the time that has passed since the driver's word counts: no two machines' clocks are compared. Times are
 * monotonic milliseconds, but for those whose names say seconds.
 *
 * @module
 */

/** What a driver says of a worker's allocation. */
export interface AllocationNews {
  /** Seconds until it ends. */
  readonly secondsLeft: number;
  /** Its whole length, where that is known. */
  readonly walltimeSeconds?: number | undefined;
}

/** A block that a whole allocation, or nearly, was not long enough for. */
export interface TooLongBlock {
  /** The block. */
  readonly block: number;
  /** The length of the allocation. */
  readonly walltimeSeconds: number;
}

/** A block may take so many times what 95 of 100 take. */
const MARGIN = 1.5;
/** A worker that had so much of its walltime left when it began a block can't be expected to have more the next time. */
const NEARLY_ALL = 0.8;

interface Allocation {
  readonly endsMs: number;
  readonly walltimeSeconds: number | undefined;
}

/** The allocations of the workers of a run, by their numbers. */
export class Allocations {
  readonly #allocations = new Map<number, Allocation>();
  readonly #tooLong = new Map<number, readonly TooLongBlock[]>();

  /** The driver has said how long a worker has left. */
  note(worker: number, { secondsLeft, walltimeSeconds }: AllocationNews, nowMs: number): void {
    this.#allocations.set(worker, { endsMs: nowMs + 1000 * secondsLeft, walltimeSeconds });
  }

  /**
   * Blocks that a worker may hold so that all of them are likely to be done in time: `Infinity` if it has no end, or no
   * block's time is known. A fresh worker with nearly all of its walltime gets one in any case: no other could do more.
   *
   * @param options `usualMs` gives what 95 of 100 blocks do not exceed; asked for only if the worker has an end.
   */
  capacity(
    worker: number,
    options: {
      readonly nowMs: number;
      readonly threads: number;
      readonly isFresh: boolean;
      readonly usualMs: () => number | undefined;
    },
  ): number {
    const allocation = this.#allocations.get(worker);
    if (!allocation) return Infinity;
    const { endsMs, walltimeSeconds } = allocation;
    const leftMs = endsMs - options.nowMs;
    if (leftMs <= 0) return 0;
    const usualMs = options.usualMs();
    if (!usualMs) return Infinity;
    const fitting = options.threads * Math.floor(leftMs / (MARGIN * usualMs));
    const isWhole = walltimeSeconds === undefined || leftMs >= NEARLY_ALL * 1000 * walltimeSeconds;
    return options.isFresh && isWhole ? Math.max(1, fitting) : fitting;
  }

  /** A worker is gone, which had these blocks in hand, and nobody else had; its allocation is not its successor's. */
  gone(worker: number, inHand: readonly (readonly [block: number, begunMs: number])[]): void {
    const allocation = this.#allocations.get(worker);
    this.#allocations.delete(worker);
    this.#tooLong.delete(worker);
    const { endsMs, walltimeSeconds } = allocation ?? { endsMs: 0, walltimeSeconds: undefined };
    if (walltimeSeconds === undefined) return;
    const leastLeftMs = NEARLY_ALL * 1000 * walltimeSeconds;
    const tooLong = inHand.filter(([, begunMs]) => endsMs - begunMs >= leastLeftMs)
      .map(([block]) => ({ block, walltimeSeconds }));
    this.#tooLong.set(worker, tooLong);
  }

  /** The end of a worker that is gone is known to have been its walltime's: the blocks that are too long, then. */
  endedByWalltime(worker: number): readonly TooLongBlock[] {
    const blocks = this.#tooLong.get(worker) ?? [];
    this.#tooLong.delete(worker);
    return blocks;
  }
}
