/**
 * Runs the jobs of the fake PBS as pbs_mom does: a login shell that leads a session of its own, in the home folder, is
 * handed the script's path on its standard input; TERM and later KILL go to every process of the session; logs are delivered
 * at the end.
 *
 * When the shell ends by itself, pbs_mom knows it at once and kills what is left of the session. Of a job that it was told to
 * end it knows only at its next poll, and what is left of it lives until the first poll after the kill delay.
 *
 * @module
 */
import { dirname } from "@std/path";
import type { FakePbsConfig } from "./fake_config.ts";
import { jobId, type PbsJob } from "./pbs_job.ts";

/** PBS's exit status of a job that ran out of walltime (JOB_EXEC_KILL_WALLTIME in job.h). */
const KILLED_BY_WALLTIME = -29;
/** And of one that took too much memory (JOB_EXEC_KILL_MEM). */
const KILLED_BY_MEMORY = -27;

/** pbs_mom's words of a job that takes too much. */
const KILLED = "=>> PBS: job killed:";
/** A job that ends so soon after its TERM does so while that is under way. */
const UNDER_WAY_MS = 500;

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
  const session = new Session(child.pid, config);
  const limits = { walltime: job.spec.walltimeSeconds, memoryKib: kibibytes(job.spec.resources.mem) };
  let exceeded: "walltime" | "mem" | undefined;
  const isOver = (what: "walltime" | "mem", used: string, limit: string) => {
    exceeded = what;
    Deno.writeTextFileSync(logs.err ?? logs.out, `${KILLED} ${what} ${used} exceeded limit ${limit}\n`, {
      append: true,
    });
    session.terminate();
  };
  const poll = setInterval(() => {
    session.poll();
    const seconds = Math.floor((performance.now() - startedMs) / 1000);
    if (exceeded !== undefined) return;
    const { walltime, memoryKib } = limits;
    if (walltime !== undefined && seconds > walltime) isOver("walltime", String(seconds), String(walltime));
    const used = memoryKib === undefined ? 0 : session.memoryKib();
    if (memoryKib !== undefined && used > memoryKib) isOver("mem", `${used}kb`, `${memoryKib}kb`);
  }, config.pollSeconds * 1000);

  async function finish(): Promise<{ exitStatus: number; stageout: number }> {
    const writer = child.stdin.getWriter();
    // The shell may be gone before it has read this.
    await writer.write(new TextEncoder().encode(`${scriptPath.replaceAll(/[^\w./]/g, "\\$&")}\n`)).catch(
      () => {},
    );
    await writer.close().catch(() => {});
    const { code, signal } = await child.status;
    // It has ended by itself just then, and not of its TERM.
    const isTwice = session.shellEnded() && signal === null && exceeded === undefined;
    await session.noticed;
    clearInterval(poll);
    onExiting();
    const stageout = await deliver(logs.moves, session.urgent);
    if (isTwice) await pause(config.secondCopySeconds * 1000, session.urgent);
    for (const suffix of ["SC", "NF", "tmp", "OU", "ER"]) {
      await Deno.remove(spool(suffix), { recursive: true }).catch(() => {});
    }
    // A shell that a signal has ended counts from 256; what it reports of its script, from 128.
    const status = signal === null ? code : code - 128 + 256;
    const exitStatus = exceeded === "walltime"
      ? KILLED_BY_WALLTIME
      : exceeded === "mem"
      ? KILLED_BY_MEMORY
      : status;
    return { exitStatus, stageout };
  }

  return { terminate: () => session.terminate(), kill: () => session.kill(), done: finish() };
}

/** The processes of a job, and what pbs_mom knows of their end. */
class Session {
  readonly #id: number;
  readonly #config: FakePbsConfig;
  readonly #startedMs = performance.now();
  readonly #noticed = Promise.withResolvers<void>();
  readonly #urgent = new AbortController();
  #told: { readonly atMs: number; readonly isLost: boolean } | undefined;
  #isShellGone = false;

  constructor(id: number, config: FakePbsConfig) {
    this.#id = id;
    this.#config = config;
  }

  /** Settles when pbs_mom knows of the end. */
  get noticed(): Promise<void> {
    return this.#noticed.promise;
  }

  /** Aborted when the job is to be gone at once. */
  get urgent(): AbortSignal {
    return this.#urgent.signal;
  }

  /** Tells it to end. */
  terminate(): void {
    if (this.#told !== undefined && !this.#told.isLost) return;
    const atMs = performance.now();
    const isLost = atMs - this.#startedMs < this.#config.startSeconds * 1000;
    this.#told = { atMs, isLost };
    if (!isLost) signalSession(this.#id, "SIGTERM");
  }

  /** Ends it at once. */
  kill(): void {
    this.#urgent.abort();
    signalSession(this.#id, "SIGKILL");
    if (this.#isShellGone) this.#noticed.resolve();
  }

  /** The shell has ended; says whether it was just being told to. */
  shellEnded(): boolean {
    this.#isShellGone = true;
    if (this.#told === undefined || this.urgent.aborted) {
      signalSession(this.#id, "SIGKILL");
      this.#noticed.resolve();
    }
    return this.#told !== undefined && performance.now() - this.#told.atMs < UNDER_WAY_MS;
  }

  /** Looks after a job that was told to end. */
  poll(): void {
    if (this.#told === undefined) return;
    const { atMs, isLost } = this.#told;
    const delaySeconds = isLost ? this.#config.lostTermSeconds : this.#config.killDelaySeconds;
    const isDue = performance.now() - atMs >= delaySeconds * 1000;
    if (isDue) signalSession(this.#id, "SIGKILL");
    if (this.#isShellGone && (isDue || sessionProcesses(this.#id).length === 0)) this.#noticed.resolve();
  }

  /** Memory that all of them use, KiB. */
  memoryKib(): number {
    const pages = sessionProcesses(this.#id).map((pid) => {
      try {
        return Number(Deno.readTextFileSync(`/proc/${pid}/statm`).split(" ")[1]);
      } catch {
        // It has ended while we looked.
        return 0;
      }
    });
    return pages.reduce((sum, count) => sum + count, 0) * PAGE_KIB;
  }
}

const PAGE_KIB = 4;

/** KiB of `250mb` or `256000kb`. */
function kibibytes(text: string | undefined): number | undefined {
  const match = /^(\d+)(kb|mb|gb)$/.exec(text ?? "");
  return match ? Number(match[1]) * 1024 ** ["kb", "mb", "gb"].indexOf(match[2]!) : undefined;
}

/** Waits, unless and until there is no time for that. */
function pause(ms: number, urgent: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (urgent.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    urgent.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
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

async function deliver(moves: LogFiles["moves"], urgent: AbortSignal): Promise<number> {
  let stageout = 1;
  const endMs = performance.now() + DELIVERY_MS;
  for (const [from, to] of moves) {
    while (!isFolder(dirname(to)) && performance.now() < endMs && !urgent.aborted) {
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

/** The processes of a session, its leader first; those that have ended and that nobody has asked about are none. */
function sessionProcesses(sessionId: number): number[] {
  const pids: number[] = [];
  for (const { name: entry } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${entry}/stat`);
      // After the name, which may hold anything: state, parent, process group, session.
      const [state, , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(session) === sessionId && state !== "Z") pids.push(Number(entry));
    } catch {
      // It has ended while we looked.
    }
  }
  return pids.sort((a, b) => a - b);
}

/** Signals every process of a session, its leader first, so that it is this signal that ends it. */
function signalSession(sessionId: number, name: Deno.Signal): void {
  for (const pid of sessionProcesses(sessionId)) {
    try {
      Deno.kill(pid, name);
    } catch {
      // It has ended in between, which is what was wanted.
    }
  }
}
