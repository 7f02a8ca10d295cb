/**
 * How long the ECS driver waits, and how often it asks.
 *
 * @module
 */

import { LOG_TIMES } from "../aws/log_tails.ts";

/** Times, milliseconds. */
export interface EcsTimes {
  /** Between two empty answers that count as absence: List and Describe are eventually consistent. */
  readonly absenceMs: number;
  /** So long after it was made, something that is missing is only not there yet. */
  readonly freshMs: number;
  /** Least and most time between two looks at the tasks. */
  readonly pollLeastMs: number;
  /** See `pollLeastMs`. */
  readonly pollMostMs: number;
  /** Delays before tasks that could not be started are tried again: the first, and the longest. */
  readonly retryLeastMs: number;
  /** See `retryLeastMs`. */
  readonly retryMostMs: number;
  /** Workers that are done may take so long to end by themselves. */
  readonly graceMs: number;
  /** Tasks may take so long to stop: `stopTimeout` of 120 s and some. */
  readonly stopMs: number;
  /** A cluster may hold on to what has ended for so long. */
  readonly deleteMs: number;
  /** With no task running, so long may a cluster of our own refuse all for want of room. */
  readonly roomMs: number;
  /** The end of the log of a worker that ended in trouble is waited for so long, and looked at so often. */
  readonly logMs: number;
  /** See `logMs`; for a worker that had work. */
  readonly logWorkedMs: number;
  /** See `logMs`. */
  readonly logAgainMs: number;
}

/** The times of a real run. */
export const ECS_TIMES: EcsTimes = {
  absenceMs: 15_000,
  freshMs: 60_000,
  pollLeastMs: 1000,
  pollMostMs: 10_000,
  retryLeastMs: 1000,
  retryMostMs: 60_000,
  graceMs: 20_000,
  stopMs: 150_000,
  deleteMs: 90_000,
  roomMs: 120_000,
  logMs: LOG_TIMES.mostMs,
  logWorkedMs: LOG_TIMES.workedMs,
  logAgainMs: LOG_TIMES.againMs,
};
