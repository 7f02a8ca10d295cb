/**
 * What the loss of a worker means, in words.
 *
 * @module
 */
import { WorkerError, type WorkerErrorContext } from "./errors.ts";
import { describeWorker } from "./remote_failure.ts";
import type { LossVerdict } from "./scheduler_types.ts";

/** A lost worker. */
export interface Loss {
  /** What the scheduler made of it. */
  readonly verdict: LossVerdict;
  /** Why the worker ended. */
  readonly reason: string;
  /** Which worker, and the block that is blamed, if one is. */
  readonly context: WorkerErrorContext;
  /** The block that it was computing, if that is known and not blamed. */
  readonly inHand?: string | undefined;
  /** Deaths that the blamed block is blamed for. */
  readonly times: number;
  /** The limit of losses since a block was last done. */
  readonly maxWorkerLosses: number;
}

/**
 * The line that tells of a loss that the run survives.
 *
 * @throws {WorkerError} if it does not.
 */
export function lossNotice({ verdict, reason, context, inHand, times, maxWorkerLosses }: Loss): string {
  const { block } = context;
  if (verdict.fatal === "killer") {
    throw new WorkerError(
      `${block} kills its workers: ${times} died while computing it, the last one with nothing else to do: ${reason}`,
      { ...context, inUserFunction: true },
    );
  }
  const during = block === undefined ? "" : ` while computing ${block}`;
  const held = inHand === undefined || block !== undefined ? "" : ` (it had ${inHand} in hand)`;
  if (verdict.fatal === "worker losses") {
    throw new WorkerError(
      `${tooManyLosses(maxWorkerLosses)}, ${describeWorker(context)}${during}: ${reason}${held}`,
      context,
    );
  }
  const again = verdict.requeued === 0 ? "" : `; ${verdict.requeued} block(s) go back`;
  return `${describeWorker(context)} was lost${during}: ${reason}${held}${again}`;
}

/** The beginning of the error that ends a run whose workers keep ending. */
export function tooManyLosses(maxWorkerLosses: number): string {
  return `More than ${maxWorkerLosses} workers were lost since a block was last done. The last one`;
}
