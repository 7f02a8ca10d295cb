/**
 * What goes into the scheduler and what comes out of it.
 *
 * @module
 */

import type { BlockOrder } from "./block_order.ts";

/** What a scheduler works by. */
export interface SchedulerOptions {
  /** Blocks in the list; they are numbered from 0. */
  readonly blockCount: number;
  /** Errors of one block that are tried again. */
  readonly maxBlockErrors: number;
  /** Deaths while computing one block, before it runs once more alone. */
  readonly maxBlockLosses: number;
  /** Workers lost since a block was last done, before the run is given up. */
  readonly maxWorkerLosses: number;
  /** Whether idle workers may run copies. */
  readonly copies: boolean;
  /** Workers that are expected; default 1. The last blocks are kept for those who would have none. */
  readonly workers?: number;
  /** Blocks that an earlier run has done. */
  readonly done?: Iterable<number>;
  /** The order of the blocks; default that of their numbers. */
  readonly order?: BlockOrder | undefined;
}

/** A block given to a session. */
export interface Grant {
  /** The block. */
  readonly block: number;
  /** Counts the times it was given, from 1. */
  readonly attempt: number;
  /** The session in whose queue it waits, to be told that it need not compute it. */
  readonly takenFrom?: number;
}

/** What a result means: the block's first, a copy's that came later, or nothing that was asked for. */
export type Acceptance = "first" | "duplicate" | "stale";

/** What the failure of an attempt means. */
export type FailureVerdict = "ignored" | "retry" | "fatal";

/** What the end of a session means. */
export interface LossVerdict {
  /** The block it was computing and that is blamed for the loss, if any. */
  readonly blamed?: number;
  /** Why the run can't go on, if it can't. */
  readonly fatal?: "killer" | "worker losses";
  /** Blocks to be handed out again. */
  readonly requeued: number;
}
