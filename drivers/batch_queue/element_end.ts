/**
 * How a job ended, from what the queue and its log say.
 *
 * @module
 */
import type { EndCause } from "../../core/driver.ts";
import type { QueueReport } from "./batch_scheduler.ts";
import type { JobLog } from "./job_log.ts";
import { memoryKill } from "./memory_kill.ts";

/** An end. */
export interface ElementEnd {
  /** Why. */
  readonly cause: EndCause;
  /** The exit status, if any is known. */
  readonly exitCode?: number;
  /** For people: the queue's word and the log's end. */
  readonly text: string;
  /** Whether it was killed for memory. */
  readonly isOverMemory?: boolean;
}

/** What decides beside queue and log. */
export interface EndContext {
  /** Where the log is. */
  readonly logFile: string;
  /** How long it ran as far as was seen, seconds. */
  readonly ranSeconds?: number | undefined;
  /** Its time limit, seconds. */
  readonly walltimeSeconds?: number | undefined;
  /** The memory that was asked for, MiB. */
  readonly memoryMib?: number | undefined;
  /** The program by which people end jobs, such as `qdel`. */
  readonly cancelProgram?: string | undefined;
}

/** The status of a process that SIGKILL has ended. */
const SIGKILLED = 128 + 9;
/** A time limit is noticed late, and its start was seen late. */
const WALLTIME_SLACK_SECONDS = 20;

/** Puts together what is known of an end. The queue's word counts before the log's. */
export function elementEnd(
  report: QueueReport | undefined,
  log: JobLog | undefined,
  context: EndContext,
): ElementEnd {
  const exitCode = report?.exitCode ?? log?.exitStatus;
  const memory = memoryKill(report, log, context.memoryMib);
  const cause = memory === undefined ? endCause(report?.cause, exitCode, log, context) : "killed";
  const why = memory ?? causeWords(cause, { report, log, context, exitCode });
  const status = exitCode === undefined ? "" : `exit status ${exitCode}`;
  const first = [report?.reason, status, why].filter((part) => part).join(", ") ||
    "it is no longer in the queue";
  const emptyLog = why === "" ? `: nothing in its log ${context.logFile}` : "";
  const tail = log === undefined
    ? `: no log at ${context.logFile}`
    : log.tail === ""
    ? emptyLog
    : `: ${log.tail}`;
  return {
    cause,
    ...exitCode === undefined ? {} : { exitCode },
    text: `${first}${tail}`,
    ...memory === undefined ? {} : { isOverMemory: true },
  };
}

/** What a cause means, where neither the queue's word nor the status says it. */
function causeWords(cause: EndCause, known: {
  readonly report: QueueReport | undefined;
  readonly log: JobLog | undefined;
  readonly context: EndContext;
  readonly exitCode: number | undefined;
}): string {
  const { report, log, context: { cancelProgram }, exitCode } = known;
  const word = report?.reason ?? "";
  if (cause === "walltime") return /time/i.test(word) ? "" : "its walltime is over";
  if (cause === "cancelled" && !/cancel|terminated by/i.test(word)) {
    const signal = log?.signal === undefined ? "" : ` by ${log.signal}`;
    return `it was told to end${signal}${
      cancelProgram === undefined ? "" : `, as by ${cancelProgram} or an administrator`
    }`;
  }
  const isKilled = cause === "killed" && exitCode === SIGKILLED;
  return isKilled ? "killed by SIGKILL, as by a node that is out of memory" : "";
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
