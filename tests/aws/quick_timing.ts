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
  graceMs: 5000,
  stopMs: 30_000,
  deleteMs: 20_000,
  roomMs: 5000,
};
