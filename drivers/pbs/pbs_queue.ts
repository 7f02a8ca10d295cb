/**
 * Asks a PBS server about jobs, whatever its version.
 *
 * @module
 */
import {
  complaint,
  isMeantBy,
  type QueueAnswer,
  type QueueReport,
  type SubmittedJob,
} from "../batch_queue/batch_scheduler.ts";
import type { CommandResult, CommandRunner } from "../batch_queue/run_command.ts";
import { parsePbsJson, parsePbsText, type PbsAttributes, pbsVariable } from "./pbs_jobs.ts";
import { pbsReport } from "./pbs_report.ts";

/** The variable that says whose job it is. */
export const RUN_VARIABLE = "BLOCKFLEET_RUN";

const ASK_MS = 30_000;
/** Exit statuses of an answer: all well, and unknown or finished jobs among those asked about (qstat(1B)). */
const ANSWERED = new Set([0, 35, 153]);
const UNKNOWN = /Unknown Job Id(?: Error)?:?\s+(\S+)/g;
const NO_HISTORY = /not configured to maintain job history/i;
const BAD_USAGE = /usage:|invalid option|illegal option|unrecognized option/i;

/** What an answer holds. */
interface Listing {
  readonly trouble?: string;
  readonly jobs: ReadonlyMap<string, PbsAttributes>;
  readonly unknown: ReadonlySet<string>;
}

/** One server's ways: it remembers what the server does not know. */
export class PbsQueue {
  #hasJson = true;
  #hasHistory = true;

  /**
   * Asks about jobs. Those that the queue no longer lists are looked up in its history, if it keeps one; about those that are
   * not there either, the server is asked whether it knows them at all.
   */
  async ask(run: CommandRunner, jobs: readonly SubmittedJob[]): Promise<QueueAnswer> {
    const ids = jobs.map(({ jobId }) => jobId);
    const listing = await this.#list(run, ids, { history: false });
    const unknownJobs = new Set(ids.filter((id) => listing.unknown.has(sequence(id))));
    if (listing.trouble !== undefined) return { trouble: listing.trouble, reports: new Map(), unknownJobs };
    const reports = reportsOf(listing.jobs);
    let missing = ids.filter((id) => !listing.jobs.has(id) && !unknownJobs.has(id));
    if (missing.length > 0 && this.#hasHistory) {
      const ended = await this.#list(run, missing, { history: true });
      for (const [id, report] of reportsOf(ended.jobs)) if (report.state === "ended") reports.set(id, report);
      missing = ended.trouble === undefined ? missing.filter((id) => !ended.jobs.has(id)) : [];
    }
    for (const id of missing.length > 0 ? await this.#unknown(run, missing) : []) unknownJobs.add(id);
    return { reports, unknownJobs };
  }

  /** The command that lists these jobs, or all, as this server takes it. */
  listCommand(
    ids: readonly string[],
    { history = false, json = this.#hasJson }: { readonly history?: boolean; readonly json?: boolean } = {},
  ): string[] {
    // Without -E this version gives only the first of several ids (openpbs#2672).
    const options = ids.length === 0 ? ["-f"] : [...history ? ["-x"] : [], "-t", "-f"];
    const format = json ? ["-F", "json", ...ids.length === 0 ? [] : ["-E"]] : [];
    return ["qstat", ...options, ...format, ...ids];
  }

  /** How jobs ended, from the server's history. */
  async askEnds(run: CommandRunner, queueIds: readonly string[]): Promise<ReadonlyMap<string, QueueReport>> {
    if (!this.#hasHistory) return new Map();
    const { jobs } = await this.#list(run, [...new Set(queueIds.map(wholeJob))], { history: true });
    return reportsOf(jobs);
  }

  /** Ids of jobs whose token is this one, or begins with it where it ends in a colon; undefined without an answer. */
  async find(run: CommandRunner, token: string): Promise<string[] | undefined> {
    const { trouble, jobs } = await this.#list(run, [], { history: false });
    if (trouble !== undefined) return undefined;
    return [...jobs].flatMap(([id, attributes]) => {
      return isMeantBy(token, pbsVariable(attributes, RUN_VARIABLE)) ? [id] : [];
    });
  }

  /**
   * With -E a server says nothing of jobs that it does not know if it knows one of the others, and else names a single one;
   * without it, it answers for each.
   */
  async #unknown(run: CommandRunner, ids: readonly string[]): Promise<string[]> {
    const result = await run(["qstat", ...ids], { timeoutMs: ASK_MS });
    const unknown = unknownIn(result);
    return isAnswer(result) ? ids.filter((id) => unknown.has(sequence(id))) : [];
  }

  async #list(
    run: CommandRunner,
    ids: readonly string[],
    { history }: { readonly history: boolean },
  ): Promise<Listing> {
    if (this.#hasJson) {
      const result = await run(this.listCommand(ids, { history }), { timeoutMs: ASK_MS });
      const isRefused = !ANSWERED.has(result.exitCode ?? -1) && BAD_USAGE.test(result.stderr + result.stdout);
      const jobs = isRefused ? undefined : parsePbsJson(result.stdout);
      if (jobs || !isRefused && !isAnswer(result)) return this.#listing(result, jobs ?? new Map(), history);
      // Torque knows neither -F nor -E, nor a history; other versions write JSON that is none only for some jobs.
      if (isRefused) this.#hasJson = this.#hasHistory = false;
    }
    const result = await run(this.listCommand(ids, { history, json: false }), { timeoutMs: ASK_MS });
    return this.#listing(result, parsePbsText(result.stdout), history);
  }

  #listing(result: CommandResult, jobs: Map<string, PbsAttributes>, history: boolean): Listing {
    if (NO_HISTORY.test(result.stderr)) this.#hasHistory = false;
    if (!isAnswer(result)) {
      return { trouble: complaint(result), jobs: new Map(), unknown: new Set() };
    }
    return { jobs, unknown: history ? new Set() : unknownIn(result) };
  }
}

/** The array that an element belongs to, as its id: `18[3].pbs1` is of `18[].pbs1`. */
export function wholeJob(queueId: string): string {
  return queueId.replace(/\[\d+\]/, "[]");
}

function reportsOf(jobs: ReadonlyMap<string, PbsAttributes>): Map<string, QueueReport> {
  const reports = new Map<string, QueueReport>();
  for (const [id, attributes] of jobs) {
    const whole = wholeJob(id);
    reports.set(id, pbsReport(attributes, whole === id ? undefined : jobs.get(whole)));
  }
  return reports;
}

function unknownIn({ stderr }: CommandResult): Set<string> {
  return new Set([...stderr.matchAll(UNKNOWN)].map(([, id]) => sequence(id!)));
}

function isAnswer({ exitCode }: CommandResult): boolean {
  return exitCode !== undefined && ANSWERED.has(exitCode);
}

/** A job's number and brackets: a server may add its whole name. */
function sequence(id: string): string {
  return id.split(".")[0]!;
}
