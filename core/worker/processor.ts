/**
 * What a compute worker does with a block. The core knows how to get blocks to workers and results back; what a
 * block is, a processor knows.
 *
 * @module
 */
import type { WorkerInit } from "../messages.ts";
import type { Payload } from "../payload.ts";
import type { IntervalRecorder } from "../timers.ts";

/** Computes blocks in a worker. */
export interface BlockProcessor {
  /**
   * How many reads to have under way beside the block being computed: 0 where reading is synchronous and would only
   * take the computing thread's time.
   */
  readonly readAhead: number;
  /**
   * Gathers what a block needs.
   *
   * @param input what the manager sent with the block, if workers don't read for themselves.
   */
  read(block: number, input: Payload | undefined): unknown;
  /** Computes a block from what `read` gave, to what is sent back. */
  compute(block: number, input: unknown): Payload | Promise<Payload>;
  /** After the last block: what goes back once for the whole worker. */
  finish(): Payload;
  /** Gives up files and threads. */
  close(): Promise<void>;
}

/** What a processor is made from. */
export interface ProcessorContext {
  /** What the manager sent. */
  readonly init: WorkerInit;
  /** The worker's timers. */
  readonly timers: IntervalRecorder;
}

/** Makes a processor; rejects if the job can't be done, such as when the user function can't be loaded. */
export type ProcessorFactory = (context: ProcessorContext) => Promise<BlockProcessor>;

/** The processors that a worker's program has, by name; loaded when one is used. */
export type Processors = Readonly<Record<string, () => Promise<ProcessorFactory>>>;
