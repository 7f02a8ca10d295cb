/**
 * How a run's workers are chosen: RIOS's ConcurrencyStyle.
 *
 * @module
 */
import type { ChannelStyle } from "./channel_style.ts";
import type { ComputeWorkerKind } from "./kinds.ts";

/**
 * What the user says of the workers. Everything has a default; the default kind is `CW_NONE`, as in RIOS. A timeout that is
 * null, RIOS's None, is none.
 */
export interface ConcurrencyStyle {
  /** The kind of compute worker. Default `CW_NONE`. */
  readonly computeWorkerKind?: ComputeWorkerKind;
  /** Compute workers. Default 0. */
  readonly numComputeWorkers?: number;
  /**
   * Compute workers to begin with and to keep, while there may be up to `numComputeWorkers` of them as blocks left and
   * their times ask for it. Default `numComputeWorkers`.
   */
  readonly minComputeWorkers?: number;
  /** Read threads: in this process, or in each worker that reads for itself. Default 0. */
  readonly numReadWorkers?: number;
  /** Whether compute workers read their own inputs. Default, also for null: the driver's, true for all built-in kinds. */
  readonly computeWorkersRead?: boolean | null;
  /** One job for every block (batch queues only). Default false. */
  readonly singleBlockComputeWorkers?: boolean;
  /** Whether workers see this machine's temporary files. Default true. */
  readonly haveSharedTemp?: boolean;
  /** The driver's own dictionary. */
  readonly computeWorkerExtraParams?: Readonly<Record<string, unknown>>;
  /** Seconds that a full input buffer may stand still with a read block waiting to go in. Default none. */
  readonly readBufferInsertTimeout?: number | null;
  /** Seconds that a compute worker may wait for its input while no read makes progress. Default none. */
  readonly readBufferPopTimeout?: number | null;
  /** Seconds that a full output buffer may stand still with a result waiting to go in. Default none. */
  readonly computeBufferInsertTimeout?: number | null;
  /** Seconds that the writer may wait for the next result while blocks are being computed. Default none. */
  readonly computeBufferPopTimeout?: number | null;
  /** Seconds to wait for all workers before any computes. Default none: the first worker starts the run. */
  readonly computeBarrierTimeout?: number | null;
  /** Seconds without any worker, in the queue or after losses, before the run fails. Default none. */
  readonly queueTimeout?: number | null;
  /** Seconds that one block may be computed for; then its worker is ended and it counts as the block's error. Default none. */
  readonly blockTimeout?: number | null;
  /** Errors of one block that are tried again. Default 0. */
  readonly maxBlockErrors?: number;
  /** Unexplained deaths of workers while computing one block, before it runs once more alone. Default 2. */
  readonly maxBlockLosses?: number;
  /** Workers lost since a block was last done, before the run fails. Default the larger of 3 and twice the workers. */
  readonly maxWorkerLosses?: number;
  /** Whether idle workers may run copies of the slowest blocks. Default true. */
  readonly copies?: boolean;
  /** Computing threads in each worker that is a process. Default 1. */
  readonly threadsPerWorker?: number;
  /** Permission flags of Deno that worker processes get beyond what the job needs; `--allow-all` for all. Default none. */
  readonly workerPermissions?: readonly string[];
  /** The data channel to workers that are processes. */
  readonly channel?: ChannelStyle;
}

/** Every timeout by its option's name. */
export const TIMEOUT_NAMES = [
  "readBufferInsertTimeout",
  "readBufferPopTimeout",
  "computeBufferInsertTimeout",
  "computeBufferPopTimeout",
  "computeBarrierTimeout",
  "queueTimeout",
  "blockTimeout",
] as const;

/** A timeout's option name. */
export type TimeoutName = typeof TIMEOUT_NAMES[number];
