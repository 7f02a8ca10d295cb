/**
 * A worker's job, or element of an array job, as the fleet knows it.
 *
 * @module
 */
import type { QueueReport } from "./batch_scheduler.ts";
import type { AcceptedJob } from "./job_submitter.ts";

/** A worker's place in the queue. */
export interface FleetElement {
  /** The worker's number. */
  readonly worker: number;
  /** The job that it is (part of). */
  readonly job: AcceptedJob;
  /** Its place in the array. */
  readonly index: number | undefined;
  /** Its id in the queue, for the queue's commands. */
  readonly queueId: string;
  /** The id by which its worker knows it. */
  readonly nativeId: string;
  /** Where it stands. */
  state: "queued" | "running" | "ended";
  /** The queue's reason. */
  reason: string;
  /** Its host, as its worker calls it; undefined until that has connected. */
  host: string | undefined;
  /** Since when it runs, as far as was seen, monotonic milliseconds. */
  runningSinceMs: number | undefined;
  /** When its worker last connected. */
  connectedAtMs: number | undefined;
  /** When a good answer first missed it. */
  absentSinceMs: number | undefined;
  /** Its time limit, seconds. */
  walltimeSeconds: number | undefined;
  /** Whether its processes have ended and the queue still lists it. */
  isLeaving: boolean;
  /** Whether its end is being looked into. */
  isEnding: boolean;
  /** Whether this program asked for its end. */
  isCancelled: boolean;
}

/** Absent from two good answers so far apart, a job is gone, milliseconds. */
const ABSENT_MS = 5000;

/** Whether a second good answer, some time after the first, misses a job, too. */
export function isAbsent(element: FleetElement): boolean {
  const now = performance.now();
  element.absentSinceMs ??= now;
  return now - element.absentSinceMs >= ABSENT_MS;
}

/** What a queue says it used may be minutes old: what was seen to have passed counts, too. */
export function secondsLeftOf(
  { secondsLeft, walltimeSeconds }: QueueReport,
  sinceMs: number,
): number | undefined {
  if (secondsLeft === undefined || walltimeSeconds === undefined) return secondsLeft;
  return Math.max(0, Math.min(secondsLeft, walltimeSeconds - (performance.now() - sinceMs) / 1000));
}
