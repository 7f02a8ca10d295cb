/**
 * What `qstat -xml` lists, as values. Sources: qstat(1) and sge_status(5) of Son of Grid Engine 8.1.9, and its qstat.xsd.
 *
 * @module
 */
import type { QueueReport } from "../batch_queue/batch_scheduler.ts";
import { parseClock } from "../batch_queue/units.ts";

/** The letters of jobs that have a node: running, transferring, suspended in three ways, restarted, about to be deleted. */
const HAS_NODE = /^[hdRrtsST]+$/;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * Reads `qstat -g d -r -xml`: each job or element by its id, `7` or `7.3`. The reason is the state's letters.
 *
 * @returns undefined if it is no such answer.
 */
export function parseListing(text: string): Map<string, QueueReport> | undefined {
  if (!text.includes("</job_info>")) return undefined;
  const reports = new Map<string, QueueReport>();
  for (const part of text.split("<job_list ").slice(1)) {
    const [entry, rest] = part.split("</job_list>", 2);
    // An answer that was cut off in the middle of a job says nothing of it.
    const job = rest === undefined ? undefined : element(entry!, "JB_job_number");
    if (job === undefined) continue;
    const task = element(entry!, "tasks");
    reports.set(task === undefined ? job : `${job}.${task}`, report(entry!));
  }
  return reports;
}

function report(entry: string): QueueReport {
  const letters = element(entry, "state") ?? "?";
  // A queue's instance is QUEUE@HOST.
  const host = element(entry, "queue_name")?.split("@")[1];
  const limit = /<hard_request name="h_rt"[^>]*>([^<]*)</.exec(entry)?.[1];
  const walltimeSeconds = limit === undefined ? undefined : seconds(limit);
  return {
    state: standing(letters),
    reason: letters,
    ...host ? { host } : {},
    // How much is used is not told: whoever watches it counts from when it was first seen to run.
    ...walltimeSeconds === undefined ? {} : { walltimeSeconds, secondsLeft: walltimeSeconds },
  };
}

function standing(letters: string): QueueReport["state"] {
  // `Eqw` too: an administrator, or `qmod -cj`, may set it free.
  if (/[qw]/.test(letters)) return "queued";
  if (letters === "z") return "ended";
  return HAS_NODE.test(letters) ? "running" : "unknown";
}

function seconds(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : parseClock(text);
}

function element(entry: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(entry)?.[1];
  return text?.replace(/&(lt|gt|amp|quot|apos);/g, (_, word) => ENTITIES[word]!) || undefined;
}
