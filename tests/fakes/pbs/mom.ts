/**
 * Runs the jobs of the fake PBS as pbs_mom does: a login shell that leads a session of its own, in the home folder, is
 * handed the script's path on its standard input; TERM and later KILL go to every process of the session; when the shell
 * ends, what is left of the session is killed; logs are delivered at the end.
 *
 * @module
 */
import { dirname } from "@std/path";
import type { FakePbsConfig } from "./fake_config.ts";
import { jobId, type PbsJob } from "./pbs_job.ts";

/** PBS's exit status of a job that ran out of walltime (JOB_EXEC_KILL_WALLTIME in job.h). */
const KILLED_BY_WALLTIME = -29;

/** A missing log folder holds a job for so long. */
const DELIVERY_MS = 30_000;

/** A job that runs. */
export interface RunningJob {
  /** Ends it with TERM, and later KILL. */
  terminate(): void;
  /** Ends it at once. */
  kill(): void;
  /** When it has ended and its logs are where they belong. */
  readonly done: Promise<{ exitStatus: number; stageout: number }>;
}

/** Starts a job's script. */
export function runJob(
  job: PbsJob,
  { folder, config, onExiting }: { folder: string; config: FakePbsConfig; onExiting: () => void },
): RunningJob {
  const id = jobId(job, config.server);
  const spool = (suffix: string) => `${folder}/spool/${id}.${suffix}`;
  const scriptPath = spool("SC");
  Deno.writeTextFileSync(scriptPath, job.spec.script, { mode: 0o700 });
  Deno.writeTextFileSync(spool("NF"), `${job.execHost!.split("/")[0]}\n`);
  Deno.mkdirSync(spool("tmp"));
  const logs = logFiles(job, spool);
  const child = new Deno.Command("setsid", {
    // The shell's name begins with a dash, which makes it a login shell.
    args: [
      "bash",
      "-c",
      `exec -a "-\${0##*/}" "$0" >"$1" ${logs.err === undefined ? "2>&1" : '2>"$2"'}`,
      job.spec.shell,
      logs.out,
      logs.err ?? "",
    ],
    cwd: job.spec.home,
    clearEnv: true,
    env: environment(job, id, { nodeFile: spool("NF"), tmp: spool("tmp") }),
    ...{ stdin: "piped", stdout: "null", stderr: "null" },
  }).spawn();
  job.sessionId = child.pid;
  const startedMs = performance.now();
  let walltimeExceeded = false;
  let killTimer: ReturnType<typeof setTimeout> | undefined;
  const terminate = () => {
    if (killTimer !== undefined) return;
    signalSession(child.pid, "SIGTERM");
    killTimer = setTimeout(() => signalSession(child.pid, "SIGKILL"), config.killDelaySeconds * 1000);
  };
  const limit = job.spec.walltimeSeconds;
  const poll = setInterval(() => {
    const seconds = Math.floor((performance.now() - startedMs) / 1000);
    if (limit === undefined || seconds <= limit || walltimeExceeded) return;
    walltimeExceeded = true;
    const line = `=>> PBS: job killed: walltime ${seconds} exceeded limit ${limit}\n`;
    Deno.writeTextFileSync(logs.err ?? logs.out, line, { append: true });
    terminate();
  }, config.pollSeconds * 1000);

  async function finish(): Promise<{ exitStatus: number; stageout: number }> {
    const writer = child.stdin.getWriter();
    // The shell may be gone before it has read this.
    await writer.write(new TextEncoder().encode(`${scriptPath.replaceAll(/[^\w./]/g, "\\$&")}\n`)).catch(
      () => {},
    );
    await writer.close().catch(() => {});
    const { code, signal } = await child.status;
    clearInterval(poll);
    clearTimeout(killTimer);
    signalSession(child.pid, "SIGKILL");
    onExiting();
    const stageout = await deliver(logs.moves);
    for (const suffix of ["SC", "NF", "tmp", "OU", "ER"]) {
      await Deno.remove(spool(suffix), { recursive: true }).catch(() => {});
    }
    // A shell that a signal has ended counts from 256; what it reports of its script, from 128.
    const status = signal === null ? code : code - 128 + 256;
    return { exitStatus: walltimeExceeded ? KILLED_BY_WALLTIME : status, stageout };
  }

  return { terminate, kill: () => signalSession(child.pid, "SIGKILL"), done: finish() };
}

interface LogFiles {
  readonly out: string;
  /** Undefined where both are joined. */
  readonly err: string | undefined;
  /** What is delivered at the end: from, to. */
  readonly moves: readonly (readonly [string, string])[];
}

function logFiles(job: PbsJob, spool: (suffix: string) => string): LogFiles {
  const { keepFiles, joinPath, home, name } = job.spec;
  const place = (stream: "o" | "e") => {
    const path = stream === "o" ? job.outputPath : job.errorPath;
    const wanted = path.slice(path.indexOf(":") + 1);
    const isKept = keepFiles.includes(stream);
    // Kept files stay in the home folder under their default name, unless they are written to their place directly.
    const index = job.index === undefined ? "" : `.${job.index}`;
    const kept = isKept && !keepFiles.includes("d")
      ? `${home}/${name}.${stream}${job.sequence}${index}`
      : undefined;
    const file = kept ??
      (isFolder(wanted) ? `${wanted}/${spool("").split("/").at(-1)}${stream === "o" ? "OU" : "ER"}` : wanted);
    const isDirect = isKept && (kept !== undefined || isFolder(dirname(file)));
    const now = isDirect ? file : spool(stream === "o" ? "OU" : "ER");
    return { now, move: isDirect ? [] : [[now, file] as const] };
  };
  const [out, err] = [place("o"), place("e")];
  if (joinPath === "oe") return { out: out.now, err: undefined, moves: out.move };
  if (joinPath === "eo") return { out: err.now, err: undefined, moves: err.move };
  return { out: out.now, err: err.now, moves: [...out.move, ...err.move] };
}

async function deliver(moves: LogFiles["moves"]): Promise<number> {
  let stageout = 1;
  const endMs = performance.now() + DELIVERY_MS;
  for (const [from, to] of moves) {
    while (!isFolder(dirname(to)) && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await Deno.copyFile(from, to).then(() => Deno.chmod(to, 0o600)).catch(() => {
      stageout = 0;
    });
  }
  return stageout;
}

function environment(
  { spec, sequence, index }: PbsJob,
  id: string,
  { nodeFile, tmp }: { nodeFile: string; tmp: string },
): Record<string, string> {
  return {
    HOME: spec.home,
    LOGNAME: spec.user,
    USER: spec.user,
    SHELL: "/bin/bash",
    PATH: "/bin:/usr/bin",
    ...spec.variables,
    PBS_ENVIRONMENT: "PBS_BATCH",
    ENVIRONMENT: "BATCH",
    PBS_JOBID: id,
    PBS_JOBNAME: spec.name,
    PBS_QUEUE: spec.queue,
    PBS_JOBDIR: spec.home,
    PBS_NODEFILE: nodeFile,
    PBS_NODENUM: "0",
    PBS_TASKNUM: "1",
    PBS_MOMPORT: "15003",
    NCPUS: String(spec.ncpus),
    OMP_NUM_THREADS: String(spec.ncpus),
    TMPDIR: tmp,
    ...index === undefined ? {} : {
      PBS_ARRAY_INDEX: String(index),
      PBS_ARRAY_ID: `${sequence}[].${id.slice(id.indexOf(".") + 1)}`,
    },
  };
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Signals every process of a session, its leader first, so that it is this signal that ends it. */
function signalSession(sessionId: number, name: Deno.Signal): void {
  const pids: number[] = [];
  for (const { name: entry } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${entry}/stat`);
      // After the name, which may hold anything: state, parent, process group, session.
      const [, , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(session) === sessionId) pids.push(Number(entry));
    } catch {
      // It has ended while we looked.
    }
  }
  for (const pid of pids.sort((a, b) => a - b)) {
    try {
      Deno.kill(pid, name);
    } catch {
      // It has ended in between, which is what was wanted.
    }
  }
}
