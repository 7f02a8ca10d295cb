/**
 * Jobs that were killed because they took more memory than they may.
 *
 * @module
 */
import type { QueueReport } from "./batch_scheduler.ts";
import type { JobLog } from "./job_log.ts";

/** pbs_mom's line in a job's log: what was used of which resource, and the limit. */
const PBS_WORDS = /job killed: (\S*mem \S+ exceeded limit \S+)/;
/** slurmstepd's lines, of control groups and of its own accounting. */
const SLURM_WORDS = /oom[-_ ]?kill|out[- ]of[- ]memory|exceeded (?:job |step )?memory limit/i;

/**
 * That a job was killed for memory, how much it used and what the limit was, as far as is known; undefined if it was not.
 *
 * @param askedMib the memory that was asked for, MiB.
 */
export function memoryKill(
  report: QueueReport | undefined,
  log: JobLog | undefined,
  askedMib: number | undefined,
): string | undefined {
  const words = log?.schedulerWords ?? [];
  const told = words.map((line) => PBS_WORDS.exec(line)?.[1]).find((one) => one !== undefined) ||
    report?.overMemory || words.find((line) => SLURM_WORDS.test(line)) || report?.overMemory;
  if (told === undefined) return undefined;
  const asked = askedMib === undefined ? "" : `${askedMib} MiB were asked for`;
  const facts = [told, asked].filter((part) => part !== "").join("; ");
  return `killed for memory${
    facts === "" ? "" : ` (${facts})`
  }: ask for more with memory, or use a smaller window`;
}
