/**
 * SLURM's words: its directives, its commands, and what its refusals mean.
 *
 * @module
 */
import { CW_SLURM } from "../../core/kinds.ts";
import {
  type BatchScheduler,
  complaint,
  type Directive,
  isMeantBy,
  type JobRequest,
  type QueueAnswer,
  type Refusal,
  type SubmittedJob,
} from "../batch_queue/batch_scheduler.ts";
import type { CommandResult, CommandRunner } from "../batch_queue/run_command.ts";
import { formatClock } from "../batch_queue/units.ts";
import { parseArrayLimit, parseShowJob, parseSqueue, SQUEUE_FORMAT } from "./slurm_queue.ts";
import { slurmEnvironment } from "./slurm_environment.ts";

/** Commands that only ask; a controller that is down answers after 9 s, with `-j` after 18. */
const ASK_MS = 30_000;
const REACH_MS = 8000;
/** More than so many jobs are asked for by their owner, not one by one. */
const NAMED_JOBS = 200;

const DOWN =
  /unable to contact slurm controller|socket timed out|connection refused|protocol authentication error|zero bytes were transmitted|communication (connection )?failure|no answer within/i;
const LIMIT =
  /max(?:imum)?\w*submit|submitjobs?limit|maxjobs?(?:count|perassoc|peruser)?limit|maxjobcount|job array (?:size|task)|array specification|too many/i;
const BUSY =
  /temporarily|resource busy|try again|slurm is not (?:yet )?ready|in (?:progress|standby)|controller.*(?:transition|backup)/i;

/** SLURM's words. */
export const slurm: BatchScheduler = {
  kind: CW_SLURM,
  title: "SLURM",
  programs: ["sbatch", "squeue", "scancel", "scontrol"],
  directivePrefix: "#SBATCH",
  optionsKey: "sbatchOptions",
  leastArraySize: 1,
  // On the command line it also overrides a site's SBATCH_EXPORT. See submitEnvironment for what there is to export.
  submitCommand: ["sbatch", "--parsable", "--export=ALL"],
  submitEnvironment: slurmEnvironment,
  carriesSecrets: true,
  drainSeconds: ({ terminateGraceSeconds }) =>
    Math.max(Math.min(5, terminateGraceSeconds), terminateGraceSeconds - 10),

  directives({ name, token, arraySize, logFolder, logPrefix = "", params }: JobRequest): Directive[] {
    const { queue, account, qos, constraint, walltimeSeconds, memoryMib, cores, maxRunning } = params;
    const throttle = maxRunning === undefined ? "" : `%${maxRunning}`;
    const log = `${logFolder.replaceAll("%", "%%")}/${logPrefix}${
      arraySize === undefined ? "%j" : "%A_%a"
    }.log`;
    return [
      directive("job-name", name),
      directive("output", log),
      directive("open-mode", "append"),
      directive("comment", token),
      directive("signal", `B:TERM@${params.terminateGraceSeconds}`),
      ...arraySize === undefined ? [] : [directive("array", `0-${arraySize - 1}${throttle}`, true)],
      ...optional("partition", queue),
      ...optional("account", account),
      ...optional("qos", qos),
      ...optional("constraint", constraint),
      ...optional("time", walltimeSeconds === undefined ? undefined : formatClock(walltimeSeconds)),
      ...optional("mem", memoryMib === undefined ? undefined : `${memoryMib}M`),
      ...cores === undefined ? [] : [
        directive("nodes", "1"),
        directive("ntasks", "1"),
        directive("cpus-per-task", String(cores)),
      ],
    ];
  },

  parseJobId: (stdout) => /^(\d+)(?:;.*)?$/m.exec(stdout.trim())?.[1],

  refusal(result: CommandResult): Refusal {
    if (result.exitCode === undefined || DOWN.test(result.stderr)) return "unanswered";
    if (LIMIT.test(result.stderr)) return "limit";
    return BUSY.test(result.stderr) ? "busy" : "final";
  },

  elementId: (jobId, index) => `${jobId}_${index}`,

  logName: (_stem, jobId, index) => `${index === undefined ? jobId : `${jobId}_${index}`}.log`,

  async reach(run: CommandRunner): Promise<string | undefined> {
    const result = await run(["sinfo", "-h", "-o", "%P"], { timeoutMs: REACH_MS });
    if (result.exitCode === 0) return undefined;
    // It complains of every place in which it looked for one; what ended it comes last.
    const fatal = /^sinfo: fatal: (.+)$/m.exec(result.stderr)?.[1];
    if (fatal === undefined) return complaint(result);
    return /configuration source/i.test(fatal)
      ? "sinfo finds no slurm.conf: log in where SLURM jobs are submitted"
      : `sinfo: ${fatal}`;
  },

  async arrayLimit(run: CommandRunner): Promise<number | undefined> {
    const { exitCode, stdout } = await run(["scontrol", "show", "config"], { timeoutMs: ASK_MS });
    return exitCode === 0 ? parseArrayLimit(stdout) : undefined;
  },

  queueCommand(jobIds: readonly string[]): string[] {
    const isShort = jobIds.length > 0 && jobIds.length <= NAMED_JOBS;
    const named = isShort ? ["-j", jobIds.join(",")] : ["-u", String(Deno.uid() ?? "")];
    return ["squeue", "-h", "-r", "-t", "all", ...named, "-o", SQUEUE_FORMAT];
  },

  async ask(run: CommandRunner, jobs: readonly SubmittedJob[]): Promise<QueueAnswer> {
    const result = await run(slurm.queueCommand(jobs.map(({ jobId }) => jobId)), { timeoutMs: ASK_MS });
    if (result.exitCode === 0) return { reports: parseSqueue(result.stdout), unknownJobs: new Set() };
    // Said of a single job only: in a list those that are not known are passed over.
    if (jobs.length === 1 && /invalid job id specified/i.test(result.stderr)) {
      return { reports: new Map(), unknownJobs: new Set([jobs[0]!.jobId]) };
    }
    return { trouble: complaint(result), reports: new Map(), unknownJobs: new Set() };
  },

  async askEnds(run: CommandRunner, nativeIds: readonly string[]) {
    const jobs = new Set(nativeIds.map((id) => id.split("_")[0]!));
    const reports = new Map<
      string,
      ReturnType<typeof parseShowJob> extends Map<string, infer R> ? R : never
    >();
    for (const job of jobs) {
      const { exitCode, stdout } = await run(["scontrol", "show", "job", "-o", job], { timeoutMs: ASK_MS });
      if (exitCode !== 0) continue;
      for (const [id, report] of parseShowJob(stdout)) reports.set(id, report);
    }
    return reports;
  },

  async find(run: CommandRunner, token: string): Promise<string[] | undefined> {
    const words = ["squeue", "-h", "-t", "PENDING,RUNNING,SUSPENDED,CONFIGURING,COMPLETING"];
    const result = await run([...words, "-u", String(Deno.uid() ?? ""), "-o", "%F|%k"], {
      timeoutMs: ASK_MS,
    });
    if (result.exitCode !== 0) return undefined;
    const found = result.stdout.split("\n").flatMap((line) => {
      const [id, ...comment] = line.trim().split("|");
      return isMeantBy(token, comment.join("|")) ? [id!] : [];
    });
    return [...new Set(found)];
  },

  cancelCommand: (nativeIds) => ["scancel", ...nativeIds],
  cancelTrouble: (result) => result.exitCode === 0 ? undefined : complaint(result),
  showCommand: (nativeId) => ["squeue", "-j", nativeId],
};

function directive(option: string, value: string, needed = false): Directive {
  return { option, text: `--${option}=${quoted(value)}`, needed };
}

function optional(option: string, value: string | undefined): Directive[] {
  return value === undefined ? [] : [directive(option, value)];
}

/** sbatch reads a directive's line as a shell would its quotes, but expands nothing in it. */
function quoted(value: string): string {
  if (/^[A-Za-z0-9_@%+=:,./()[\]&|*!-]+$/.test(value)) return value;
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}
