/**
 * Jobs as a real OpenPBS has shown them, from the captures in `captures/`.
 *
 * @module
 */
import { newJob, type PbsJob } from "./pbs_job.ts";

/** The text of a capture, such as `run_f.out`. */
export function capture(name: string): string {
  return Deno.readTextFileSync(new URL(`captures/${name}`, import.meta.url));
}

// deno-lint-ignore no-explicit-any -- the boundary where captured JSON becomes jobs
type Shown = Record<string, any>;

/** The jobs of a capture of `qstat -f -F json`, in its order; an array's elements also stand in the array. */
export function capturedJobs(name: string): PbsJob[] {
  const { Jobs } = JSON.parse(capture(name)) as { Jobs: Record<string, Shown> };
  const jobs = new Map<string, PbsJob>();
  for (const [id, shown] of Object.entries(Jobs)) {
    const job = capturedJob(id, shown);
    jobs.set(id, job);
    const array = jobs.get(id.replace(/\[\d+\]/, "[]"));
    if (array !== job && array?.elements) {
      array.elements[array.elements.findIndex(({ index }) => index === job.index)] = job;
    }
    if (shown.comment === "Subjob finished") job.rewrittenFrom = array;
  }
  return [...jobs.values()];
}

function capturedJob(id: string, shown: Shown): PbsJob {
  const [, sequence, index] = /^(\d+)(?:\[(\d*)\])?\./.exec(id)!;
  const [user, host] = shown.Job_Owner.split("@");
  const submitted: string | undefined = shown.array_indices_submitted;
  const indices = submitted === undefined ? [] : range(submitted);
  const isElement = index !== undefined && index !== "";
  const job = newJob({
    ...{ name: shown.Job_Name, user, host, queue: shown.queue, project: shown.project },
    priority: shown.Priority,
    isHeld: shown.Hold_Types === "u",
    isRerunable: shown.Rerunable === "True",
    joinPath: shown.Join_Path,
    keepFiles: shown.Keep_Files,
    ...{ outputPath: undefined, errorPath: undefined },
    resources: texts(shown.Resource_List),
    ncpus: shown.Resource_List.ncpus,
    walltimeSeconds: undefined,
    variables: texts(shown.Variable_List),
    ...{ shell: "/bin/bash", home: "", workdir: "", script: "" },
    submitArguments: shown.Submit_arguments ?? "",
    array: submitted === undefined && !isElement ? undefined : { text: submitted ?? "", step: 1, indices },
  }, { sequence: Number(sequence), ...isElement ? { index: Number(index) } : {} });
  return Object.assign(job, {
    ...{ state: shown.job_state, substate: shown.substate, comment: shown.comment },
    ...{ ctime: time(shown.ctime), mtime: time(shown.mtime), stime: time(shown.stime) },
    obittime: time(shown.obittime),
    ...{ outputPath: shown.Output_Path, errorPath: shown.Error_Path },
    ...{ execHost: shown.exec_host, execVnode: shown.exec_vnode },
    ...{ sessionId: shown.session_id, jobdir: shown.jobdir, runCount: shown.run_count ?? 0 },
    ...{ stageoutStatus: shown.Stageout_status, exitStatus: shown.Exit_status },
    historyTimestamp: shown.history_timestamp,
    used: shown.resources_used === undefined ? undefined : texts(shown.resources_used),
  });
}

function time(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text) / 1000;
}

function texts(members: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, String(value)]));
}

function range(text: string): number[] {
  const [from, to] = text.split("-").map(Number);
  return Array.from({ length: to! - from! + 1 }, (_, n) => from! + n);
}
