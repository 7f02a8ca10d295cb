/**
 * A job of the fake PBS.
 *
 * @module
 */

/** What was asked for. */
export interface JobSpec {
  readonly name: string;
  readonly user: string;
  readonly host: string;
  readonly queue: string;
  readonly project: string;
  readonly priority: number;
  readonly isHeld: boolean;
  readonly isRerunable: boolean;
  /** `n`, `oe` or `eo`. */
  readonly joinPath: string;
  /** `n`, or letters of `o`, `e` and `d`. */
  readonly keepFiles: string;
  /** As given, absolute, without a host; may be a folder. */
  readonly outputPath: string | undefined;
  readonly errorPath: string | undefined;
  /** Of `Resource_List`, in its order. */
  readonly resources: Readonly<Record<string, string>>;
  readonly ncpus: number;
  readonly walltimeSeconds: number | undefined;
  /** `PBS_O_*` and those of `-v`. */
  readonly variables: Readonly<Record<string, string>>;
  /** The program of `-S`. */
  readonly shell: string;
  readonly home: string;
  readonly workdir: string;
  readonly submitArguments: string;
  readonly script: string;
  readonly array:
    | { readonly text: string; readonly step: number; readonly indices: readonly number[] }
    | undefined;
}

/** A job, an array, or an element of one. Times are seconds since 1970. */
export interface PbsJob {
  readonly spec: JobSpec;
  readonly sequence: number;
  /** In an array. */
  readonly index: number | undefined;
  /** Of an array. */
  readonly elements: PbsJob[] | undefined;
  /** Whether it waits for qrls. */
  isHeld: boolean;
  state: "Q" | "R" | "E" | "H" | "B" | "X" | "F";
  substate: number;
  readonly ctime: number;
  mtime: number;
  stime: number | undefined;
  obittime: number | undefined;
  outputPath: string;
  errorPath: string;
  execHost: string | undefined;
  execVnode: string | undefined;
  sessionId: number | undefined;
  jobdir: string | undefined;
  comment: string | undefined;
  runCount: number;
  stageoutStatus: number | undefined;
  exitStatus: number | undefined;
  historyTimestamp: number | undefined;
  used: Record<string, string> | undefined;
  /** The array in whose place this element, which had ended before the array was deleted, has been written over. */
  rewrittenFrom: PbsJob | undefined;
  /** Who has asked for its end. */
  deletedBy: string | undefined;
}

/** A job that has just been submitted. */
export function newJob(
  spec: JobSpec,
  { sequence, index }: { sequence: number; index?: number | undefined },
): PbsJob {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const isArray = spec.array !== undefined && index === undefined;
  const job: PbsJob = {
    ...{ spec, sequence, index },
    elements: isArray ? spec.array.indices.map((index) => newJob(spec, { sequence, index })) : undefined,
    isHeld: spec.isHeld,
    // Of an array that is held only the array itself is in state H.
    state: spec.isHeld && index === undefined ? "H" : "Q",
    substate: spec.isHeld ? 20 : 10,
    ...{ ctime: nowSeconds, mtime: nowSeconds, stime: undefined, obittime: undefined },
    ...{ outputPath: "", errorPath: "", execHost: undefined, execVnode: undefined },
    ...{ sessionId: undefined, jobdir: undefined, comment: undefined, runCount: 0 },
    ...{ stageoutStatus: undefined, exitStatus: undefined, historyTimestamp: undefined, used: undefined },
    ...{ rewrittenFrom: undefined, deletedBy: undefined },
  };
  job.outputPath = `${spec.host}:${logPath(job, "o")}`;
  job.errorPath = `${spec.host}:${logPath(job, "e")}`;
  return job;
}

/** `58.pbs1`, `62[].pbs1` or `62[3].pbs1`. */
export function jobId({ sequence, index, elements }: PbsJob, server: string): string {
  return `${sequence}${elements ? "[]" : index === undefined ? "" : `[${index}]`}.${server}`;
}

/** Where a stream goes in the end; `^array_index^` stands for the index in an array's own. */
function logPath({ spec, sequence, index, elements }: PbsJob, stream: "o" | "e"): string {
  const element = elements ? "^array_index^" : index === undefined ? undefined : String(index);
  const suffix = element === undefined ? "" : `.${element}`;
  const given = stream === "o" ? spec.outputPath : spec.errorPath;
  if (given === undefined) return `${spec.workdir}/${spec.name}.${stream}${sequence}${suffix}`;
  return index === undefined ? given : given.replaceAll("^array_index^", String(index));
}
