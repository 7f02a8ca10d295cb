/**
 * A job in blocks, as the manager sees it: what workers are told, and what becomes of their results.
 *
 * @module
 */
import type { BlockOrder } from "./block_order.ts";
import type { WorkerProgram } from "./driver.ts";
import type { WorkerReading } from "./messages.ts";
import type { WorkerAccess } from "./worker_command.ts";
import type { Payload } from "./payload.ts";

/** A job in blocks. */
export interface BlockJob {
  /** Blocks; they are numbered from 0. */
  readonly blockCount: number;
  /** Blocks that an earlier run has done, each once; absent for none. */
  readonly done?: readonly number[];
  /** In which order they are handed out, and which of them one worker should have; absent for that of their numbers. */
  readonly order?: BlockOrder | undefined;
  /** What workers run. */
  readonly program: WorkerProgram;
  /** Which of the program's processors computes the blocks. */
  readonly processor: string;
  /** What the processor is told once. It is copied for every worker. */
  readonly workerJob: Payload;
  /** How workers that are processes read ahead of their computing threads; absent if those read for themselves. */
  readonly reading?: WorkerReading | undefined;
  /** Blocks that each worker holds ahead of the one in hand, at the least, so that gathering their inputs is no wait. */
  readonly leastAhead: number;
  /** Whether a block may be computed twice at once; not where its traces in other args would count twice. */
  readonly copiesAllowed: boolean;
  /**
   * Whether the user function is known to have changed a worker's own copy of other args, so that losing one is to be told.
   * May become true while the run goes on. Default false.
   */
  readonly argsChanged?: boolean;
  /**
   * What the blocks' other args have been merged to, at the time of the call; absent where each worker has a copy of its own,
   * which comes with its last word.
   */
  readonly mergedArgs?: () => unknown;
  /** What workers load before their first block, for people. Default "the job". */
  readonly loads?: string;
  /** The SHA-256 of the code that is shipped, hexadecimal: workers run no other. Absent if none is. */
  readonly codeHash?: string | undefined;
  /** What workers must be allowed beyond computing; absent for nothing. */
  readonly access?: WorkerAccess;
  /** A block for people. */
  describeBlock(block: number): string;
  /** Gathers what a block needs of the manager; absent where workers do all by themselves. */
  readonly input?: (block: number) => Payload | Promise<Payload>;
  /**
   * Takes a block's result: exactly once a block, in whatever order. While a returned promise is unsettled it counts as
   * a result in the output buffer.
   */
  accept(block: number, result: Payload, worker: number): void | Promise<void>;
  /** Takes a worker's last word; what it returns, unless undefined, is in the manager's list of output objects. */
  finished(worker: number, last: Payload): unknown;
}
