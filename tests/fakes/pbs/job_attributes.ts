/**
 * The attributes of a PBS job, in the order and in the spelling in which OpenPBS 23.06 shows them.
 *
 * @module
 */
import type { PbsJob } from "./pbs_job.ts";

/** An attribute: its value, or its members. Everything is text here; JSON makes numbers of what looks like one. */
export type Attribute = readonly [name: string, value: string | readonly (readonly [string, string])[]];

/** How ctime(3) shows a time. */
export function ctime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const [day, month] = [DAYS[date.getDay()], MONTHS[date.getMonth()]];
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
  return `${day} ${month} ${String(date.getDate()).padStart(2)} ${clock} ${date.getFullYear()}`;
}

/** `HH:MM:SS`. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map(twoDigits).join(":");
}

/** Every attribute that `qstat -f` shows of a job, an array or an array's element. */
export function jobAttributes(job: PbsJob, server: string): Attribute[] {
  const { spec, used, rewrittenFrom } = job;
  if (rewrittenFrom) return rewritten(jobAttributes(rewrittenFrom, server));
  const isElement = job.index !== undefined;
  const owner = `${spec.user}@${spec.host}`;
  const optional = (name: string, value: string | number | undefined): Attribute[] =>
    value === undefined ? [] : [[name, String(value)]];
  const time = (name: string, seconds: number | undefined): Attribute[] =>
    seconds === undefined ? [] : [[name, ctime(seconds)]];
  return [
    ["Job_Name", spec.name],
    ["Job_Owner", owner],
    ...used ? [["resources_used", Object.entries(used)] as Attribute] : [],
    ["job_state", job.state],
    ["queue", spec.queue],
    ["server", server],
    ...isElement ? [] : [["Checkpoint", "u"] as Attribute],
    ...time("ctime", job.ctime),
    ["Error_Path", job.errorPath],
    ...optional("exec_host", job.execHost),
    ...optional("exec_vnode", job.execVnode),
    ...isElement && !job.isHeld ? [] : [["Hold_Types", job.isHeld ? "u" : "n"] as Attribute],
    ["Join_Path", spec.joinPath],
    ["Keep_Files", spec.keepFiles],
    ["Mail_Points", "a"],
    ...time("mtime", job.mtime),
    ["Output_Path", job.outputPath],
    ["Priority", String(spec.priority)],
    ...time("qtime", job.ctime),
    ["Rerunable", spec.isRerunable ? "True" : "False"],
    ["Resource_List", Object.entries(spec.resources)],
    ...time("stime", job.stime),
    ...time("obittime", job.obittime),
    ...optional("session_id", job.sessionId),
    ...optional("jobdir", job.jobdir),
    ["substate", String(job.substate)],
    ["Variable_List", Object.entries(spec.variables)],
    ...optional("comment", job.comment),
    ...spec.isHeld ? [] : time("etime", job.ctime),
    ...optional("run_count", job.runCount || undefined),
    ...optional("Stageout_status", job.stageoutStatus),
    ...optional("Exit_status", job.exitStatus),
    ...isElement ? [] : optional("Submit_arguments", spec.submitArguments),
    ...arrayAttributes(job, server),
    ...optional("history_timestamp", job.historyTimestamp),
    ["project", spec.project],
    ["Submit_Host", spec.host],
  ];
}

/** An element that had ended is shown with its array's attributes once the whole array is deleted. */
function rewritten(attributes: readonly Attribute[]): Attribute[] {
  const end = attributes.findIndex(([name]) => name === "Submit_arguments");
  return attributes.slice(0, end + 1).map((attribute) =>
    attribute[0] === "comment" ? ["comment", "Subjob finished"] : attribute
  );
}

function arrayAttributes(job: PbsJob, server: string): Attribute[] {
  if (job.index !== undefined) {
    return [["array_id", `${job.sequence}[].${server}`], ["array_index", String(job.index)]];
  }
  if (!job.elements) return [];
  const counts = { Queued: 0, Running: 0, Exiting: 0, Expired: 0 };
  const waiting: number[] = [];
  for (const { state, index, substate, rewrittenFrom } of job.elements) {
    // Deleted ones are no longer counted.
    if (substate === 91 && !rewrittenFrom) continue;
    if (state === "R") counts.Running++;
    else if (state === "E") counts.Exiting++;
    else if (state === "X" || state === "F") counts.Expired++;
    else {
      counts.Queued++;
      waiting.push(index!);
    }
  }
  const submitted = job.spec.array!;
  return [
    ["array", "True"],
    ["array_state_count", Object.entries(counts).map(([name, count]) => `${name}:${count}`).join(" ")],
    ["array_indices_submitted", submitted.text],
    ["array_indices_remaining", ranges(waiting, submitted.step)],
  ];
}

function ranges(indices: readonly number[], step: number): string {
  const parts: string[] = [];
  for (let from = 0; from < indices.length;) {
    let to = from;
    while (indices[to + 1] === indices[to]! + step) to++;
    const suffix = step === 1 ? "" : `:${step}`;
    parts.push(from === to ? `${indices[from]}` : `${indices[from]}-${indices[to]}${suffix}`);
    from = to + 1;
  }
  return parts.length === 0 ? "-" : parts.join(",");
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function twoDigits(n: number): string {
  return String(n).padStart(2, "0");
}
