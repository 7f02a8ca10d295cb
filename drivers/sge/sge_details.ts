/**
 * What `qstat -j` tells of jobs, as values: whose they are, and why they don't run.
 *
 * @module
 */

/** One job. */
export interface SgeDetails {
  /** Its owner's number. */
  readonly uid: number | undefined;
  /** Its context: values by name. */
  readonly context: ReadonlyMap<string, string>;
  /** Why an element could not be started, by its number; a plain job's is 1. */
  readonly errors: ReadonlyMap<string, string>;
  /** What kept the scheduler from starting it, a line each; nothing where the site has switched that off. */
  readonly obstacles: readonly string[];
}

interface Draft {
  uid: number | undefined;
  readonly context: Map<string, string>;
  readonly errors: Map<string, string>;
  readonly obstacles: string[];
}

/** A key, and where there is one for each element its number. */
const PAIR = /^([a-z][A-Za-z_ -]*?)(?:\s+(\d+))?:\s+(.*)$/;
/** When, and which process and user of the node met it. */
const STAMP = /^\d+\/\d+\/\d+ \d+:\d+:\d+ \[\d+:\d+\]: (?:error: )?/;
const NO_OBSTACLE =
  /no messages available|collecting of scheduler job information is turned off|in error state/i;
/** What is told of the job itself says more than what is told of queues in general. */
const OF_THE_JOB = /cannot run|not allowed|offers only/i;
const SHOWN_OBSTACLES = 2;

/** Reads `qstat -j`: jobs by number. */
export function parseDetails(text: string): Map<string, SgeDetails> {
  const jobs = new Map<string, Draft>();
  let job: Draft | undefined;
  let isObstacle = false;
  for (const line of text.split("\n")) {
    const more = isObstacle ? /^\s{8,}(\S.*)$/.exec(line)?.[1] : undefined;
    if (more !== undefined) {
      addObstacle(job, more);
      continue;
    }
    const [, key, element = "1", value = ""] = PAIR.exec(line) ?? [];
    isObstacle = key === "scheduling info";
    if (key === "job_number") {
      job = { uid: undefined, context: new Map(), errors: new Map(), obstacles: [] };
      jobs.set(value.trim(), job);
    } else if (job && key === "uid") job.uid = Number(value);
    else if (job && key === "context") readContext(value, job.context);
    else if (job && key === "error reason") job.errors.set(element, value.replace(STAMP, ""));
    else if (isObstacle) addObstacle(job, value);
  }
  return jobs;
}

/** Why a job, or one of its elements, waits; undefined if that is not told. */
export function waitingFor({ errors, obstacles }: SgeDetails, task: string | undefined): string | undefined {
  const error = errors.get(task ?? "1");
  if (error !== undefined) return error;
  const own = obstacles.filter((line) => OF_THE_JOB.test(line));
  return (own.length > 0 ? own : obstacles).slice(0, SHOWN_OBSTACLES).join("; ") || undefined;
}

function addObstacle(job: Draft | undefined, line: string): void {
  if (!NO_OBSTACLE.test(line)) job?.obstacles.push(line.trim());
}

/** `NAME=VALUE,NAME=VALUE`. */
function readContext(text: string, into: Map<string, string>): void {
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    if (at > 0) into.set(pair.slice(0, at), pair.slice(at + 1));
  }
}
