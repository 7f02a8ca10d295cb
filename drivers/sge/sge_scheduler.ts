/**
 * Grid Engine's words: its commands, and what its refusals mean.
 *
 * @module
 */
import { CW_SGE } from "../../core/kinds.ts";
import {
  type BatchScheduler,
  complaint,
  type JobRequest,
  type Refusal,
  troubleBeside,
} from "../batch_queue/batch_scheduler.ts";
import type { CommandResult, CommandRunner } from "../batch_queue/run_command.ts";
import { shellWord } from "../batch_queue/shell_words.ts";
import { checkSgeParams, isPlainPath, logPath, sgeDirectives } from "./sge_directives.ts";
import { LIST_COMMAND, SgeQueue } from "./sge_queue.ts";

const REACH_MS = 8000;

const DOWN = /unable to (?:send message to|contact) qmaster|commlib error|no answer within|qmaster is not/i;
/** A warning makes qsub exit with 1 although it has submitted. */
const SUBMITTED = /has been submitted/i;
/** qsub's exit status of what may do later, or smaller. */
const AGAIN_STATUS = 25;
const LIMIT = /only \d+ jobs are allowed|more than \d+ tasks|too many/i;
const BUSY = /try (?:it )?(?:again|later)|temporarily|shutting down|submission .*disabled/i;
const NO_CELL = /SGE_ROOT|unable to read qmaster name|act_qmaster/;
/** What qdel says of jobs that are gone or going. */
const GONE = /has deleted|has registered|already in deletion|does not exist|do(?:es)? not exist or/i;

/** Grid Engine's words. */
export function sgeScheduler(): BatchScheduler {
  const queue = new SgeQueue();
  return {
    kind: CW_SGE,
    title: "Grid Engine",
    programs: ["qsub", "qstat", "qdel", "qconf"],
    directivePrefix: "#$",
    optionsKey: "qsubOptions",
    leastArraySize: 1,
    submitCommand: ["qsub", "-terse"],
    // qstat -j shows everyone what -v passes on.
    carriesSecrets: false,
    secretNotice:
      "Grid Engine keeps a job's script where others on the node may read it, and with --shared-temp no the run's key is in it",
    // The queue's own notice, 60 s by default, can't be told from here: the same time as before the end is taken for it.
    drainSeconds: ({ terminateGraceSeconds }) =>
      Math.max(Math.min(5, terminateGraceSeconds), terminateGraceSeconds - 10),
    // With ENABLE_ADDGRP_KILL off, as is the default of versions before 8, and where sge_execd is not root's.
    killsOneGroup: true,
    check: checkSgeParams,
    directives: sgeDirectives,
    openLog,
    parseJobId: (stdout) => /^(\d+)(?:\.\d+-\d+:\d+)?$/m.exec(stdout.trim())?.[1],
    refusal,
    elementId: (jobId, index) => `${jobId}.${index + 1}`,
    logName: (stem, _jobId, index) => index === undefined ? `${stem}.log` : `${stem}_${index + 1}.log`,
    reach,
    async arrayLimit(run: CommandRunner): Promise<number | undefined> {
      const { exitCode, stdout } = await run(["qconf", "-sconf"], { timeoutMs: REACH_MS });
      const limit = Number(/^max_aj_tasks +(\d+)/m.exec(stdout)?.[1] ?? 0);
      // 0 stands for no limit.
      return exitCode === 0 && limit > 0 ? limit : undefined;
    },
    queueCommand: () => [...LIST_COMMAND],
    ask: (run, jobs) => queue.ask(run, jobs),
    askEnds: (run, queueIds) => queue.askEnds(run, queueIds),
    find: (run, token) => queue.find(run, token),
    cancelCommands: (queueIds) => [["qdel", ...queueIds]],
    cancelTrouble: (result) => troubleBeside(GONE, result, `${result.stdout}\n${result.stderr}`),
    showCommand: (queueId) => ["qstat", "-j", queueId],
  };
}

/** A log that `-o` can't name is opened by the script itself. */
function openLog(job: JobRequest): string | undefined {
  if (isPlainPath(job)) return undefined;
  // No path holds a NUL: it marks the place of the element's number, which the shell puts there.
  const parts = logPath(job, "\0").split("\0").map(shellWord);
  return `exec >> ${parts.join('"$SGE_TASK_ID"')} 2>&1`;
}

function refusal({ exitCode, stdout, stderr }: CommandResult): Refusal {
  const said = stdout + stderr;
  if (exitCode === undefined || DOWN.test(said) || SUBMITTED.test(said)) return "unanswered";
  if (exitCode === AGAIN_STATUS || LIMIT.test(said)) return "limit";
  return BUSY.test(said) ? "busy" : "final";
}

async function reach(run: CommandRunner): Promise<string | undefined> {
  const result = await run(["qconf", "-sss"], { timeoutMs: REACH_MS });
  if (result.exitCode === 0) return undefined;
  if (!NO_CELL.test(result.stderr)) return complaint(result);
  return "qconf finds no cell: source its settings.sh, or load its module, which sets SGE_ROOT";
}
