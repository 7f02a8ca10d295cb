/**
 * How long `CW_AWSBATCH` waits for what.
 *
 * @module
 */

import { LOG_TIMES } from "../aws/log_tails.ts";

/** Milliseconds. */
export interface BatchTiming {
  /** Shortest and longest time between two looks at the jobs. */
  readonly pollMs: { readonly least: number; readonly most: number };
  /** Lists and descriptions lag behind: a job is not there after two answers without it that are so far apart. */
  readonly absenceMs: number;
  /** No absence counts before a job is so old. */
  readonly freshMs: number;
  /** After a finished run its workers end by themselves within this, or are terminated. */
  readonly ownEndMs: number;
  /** Jobs that were terminated are awaited so long; Batch itself kills them 30 s after its SIGTERM. */
  readonly terminateMs: number;
  /** The end of the log of a worker that ended in trouble is waited for so long (if it had work), and looked at so often. */
  readonly logMs: { readonly most: number; readonly worked: number; readonly again: number };
}

/** What holds on AWS. */
export const BATCH_TIMING: BatchTiming = {
  pollMs: { least: 1000, most: 15_000 },
  absenceMs: 15_000,
  freshMs: 60_000,
  ownEndMs: 10_000,
  terminateMs: 40_000,
  logMs: { most: LOG_TIMES.mostMs, worked: LOG_TIMES.workedMs, again: LOG_TIMES.againMs },
};
