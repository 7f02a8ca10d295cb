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
  type JobRequest,
  type Refusal,
} from "../batch_queue/batch_scheduler.ts";
import type { CommandResult, CommandRunner } from "../batch_queue/run_command.ts";
import { formatClock } from "../batch_queue/units.ts";
import { askSlurm, askSlurmEnds, findSlurmJobs, squeueCommand } from "./slurm_ask.ts";
import {
  answeredId,
  byCluster,
  clusterId,
  clusterWords,
  elementId,
  wantedClusters,
} from "./slurm_clusters.ts";
import { slurmEnvironment } from "./slurm_environment.ts";
import { parseArrayLimit } from "./slurm_queue.ts";

/** A controller that is down answers after 9 s. */
const ASK_MS = 30_000;
const REACH_MS = 8000;

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

  clusters: wantedClusters,
  parseJobId: answeredId,

  refusal(result: CommandResult): Refusal {
    if (result.exitCode === undefined || DOWN.test(result.stderr)) return "unanswered";
    if (LIMIT.test(result.stderr)) return "limit";
    return BUSY.test(result.stderr) ? "busy" : "final";
  },

  elementId,
  nativeId: (queueId) => clusterId(queueId).id,
  clusterOf: (queueId) => clusterId(queueId).cluster,

  logName: (_stem, jobId, index) =>
    `${clusterId(index === undefined ? jobId : elementId(jobId, index)).id}.log`,

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

  async arrayLimit(run: CommandRunner, clusters?: string): Promise<number | undefined> {
    // Of several, sbatch takes whichever starts a job first; scontrol can be asked about one.
    const cluster = clusters?.includes(",") || clusters === "all" ? undefined : clusters;
    const words = ["scontrol", ...clusterWords(cluster), "show", "config"];
    const { exitCode, stdout } = await run(words, { timeoutMs: ASK_MS });
    return exitCode === 0 ? parseArrayLimit(stdout) : undefined;
  },

  queueCommand: squeueCommand,
  ask: askSlurm,
  askEnds: askSlurmEnds,
  find: findSlurmJobs,
  cancelCommands: (queueIds) =>
    [...byCluster(queueIds)].map(([cluster, ids]) => ["scancel", ...clusterWords(cluster), ...ids]),
  cancelTrouble: (result) => result.exitCode === 0 ? undefined : complaint(result),
  showCommand(queueId: string): string[] {
    const { id, cluster } = clusterId(queueId);
    return ["squeue", ...clusterWords(cluster), "-j", id];
  },
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
