/**
 * Waits that suit an account whose lists do not lag behind.
 *
 * @module
 */
import { ECS_TIMES, type EcsTimes } from "../../drivers/ecs/ecs_times.ts";
import { BATCH_TIMING, type BatchTiming } from "../../drivers/aws_batch/timing.ts";

/** Of `CW_AWSBATCH`. */
export const QUICK_BATCH: BatchTiming = {
  ...BATCH_TIMING,
  pollMs: { least: 100, most: 500 },
  absenceMs: 500,
  freshMs: 1000,
  ownEndMs: 30_000,
  logMs: { most: 5000, worked: 5000, again: 100 },
};

/** Of `CW_ECS`. */
export const QUICK_ECS: EcsTimes = {
  ...ECS_TIMES,
  absenceMs: 500,
  freshMs: 1000,
  pollLeastMs: 100,
  pollMostMs: 500,
  retryLeastMs: 100,
  retryMostMs: 500,
  // On a machine with much else to do, too, workers that are done must have the time to end.
  graceMs: 30_000,
  stopMs: 30_000,
  deleteMs: 20_000,
  roomMs: 5000,
  logMs: 5000,
  logWorkedMs: 5000,
  logAgainMs: 100,
};
