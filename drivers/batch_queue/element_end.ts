/**
 * How a job ended, from what the queue and its log say.
 *
 * @module
 */
import type { EndCause } from "../../core/driver.ts";
import type { QueueReport } from "./batch_scheduler.ts";
import type { JobLog } from "./job_log.ts";

/** An end. */
export interface ElementEnd {
  /** Why. */
  readonly cause: EndCause;
  /** The exit status, if any is known. */
  readonly exitCode?: number;
  /** For people: the queue's word and the log's end. */
  readonly text: string;
}

/** What decides beside queue and log. */
export interface EndContext {
  /** Where the log is. */
  readonly logFile: string;
  /** How long it ran as far as was seen, seconds. */
  readonly ranSeconds?: number | undefined;
  /** Its time limit, seconds. */
  readonly walltimeSeconds?: number | undefined;
}

/** A time limit is noticed late, and its start was seen late. */
const WALLTIME_SLACK_SECONDS = 20;

/** Puts together what is known of an end. The queue's word counts before the log's. */
export function elementEnd(
  report: QueueReport | undefined,
  log: JobLog | undefined,
  context: EndContext,
): ElementEnd {
  const exitCode = report?.exitCode ?? log?.exitStatus;
  const cause = endCause(report?.cause, exitCode, log, context);
  const status = exitCode === undefined ? "" : `exit status ${exitCode}`;
  const first = [report?.reason, status].filter((part) => part).join(", ") || "it is no longer in the queue";
  const tail = log === undefined
    ? `no log at ${context.logFile}`
    : log.tail === ""
    ? `nothing in its log ${context.logFile}`
    : log.tail;
  return { cause, ...exitCode === undefined ? {} : { exitCode }, text: `${first}: ${tail}` };
}

function endCause(
  told: EndCause | undefined,
  exitCode: number | undefined,
  log: JobLog | undefined,
  { ranSeconds, walltimeSeconds }: EndContext,
): EndCause {
  if (told !== undefined && told !== "exit" && told !== "unknown") return told;
  const words = log?.schedulerWords.join(" ") ?? "";
  if (/DUE TO TIME LIMIT|walltime \d+ exceeded limit/i.test(words)) return "walltime";
  if (/oom[-_ ]kill|out[- ]of[- ]memory/i.test(words)) return "killed";
  if (log?.signal !== undefined) {
    const isOver = ranSeconds !== undefined && walltimeSeconds !== undefined &&
      ranSeconds + WALLTIME_SLACK_SECONDS >= walltimeSeconds;
    return isOver ? "walltime" : "cancelled";
  }
  if (exitCode === undefined) return told ?? "unknown";
  return exitCode > 128 ? "killed" : "exit";
}

/** Whether an end is nobody's wish, so that its log may be of use. */
export function isTrouble({ cause, exitCode }: ElementEnd): boolean {
  return cause === "exit" ? exitCode !== 0 : cause === "killed" || cause === "unknown";
}
