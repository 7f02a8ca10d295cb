/**
 * What differs between batch queues: the words of their directives and commands, and how their answers read.
 *
 * @module
 */
import type { EndCause } from "../../core/driver.ts";
import type { CheckedParams } from "./extra_params.ts";
import { checkDirective } from "./one_line.ts";
import type { CommandResult, CommandRunner } from "./run_command.ts";

/** A job that is about to be submitted. */
export interface JobRequest {
  /** Its name. */
  readonly name: string;
  /** What finds it again: `blockfleet:RUN:N`, unique to one submission. */
  readonly token: string;
  /** How many elements; undefined for a plain job. */
  readonly arraySize?: number | undefined;
  /** Folder of its log. */
  readonly logFolder: string;
  /** Begins the name of its log, whatever the scheduler. Default nothing. */
  readonly logPrefix?: string;
  /** Names its log where the scheduler can't name it by its id: unique to one submission. */
  readonly logStem: string;
  /** Whether its log is to be there while it runs, where the scheduler would otherwise bring it at the end. Default false. */
  readonly isFollowed?: boolean;
  /** The user's parameters. */
  readonly params: CheckedParams;
}

/** A directive: the option by which a user may leave it out, and its text. */
export interface Directive {
  /** The option without dashes, such as `mem`, or `l select`. */
  readonly option: string;
  /** The whole text behind `#SBATCH`, `#PBS` or `#$`. */
  readonly text: string;
  /** Whether the job makes no sense without it. */
  readonly needed?: boolean;
}

/** A job that was submitted: plain, or an array. */
export interface SubmittedJob {
  /** Its id in the queue, as the submit command gave it. */
  readonly jobId: string;
  /** Elements of an array, from 0; undefined for a plain job. */
  readonly arraySize: number | undefined;
}

/** Where a job, or an element of an array, stands. */
export interface QueueReport {
  /** In the queue, running, or over. */
  readonly state: "queued" | "running" | "ended" | "unknown";
  /** The scheduler's word for it, and its reason: `PENDING: Resources`. */
  readonly reason: string;
  /** Where it runs. */
  readonly host?: string;
  /** Seconds left to it. */
  readonly secondsLeft?: number;
  /** Its time limit, seconds. */
  readonly walltimeSeconds?: number;
  /** Why it is over, as far as the queue says. */
  readonly cause?: EndCause;
  /** Its exit status, as far as the queue says. */
  readonly exitCode?: number;
  /** That it was killed for memory, and what the queue says of that: used and limit, or nothing. */
  readonly overMemory?: string;
  /** Whether its processes have ended and the queue still lists it, such as while its log is being copied. */
  readonly isLeaving?: boolean;
}

/** What the queue answered. */
export interface QueueAnswer {
  /** Whether it is an answer: only then is absence a word on a job. Otherwise why not. */
  readonly trouble?: string;
  /** What it says, by the jobs' and elements' ids in the queue. */
  readonly reports: ReadonlyMap<string, QueueReport>;
  /** Jobs that it definitely does not know, by job id. */
  readonly unknownJobs: ReadonlySet<string>;
}

/**
 * What a refusal means. `unanswered`: it may have been submitted all the same. `limit`: too many at once, fewer may do.
 * `busy`: later. `final`: never.
 */
export type Refusal = "unanswered" | "limit" | "busy" | "final";

/**
 * A batch queue's words. Everything is a pure function, but for what runs a command through the runner that it is given.
 *
 * An id in the queue names a job or an element for all of it: where a scheduler has several clusters, the cluster, too.
 */
export interface BatchScheduler {
  /** `CW_SLURM`. */
  readonly kind: string;
  /** Its name for people. */
  readonly title: string;
  /** The programs that it takes. */
  readonly programs: readonly string[];
  /** What begins a directive's line. */
  readonly directivePrefix: string;
  /** The user's own directives for it. */
  readonly optionsKey: "sbatchOptions" | "qsubOptions";
  /** Fewest elements of an array. */
  readonly leastArraySize: number;
  /** The command that submits the script on its standard input. */
  readonly submitCommand: readonly string[];
  /** The environment of that command, made of this process's; undefined for all of it. */
  submitEnvironment?(own: Readonly<Record<string, string>>): Record<string, string>;
  /** Whether a secret in that environment reaches the job and nobody else; otherwise it goes into the script. */
  readonly carriesSecrets: boolean;
  /** What the user should know of secrets in a script here. */
  readonly secretNotice?: string;
  /** Seconds in which a worker that was told to end must have finished its blocks. */
  drainSeconds(params: CheckedParams): number;
  /**
   * Refuses parameters for which there are no words.
   *
   * @throws {ConfigError} naming the parameter.
   */
  check?(params: CheckedParams): void;
  /** The option of the directive without which a job's log comes at its end, where there is one. */
  readonly followOption?: string;
  /** The directives of a job. */
  directives(job: JobRequest): Directive[];
  /** Whether the last signal may reach no more than the script's own process group, which the worker is not in. */
  readonly killsOneGroup?: boolean;
  /** The script's own words that open its log, where no directive can name that. */
  openLog?(job: JobRequest): string | undefined;
  /** The clusters that jobs may be submitted to, where they are not just the own one; in the scheduler's words. */
  clusters?(
    directives: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): string | undefined;
  /** The job's id in the queue, from what the submit command answered. */
  parseJobId(stdout: string): string | undefined;
  /** What a refused submission means. */
  refusal(result: CommandResult): Refusal;
  /** The id in the queue of an array's element. */
  elementId(jobId: string, index: number): string;
  /** The id by which a running job or element knows itself. Default the one in the queue. */
  nativeId?(queueId: string): string;
  /** The cluster in an id; undefined for the own one. */
  clusterOf?(queueId: string): string | undefined;
  /** The name of a job's log in its folder. */
  logName(logStem: string, jobId: string, index: number | undefined): string;
  /** Why the scheduler can't be reached, if so. */
  reach(run: CommandRunner): Promise<string | undefined>;
  /** Most elements of an array here, or in those clusters; undefined if it can't be found out. */
  arrayLimit(run: CommandRunner, clusters?: string): Promise<number | undefined>;
  /**
   * The command that lists these jobs, or all of the user's if there are none, in the form that `ask` reads.
   *
   * @throws {ConfigError} if one command can't list them all.
   */
  queueCommand(jobIds: readonly string[]): string[];
  /** Asks about all these jobs in as few commands as can be. */
  ask(run: CommandRunner, jobs: readonly SubmittedJob[]): Promise<QueueAnswer>;
  /** Asks how jobs ended about which the queue itself says no more, or not enough. Missing ones are not known. */
  askEnds(run: CommandRunner, queueIds: readonly string[]): Promise<ReadonlyMap<string, QueueReport>>;
  /** Ids of jobs, here or in those clusters, whose token is this one, or begins with it; undefined if there was no answer. */
  find(run: CommandRunner, token: string, clusters?: string): Promise<string[] | undefined>;
  /** The commands that remove these jobs or elements. */
  cancelCommands(queueIds: readonly string[]): string[][];
  /** What of a cancel command's result is trouble; undefined if all are gone or going. */
  cancelTrouble(result: CommandResult): string | undefined;
  /** The command that shows a job to people. */
  showCommand(queueId: string): string[];
}

/**
 * The whole lines of a job's directives: ours but for those left out, then the user's.
 *
 * @throws {ConfigError} if one of them is not on one line.
 */
export function directiveLines(
  { directivePrefix }: Pick<BatchScheduler, "directivePrefix">,
  directives: readonly Directive[],
  { omitDirectives, extraDirectives }: CheckedParams,
): string[] {
  const omitted = new Set(omitDirectives);
  return [
    ...directives.filter(({ option, needed }) => needed || !omitted.has(option)).map(({ text }) => text),
    ...extraDirectives,
  ].map((text) => checkDirective(`${directivePrefix} ${text}`));
}

/** An id as people read it. */
export function shownId({ nativeId, clusterOf }: BatchScheduler, queueId: string): string {
  const cluster = clusterOf?.(queueId);
  const id = nativeId?.(queueId) ?? queueId;
  return cluster === undefined ? id : `${id} of cluster ${cluster}`;
}

/** Whether a job that bears the mark `value` is meant by `token`: that very one, or where it ends in a colon all that begin so. */
export function isMeantBy(token: string, value: string | undefined): boolean {
  return value !== undefined && (value === token || token.endsWith(":") && value.startsWith(token));
}

/**
 * What of a cancel command's result is trouble; undefined if all are gone or going.
 *
 * @param said what it said of the jobs.
 * @param gone tells the lines of jobs that are gone or going.
 */
export function troubleBeside(gone: RegExp, result: CommandResult, said: string): string | undefined {
  const words = said.split("\n").filter((line) => line.trim() !== "" && !gone.test(line)).join("\n");
  const isFine = result.exitCode !== undefined && words === "" && (result.exitCode === 0 || gone.test(said));
  return isFine ? undefined : complaint({ ...result, stderr: words });
}

/** The first thing that a command complained of, in one line. */
export function complaint({ argv, exitCode, stderr, stdout }: CommandResult): string {
  const said = (stderr.trim() || stdout.trim()).split("\n").map((line) => line.trim()).filter((line) =>
    line !== ""
  );
  const status = exitCode === undefined ? "" : ` exited with ${exitCode}`;
  return exitCode === undefined && said.length > 0
    ? said.join("; ")
    : `${argv[0]}${status}: ${said.join("; ") || "it said nothing"}`;
}
