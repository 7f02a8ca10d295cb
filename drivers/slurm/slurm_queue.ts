/**
 * What SLURM's commands answer, as values. Sources: squeue(1), "JOB STATE CODES" and "--format"; scontrol(1), "show job".
 *
 * @module
 */
import type { EndCause } from "../../core/driver.ts";
import type { QueueReport } from "../batch_queue/batch_scheduler.ts";
import { parseClock } from "../batch_queue/units.ts";

/** `squeue --format`: only the last field may hold a bar or a space of its own. */
export const SQUEUE_FORMAT = "%i|%T|%L|%l|%N|%r";

const QUEUED = new Set([
  "PENDING",
  "CONFIGURING",
  "REQUEUED",
  "REQUEUE_FED",
  "REQUEUE_HOLD",
  "RESV_DEL_HOLD",
  "SPECIAL_EXIT",
]);
const RUNNING = new Set([
  "RUNNING",
  "COMPLETING",
  "RESIZING",
  "SIGNALING",
  "STAGE_OUT",
  "STOPPED",
  "SUSPENDED",
]);
const OVER_MEMORY = "OUT_OF_MEMORY";
const CAUSES = new Map<string, EndCause>([
  ["FAILED", "exit"],
  ["TIMEOUT", "walltime"],
  ["DEADLINE", "walltime"],
  ["CANCELLED", "cancelled"],
  ["REVOKED", "cancelled"],
  ["NODE_FAIL", "node"],
  ["BOOT_FAIL", "node"],
  ["PREEMPTED", "preempted"],
  [OVER_MEMORY, "killed"],
]);

/** What `squeue -h -r -o` {@linkcode SQUEUE_FORMAT} says, by job or element id. Lines of another form are passed over. */
export function parseSqueue(text: string): Map<string, QueueReport> {
  const reports = new Map<string, QueueReport>();
  for (const line of text.split("\n")) {
    const [id, word, left, limit, nodes, ...reason] = line.split("|");
    if (!/^\d+(_\d+)?$/.test(id ?? "") || reason.length === 0) continue;
    const secondsLeft = parseClock(left!);
    const walltimeSeconds = parseClock(limit!);
    reports.set(id!, {
      ...standing(word!, reason.join("|")),
      ...nodes ? { host: nodes } : {},
      ...secondsLeft === undefined ? {} : { secondsLeft },
      ...walltimeSeconds === undefined ? {} : { walltimeSeconds },
    });
  }
  return reports;
}

/** What `scontrol show job -o` says, one job or element a line, by its id. */
export function parseShowJob(text: string): Map<string, QueueReport> {
  const reports = new Map<string, QueueReport>();
  for (const line of text.split("\n")) {
    const job = field(line, "JobId");
    const word = field(line, "JobState");
    if (job === undefined || word === undefined) continue;
    const [array, element] = [field(line, "ArrayJobId"), field(line, "ArrayTaskId")];
    const id = array !== undefined && /^\d+$/.test(element ?? "") ? `${array}_${element}` : job;
    reports.set(id, withExit(standing(word, field(line, "Reason") ?? "None"), field(line, "ExitCode")));
  }
  return reports;
}

/** `MaxArraySize` of `scontrol show config`: one more than the highest index, so the most elements from 0. */
export function parseArrayLimit(text: string): number | undefined {
  const match = /^MaxArraySize\s*=\s*(\d+)/m.exec(text);
  return match ? Number(match[1]) : undefined;
}

function standing(word: string, why: string): QueueReport {
  const reason = why === "None" || why === "" ? word : `${word}: ${why}`;
  if (QUEUED.has(word)) return { state: "queued", reason };
  if (RUNNING.has(word)) return { state: "running", reason };
  if (word === "COMPLETED") return { state: "ended", reason, cause: "exit", exitCode: 0 };
  const cause = CAUSES.get(word);
  if (!cause) return { state: "unknown", reason };
  return { state: "ended", reason, cause, ...word === OVER_MEMORY ? { overMemory: "" } : {} };
}

/** `ExitCode=STATUS:SIGNAL`; the signal wins. */
function withExit(report: QueueReport, exit: string | undefined): QueueReport {
  const match = /^(\d+):(\d+)$/.exec(exit ?? "");
  if (!match || report.state !== "ended") return report;
  const [status, signal] = [Number(match[1]), Number(match[2])];
  if (signal === 0) return { ...report, exitCode: status };
  return { ...report, exitCode: 128 + signal, cause: report.cause === "exit" ? "killed" : report.cause! };
}

function field(line: string, key: string): string | undefined {
  return new RegExp(`(?:^| )${key}=(\\S*)`).exec(line)?.[1];
}
