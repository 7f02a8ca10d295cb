/**
 * What a PBS job's attributes say about it.
 *
 * @module
 */
import type { EndCause } from "../../core/driver.ts";
import type { QueueReport } from "../batch_queue/batch_scheduler.ts";
import { parseClock } from "../batch_queue/units.ts";
import type { PbsAttributes } from "./pbs_jobs.ts";

const HELD = "H";
/** M is a job that was moved to another server, T one on its way to a queue; only Torque has C. */
const QUEUED = new Set(["Q", HELD, "W", "T", "M"]);
/** B is an array that has begun: its elements say the rest. */
const RUNNING = new Set(["R", "S", "U", "B"]);
/** Its processes have ended, and its log is being copied, for half a minute or more if that does not succeed. */
const EXITING = "E";
const ENDED = new Set(["F", "X", "C"]);
/** PBS Professional's and OpenPBS's job_exec codes for what they killed for using too much (job.h). */
const KILLED_FOR_WALLTIME = -29;
const KILLED_FOR_USE = new Set([-24, -25, -26, -27, -28]);
/** Of these, virtual memory and memory. */
const KILLED_FOR_MEMORY = new Set([-26, -27]);
/** An exit status is 256 more than a signal for a job that was killed by one. */
const SIGNAL_BASE = 256;
const SIGTERM = 15;

/** Where a job stands. `parent` are the attributes of the array that it is part of: a reason is often told of it alone. */
export function pbsReport(attributes: PbsAttributes, parent?: PbsAttributes): QueueReport {
  const letter = attributes.job_state ?? "?";
  const comment = attributes.comment ?? (QUEUED.has(letter) ? parent?.comment : undefined);
  // Of an array that is held only the array itself says so.
  const shown = QUEUED.has(letter) && parent?.job_state === HELD ? HELD : letter;
  const told = shown === HELD ? `${HELD} (held)` : shown;
  const reason = comment === undefined ? told : `${told}: ${comment}`;
  if (QUEUED.has(letter)) return { state: "queued", reason };
  if (letter === EXITING) return { state: "ended", reason, isLeaving: true, ...ended(attributes) };
  if (RUNNING.has(letter)) return { state: "running", reason, ...running(attributes) };
  if (ENDED.has(letter)) return { state: "ended", reason, ...ended(attributes) };
  return { state: "unknown", reason };
}

function running(attributes: PbsAttributes): Partial<QueueReport> {
  const host = attributes.exec_host?.split(/[/+*]/)[0];
  const walltimeSeconds = clock(attributes["Resource_List.walltime"]);
  const usedSeconds = clock(attributes["resources_used.walltime"]) ?? 0;
  return {
    ...host ? { host } : {},
    ...walltimeSeconds === undefined
      ? {}
      : { walltimeSeconds, secondsLeft: Math.max(0, walltimeSeconds - usedSeconds) },
  };
}

function ended(attributes: PbsAttributes): Partial<QueueReport> {
  // Deleting a whole array writes a status over those of its elements that had finished before.
  const isOverwritten = attributes.comment === "Subjob finished";
  const text = attributes.Exit_status ?? attributes.exit_status;
  if (text === undefined) {
    // A job without a status never ran: it was deleted in the queue, or what it depended on failed.
    return attributes.job_state === "F" && attributes.exec_host === undefined ? { cause: "cancelled" } : {};
  }
  const status = Number(text);
  if (isOverwritten || !Number.isInteger(status)) return {};
  return exit(status);
}

function exit(status: number): { cause: EndCause; exitCode?: number; overMemory?: string } {
  if (status === KILLED_FOR_WALLTIME) return { cause: "walltime" };
  if (KILLED_FOR_MEMORY.has(status)) return { cause: "killed", overMemory: "" };
  if (KILLED_FOR_USE.has(status)) return { cause: "killed" };
  if (status < 0) return { cause: "unknown", exitCode: status };
  if (status === SIGNAL_BASE + SIGTERM) return { cause: "cancelled", exitCode: 128 + SIGTERM };
  if (status > SIGNAL_BASE) return { cause: "killed", exitCode: 128 + status - SIGNAL_BASE };
  return { cause: status > 128 ? "killed" : "exit", exitCode: status };
}

/** JSON gives a walltime in seconds where it looks like a number. */
function clock(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Number(text) : parseClock(text);
}
