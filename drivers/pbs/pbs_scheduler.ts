/**
 * PBS's words: its directives, its commands, and what its refusals mean.
 *
 * @module
 */
import { CW_PBS } from "../../core/kinds.ts";
import {
  type BatchScheduler,
  complaint,
  type Directive,
  type JobRequest,
  type Refusal,
  troubleBeside,
} from "../batch_queue/batch_scheduler.ts";
import type { CheckedParams } from "../batch_queue/extra_params.ts";
import type { CommandResult, CommandRunner } from "../batch_queue/run_command.ts";
import { formatClock } from "../batch_queue/units.ts";
import { PbsQueue, RUN_VARIABLE } from "./pbs_queue.ts";

const REACH_MS = 8000;
/** PBS kills what it deletes about ten seconds after it asked it to end (`kill_delay`), and at some sites at once. */
const DRAIN_SECONDS = 8;

const DOWN =
  /cannot connect to server|connection refused|communication failure|no answer within|timed out|end of file|premature end/i;
/** qsub's exit statuses for a server that can't be reached. */
const DOWN_STATUS = new Set([162, 255]);
const LIMIT =
  /would exceed|maximum number of jobs|array job exceeds|max_queued|max_array_size|too many jobs/i;
const BUSY = /try again|temporarily|busy|server shutting down|expired/i;
/** Grid Engine's programs have the same names, and know no `-B`. */
const OF_GRID_ENGINE = /invalid option argument "-B"|SGE_ROOT|qmaster/;
const GONE = /Unknown Job Id|Job has finished|Request invalid for state of job/i;

/** PBS's words. */
export function pbsScheduler(): BatchScheduler {
  const queue = new PbsQueue();
  return {
    kind: CW_PBS,
    title: "PBS",
    programs: ["qsub", "qstat", "qdel"],
    directivePrefix: "#PBS",
    optionsKey: "qsubOptions",
    leastArraySize: 2,
    submitCommand: ["qsub"],
    // qstat shows everyone what -v passes on.
    carriesSecrets: false,
    drainSeconds: () => DRAIN_SECONDS,
    followOption: "k",
    directives,
    parseJobId: (stdout) => /^\d+(?:\[\])?(?:\.\S+)?$/m.exec(stdout.trim())?.[0],
    refusal,
    elementId: (jobId, index) => jobId.replace("[]", `[${index}]`),
    logName: (stem, _jobId, index) => index === undefined ? `${stem}.log` : `${stem}_${index}.log`,
    reach,
    async arrayLimit(run: CommandRunner): Promise<number | undefined> {
      const { exitCode, stdout } = await run(["qstat", "-B", "-f"], { timeoutMs: REACH_MS });
      const limit = /^\s*max_array_size = (\d+)/m.exec(stdout);
      return exitCode === 0 && limit ? Number(limit[1]) : undefined;
    },
    queueCommand: (jobIds) => queue.listCommand(jobIds),
    ask: (run, jobs) => queue.ask(run, jobs),
    askEnds: (run, queueIds) => queue.askEnds(run, queueIds),
    find: (run, token) => queue.find(run, token),
    cancelCommands: (queueIds) => [["qdel", ...queueIds]],
    cancelTrouble: (result) => troubleBeside(GONE, result, result.stderr),
    showCommand: (queueId) => ["qstat", "-f", queueId],
  };
}

function directives(
  { name, token, arraySize, logFolder, logPrefix = "", logStem, isFollowed = false, params }: JobRequest,
): Directive[] {
  const { queue, account, qos, walltimeSeconds, maxRunning } = params;
  const log = `${logFolder}/${logPrefix}${logStem}${arraySize === undefined ? "" : "_^array_index^"}.log`;
  const throttle = maxRunning === undefined ? "" : `%${maxRunning}`;
  const select = selectOf(params);
  return [
    directive("N", name),
    directive("S", params.shell.split(" ")[0]!),
    directive("j", "oe"),
    directive("o", log),
    // Written to its place by the node itself; without it a job's log is copied there at its end.
    ...isFollowed ? [directive("k", "oed")] : [],
    directive("v", `${RUN_VARIABLE}=${token}`),
    ...arraySize === undefined ? [] : [directive("J", `0-${arraySize - 1}${throttle}`, true)],
    ...queue === undefined ? [] : [directive("q", queue)],
    ...account === undefined ? [] : [directive("A", account)],
    ...select === undefined ? [] : [resource("select", select)],
    ...walltimeSeconds === undefined ? [] : [resource("walltime", formatClock(walltimeSeconds))],
    ...qos === undefined ? [] : [resource("qos", qos)],
  ];
}

/** One chunk with all that a worker takes. */
function selectOf({ cores, memoryMib, constraint }: CheckedParams): string | undefined {
  const parts = [
    ...cores === undefined ? [] : [`ncpus=${cores}`],
    ...memoryMib === undefined ? [] : [`mem=${memoryMib}mb`],
    ...constraint === undefined ? [] : [constraint],
  ];
  return parts.length === 0 ? undefined : ["1", ...parts].join(":");
}

function directive(option: string, value: string, needed = false): Directive {
  return { option, text: `-${option} ${quoted(value)}`, needed };
}

function resource(name: string, value: string): Directive {
  return { option: `l ${name}`, text: `-l ${quoted(`${name}=${value}`)}` };
}

/** qsub takes either quote for what is between two of it, and knows no escapes. */
function quoted(value: string): string {
  if (/^[A-Za-z0-9_@%+=:,./^[\]&|*!-]+$/.test(value)) return value;
  if (!value.includes('"')) return `"${value}"`;
  // Quotes may stand anywhere in a word, so that each part can have its own.
  return value.match(/"+|[^"]+/g)!.map((part) => part.startsWith('"') ? `'${part}'` : `"${part}"`).join("");
}

function refusal({ exitCode, stderr }: CommandResult): Refusal {
  if (exitCode === undefined || DOWN_STATUS.has(exitCode) || DOWN.test(stderr)) return "unanswered";
  if (LIMIT.test(stderr)) return "limit";
  return BUSY.test(stderr) ? "busy" : "final";
}

async function reach(run: CommandRunner): Promise<string | undefined> {
  const result = await run(["qstat", "-B"], { timeoutMs: REACH_MS });
  if (OF_GRID_ENGINE.test(result.stderr)) return "the qstat on PATH is Grid Engine's: use CW_SGE";
  const isDown = result.exitCode === undefined || DOWN_STATUS.has(result.exitCode) ||
    DOWN.test(result.stderr);
  return isDown ? complaint(result) : undefined;
}
