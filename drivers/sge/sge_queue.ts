/**
 * Asks a Grid Engine about jobs.
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
import { parseAccounting } from "./sge_accounting.ts";
import { parseDetails, type SgeDetails, waitingFor } from "./sge_details.ts";
import { parseListing } from "./sge_listing.ts";

/** What in a job's context says whose it is. */
export const RUN_CONTEXT = "BLOCKFLEET_RUN";

const ASK_MS = 30_000;
/** So many jobs that wait are asked why: the others mostly wait for the same. */
const ASKED_WHY = 20;
const NONE_EXISTS = /following jobs do not exist/i;
/** Every job of ours is named so, which spares the details of all others. */
const OUR_JOBS = "blockfleet*";

/** Lists the user's jobs, each element of an array by itself; it can't be asked for some of them. */
export const LIST_COMMAND: readonly string[] = ["qstat", "-g", "d", "-r", "-xml"];

/** One Grid Engine: it remembers why jobs wait, since figures that change all the time are no news. */
export class SgeQueue {
  readonly #reasons = new Map<string, string>();

  /** Asks about jobs in one command, and in a second one about those that are not listed or that wait. */
  async ask(run: CommandRunner, jobs: readonly SubmittedJob[]): Promise<QueueAnswer> {
    const result = await run(LIST_COMMAND, { timeoutMs: ASK_MS });
    const listed = result.exitCode === 0 ? parseListing(result.stdout) : undefined;
    if (!listed) return { trouble: complaint(result), reports: new Map(), unknownJobs: new Set() };
    const known = new Set([...listed.keys()].map(wholeJob));
    const missing = jobs.map(({ jobId }) => jobId).filter((id) => !known.has(id));
    const waiting = new Set(
      [...listed].flatMap(([id, { state }]) => state === "queued" ? [wholeJob(id)] : []),
    );
    const own = jobs.map(({ jobId }) => jobId).filter((id) => waiting.has(id)).slice(0, ASKED_WHY);
    const asked = [...missing, ...own];
    const details = asked.length === 0 ? undefined : await this.#details(run, asked.join(","));
    if (!details) return { reports: listed, unknownJobs: new Set() };
    const reports = new Map([...listed].map(([id, report]) => [id, this.#withReason(id, report, details)]));
    return { reports, unknownJobs: new Set(missing.filter((id) => !details.has(id))) };
  }

  /** How jobs ended, from the accounting. It is written some seconds after the end. */
  async askEnds(run: CommandRunner, queueIds: readonly string[]): Promise<ReadonlyMap<string, QueueReport>> {
    const reports = new Map<string, QueueReport>();
    for (const job of new Set(queueIds.map(wholeJob))) {
      const { exitCode, stdout } = await run(["qacct", "-j", job], { timeoutMs: ASK_MS });
      if (exitCode !== 0) continue;
      for (const [id, report] of parseAccounting(stdout)) reports.set(id, report);
    }
    return reports;
  }

  /** Numbers of this user's jobs whose token is this one, or begins with it; undefined without an answer. */
  async find(run: CommandRunner, token: string): Promise<string[] | undefined> {
    const jobs = await this.#details(run, OUR_JOBS);
    if (!jobs) return undefined;
    return [...jobs].flatMap(([id, { uid, context }]) => {
      return isMeantBy(token, context.get(RUN_CONTEXT)) && uid === (Deno.uid() ?? undefined) ? [id] : [];
    });
  }

  /** What is told of these jobs; those that are not known are left out. Undefined without an answer. */
  async #details(run: CommandRunner, jobs: string): Promise<ReadonlyMap<string, SgeDetails> | undefined> {
    const result = await run(["qstat", "-j", jobs], { timeoutMs: ASK_MS });
    if (result.exitCode === 0) return parseDetails(result.stdout);
    return isNoneThere(result) ? new Map() : undefined;
  }

  #withReason(id: string, report: QueueReport, jobs: ReadonlyMap<string, SgeDetails>): QueueReport {
    const job = jobs.get(wholeJob(id));
    if (report.state !== "queued" || !job) return report;
    const why = waitingFor(job, id.split(".")[1]);
    if (why === undefined) return report;
    const reason = `${report.reason}: ${why}`;
    const before = this.#reasons.get(id);
    if (before !== undefined && withoutFigures(before) === withoutFigures(reason)) {
      return { ...report, reason: before };
    }
    this.#reasons.set(id, reason);
    return { ...report, reason };
  }
}

/** The job that an element is of: `7.3` is of `7`. */
export function wholeJob(queueId: string): string {
  return queueId.split(".")[0]!;
}

function isNoneThere({ exitCode, stdout, stderr }: CommandResult): boolean {
  return exitCode !== undefined && NONE_EXISTS.test(stdout + stderr);
}

/** A node's free memory is another one at each look. */
function withoutFigures(reason: string): string {
  return reason.replace(/\d+/g, "");
}
