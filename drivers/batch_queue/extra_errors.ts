/**
 * Errors that workers left in their logs and that never came over the channel.
 *
 * @module
 */
import { type ElementEnd, elementEnd, isTrouble } from "./element_end.ts";
import { type JobLog, readJobLog } from "./job_log.ts";

/** What a worker left in its log. */
export interface LogError {
  /** The log's path. */
  readonly logFile: string;
  /** The exit status and the log's last lines, or what the scheduler itself complains of in it. */
  readonly text: string;
}

/**
 * What a job's log has that never came over the channel; undefined if there is nothing to report.
 *
 * @param end how the job ended.
 * @param log its log; undefined if that can't be read.
 * @param options `isCancelled`: its end was asked for.
 */
export function extraError(
  end: ElementEnd,
  log: JobLog | undefined,
  { isCancelled }: { readonly isCancelled: boolean },
): string | undefined {
  // An end that was asked for is not reported, and neither is one of which nothing is known.
  const isOdd = isTrouble(end) && end.exitCode !== undefined && !isCancelled && log?.signal === undefined;
  if (isOdd || end.isOverMemory) return end.text;
  const words = log?.schedulerWords.join("; ") ?? "";
  return words === "" ? undefined : words;
}

/**
 * Looks for errors in the logs of jobs that have ended. Their scripts end them with the line that ours end with:
 * `blockfleet: job ends, exit status N`.
 *
 * @param logFiles paths of logs.
 * @returns one entry a log in which there is trouble, or that can't be read; none if all is well.
 */
export async function findExtraErrors(logFiles: readonly string[]): Promise<LogError[]> {
  const looks = logFiles.map(async (logFile): Promise<LogError[]> => {
    const log = await readJobLog(logFile);
    if (log === undefined) return [{ logFile, text: "there is no such log yet, or it can't be read" }];
    const text = extraError(elementEnd(undefined, log, { logFile }), log, { isCancelled: false });
    if (text !== undefined) return [{ logFile, text }];
    if (log.exitStatus !== undefined) return [];
    // Here no queue says how the job ended: what has no end was killed.
    return [{ logFile, text: `the log has no end, so its job was killed or still runs: ${log.tail}` }];
  });
  return (await Promise.all(looks)).flat();
}
