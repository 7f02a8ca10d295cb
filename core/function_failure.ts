/**
 * Whether a run has failed by what its user function did, so that the same function would most likely fail again.
 *
 * @module
 */
import { TimeoutExceededError, WorkerError } from "./errors.ts";

/** True for a function that threw, kills its workers, or took too long for a block. */
export function isFunctionFailure(error: unknown): boolean {
  if (error instanceof TimeoutExceededError) return error.timeoutName === "blockTimeout";
  return error instanceof WorkerError && error.context.inUserFunction === true;
}
