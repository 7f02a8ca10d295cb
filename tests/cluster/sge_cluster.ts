/**
 * A real Grid Engine on this machine: one sge_qmaster and one sge_execd, for any user, gone without a trace when it is stopped.
 *
 * ```sh
 * deno run -A tests/cluster/sge_cluster.ts start   # prints what to `export`
 * deno run -A tests/cluster/sge_cluster.ts env     # prints it again
 * deno run -A tests/cluster/sge_cluster.ts stop
 * ```
 *
 * It needs Debian's `gridengine-master gridengine-exec gridengine-client`, but neither systemd nor root nor any setting of
 * theirs.
 *
 * @module
 */
import { findProgram, runCommand, tryCommand, until } from "./run_command.ts";
import {
  changed,
  commonFiles,
  execHost,
  globalSettings,
  PARALLEL_ENVIRONMENT,
  queueSettings,
  SCHEDULER_SETTINGS,
  type SgeConfSpec,
  spoolingParams,
} from "./sge_conf.ts";

/** Where Debian has what is for no PATH, and what is the same on every machine. */
const DEBIAN = { programs: "/usr/lib/gridengine", shared: "/usr/share/gridengine" };

const ATTEMPTS = 3;
const MASTER_PID = "spool/qmaster/qmaster.pid";

/** Why there can be no Grid Engine here, or undefined. */
export async function sgeMissing(): Promise<string | undefined> {
  for (const program of ["sge_qmaster", "sge_execd", "qconf"]) {
    if (await findProgram(program) === undefined) {
      return `needs a real Grid Engine: ${program} is not installed (apt-get install gridengine-master gridengine-exec gridengine-client)`;
    }
  }
  return undefined;
}

/** A running cluster. */
export class SgeCluster implements AsyncDisposable {
  /** What a command needs to find this cluster. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything that the daemons write. */
  readonly folder: string;

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.env = env;
  }

  /**
   * Starts one and waits until its host can take jobs.
   *
   * @param folder where it lives; a new temporary folder by default.
   */
  static async start(folder?: string): Promise<SgeCluster> {
    for (let attempt = 1;; attempt++) {
      const root = folder ?? await Deno.makeTempDir({ prefix: "blockfleet_sge_" });
      await Deno.mkdir(root, { recursive: true });
      // Its user's jobs write no more there than the daemons, but they must find it.
      await Deno.chmod(root, 0o755);
      const cluster = await SgeCluster.#inFolder(root);
      try {
        await cluster.#begin();
        return cluster;
      } catch (error) {
        const logs = await cluster.#logs();
        await cluster.stop();
        // On a busy machine a port may be gone again, or a daemon miss the other's first answer and ask much later.
        if (attempt === ATTEMPTS) throw new Error(`Grid Engine does not start: ${logs}`, { cause: error });
        console.warn(`Grid Engine is started again: ${error}: ${logs}`);
      }
    }
  }

  static async #inFolder(folder: string): Promise<SgeCluster> {
    const [masterPort, execPort] = freePorts(2);
    const env = {
      SGE_ROOT: folder,
      SGE_CELL: "default",
      SGE_QMASTER_PORT: String(masterPort),
      SGE_EXECD_PORT: String(execPort),
    };
    await Deno.writeTextFile(`${folder}/env.json`, JSON.stringify(env));
    return new SgeCluster(folder, env);
  }

  async #begin(): Promise<void> {
    const { folder, env } = this;
    const user = (await runCommand(["id", "-un"])).trim();
    const spec: SgeConfSpec = { folder, host: Deno.hostname(), user };
    await this.#makeCell(spec);
    await this.startController();
    await this.#configure(spec);
    await this.#daemon("sge_execd");
    await until("a host that reports its load", async () => {
      const { stdout } = await tryCommand(["qstat", "-f"], { env });
      const [name, , , load] = stdout.split("\n").find((line) => line.startsWith("all.q"))?.split(/\s+/) ??
        [];
      return name !== undefined && load !== "-NA-" ? true : undefined;
    }, { seconds: 60, everyMs: 250 });
  }

  /** The one that was started in this folder. */
  static at(folder: string): SgeCluster {
    return new SgeCluster(folder, JSON.parse(Deno.readTextFileSync(`${folder}/env.json`)));
  }

  /** Starts sge_qmaster and waits until it answers; jobs that run are kept. */
  async startController(): Promise<void> {
    await this.#daemon("sge_qmaster");
    await until("its answer", async () => {
      const { code } = await tryCommand(["qconf", "-sss"], { env: this.env });
      return code === 0 ? true : undefined;
    });
  }

  /** Ends sge_qmaster; jobs run on, and commands fail. */
  async stopController(): Promise<void> {
    await this.#endDaemon("sge_qmaster", MASTER_PID, "SIGTERM");
  }

  /** Kills the shell that runs a job, as `7` or `7.3`. */
  async killScript(id: string): Promise<void> {
    const [job, task = "1"] = id.split(".");
    for (const host of await names(`${this.folder}/spool/execd`)) {
      const file = `${this.folder}/spool/execd/${host}/active_jobs/${job}.${task}/job_pid`;
      const pid = Number((await Deno.readTextFile(file)).trim());
      if (pid > 1) Deno.kill(pid, "SIGKILL");
    }
  }

  /** Cancels every job, ends every daemon, and removes the folder. */
  async stop(): Promise<void> {
    const cancelled = await tryCommand(["qdel", "*"], { env: this.env });
    if (cancelled.code === 0) {
      await until("an empty queue", async () => {
        const { code, stdout } = await tryCommand(["qstat", "-u", "*"], { env: this.env });
        return code !== 0 || stdout.trim() === "" ? true : undefined;
      }, { seconds: 20 }).catch(() => false);
    }
    // What they would write down at their ease is removed with the folder; one that has just begun has no pid file yet.
    const running = () => daemonsOf(this.folder);
    for (const pid of await running()) Deno.kill(pid, "SIGKILL");
    await until("the daemons' end", async () => (await running()).length === 0 ? true : undefined, {
      seconds: 10,
    });
    await Deno.remove(this.folder, { recursive: true });
  }

  /** As {@linkcode stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #makeCell(spec: SgeConfSpec): Promise<void> {
    const { folder, env } = this;
    const arch = (await runCommand([`${DEBIAN.shared}/util/arch`])).trim();
    for (const name of ["default/common", "spool/qmaster/job_scripts", "spool/execd"]) {
      await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    }
    for (const name of ["bin", "lib", "utilbin"]) {
      await Deno.mkdir(`${folder}/${name}`);
      await Deno.symlink(DEBIAN.programs, `${folder}/${name}/${arch}`);
    }
    await Deno.symlink(`${DEBIAN.shared}/util`, `${folder}/util`);
    for (const [name, text] of Object.entries(commonFiles(spec))) {
      await Deno.writeTextFile(`${folder}/default/common/${name}`, text);
    }
    const defaults = await Deno.readTextFile(`${DEBIAN.shared}/default-configuration`);
    await Deno.writeTextFile(`${folder}/configuration`, changed(defaults, globalSettings(spec)));
    const spool = (program: string, ...args: string[]) =>
      runCommand([`${DEBIAN.programs}/${program}`, ...args], { env });
    await spool("spoolinit", "classic", "libspoolc", spoolingParams(spec), "init");
    await spool("spooldefaults", "configuration", `${folder}/configuration`);
    await spool("spooldefaults", "complexes", `${DEBIAN.shared}/util/resources/centry`);
    await spool("spooldefaults", "usersets", `${DEBIAN.shared}/util/resources/usersets`);
    await spool("spooldefaults", "managers", spec.user);
  }

  async #configure(spec: SgeConfSpec): Promise<void> {
    const qconf = (...args: string[]) => runCommand(["qconf", ...args], { env: this.env });
    const fromFile = async (option: string, text: string) => {
      const file = `${this.folder}/setting`;
      await Deno.writeTextFile(file, text);
      await qconf(option, file);
    };
    await qconf("-as", spec.host);
    await fromFile("-Ae", execHost(spec));
    await fromFile("-Ap", PARALLEL_ENVIRONMENT);
    await fromFile("-Aq", changed(await qconf("-sq"), queueSettings(spec)));
    await fromFile("-Msconf", changed(await qconf("-ssconf"), SCHEDULER_SETTINGS));
  }

  async #daemon(name: string): Promise<void> {
    const program = await findProgram(name);
    if (program === undefined) throw new Error(`${name} is not installed`);
    // Their children would inherit a pipe, and its reader would wait for ever.
    const { code } = await new Deno.Command(program, {
      env: { ...this.env },
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).output();
    if (code !== 0) throw new Error(`${name} exited with ${code}`);
  }

  async #endDaemon(name: string, pidFile: string, signal: Deno.Signal): Promise<void> {
    const path = `${this.folder}/${pidFile}`;
    const pid = Number((await Deno.readTextFile(path).catch(() => "")).trim());
    if (!(pid > 1) || !isRunning(pid, name)) return;
    Deno.kill(pid, signal);
    await until("its end", () => isRunning(pid, name) ? undefined : true, { seconds: 10 }).catch(() => {
      if (isRunning(pid, name)) Deno.kill(pid, "SIGKILL");
    });
    await Deno.remove(path).catch(() => {});
  }

  async #logs(): Promise<string> {
    const files = [`${this.folder}/spool/qmaster/messages`];
    for (const host of await names(`${this.folder}/spool/execd`)) {
      files.push(`${this.folder}/spool/execd/${host}/messages`);
    }
    const texts = await Promise.all(files.map((file) => Deno.readTextFile(file).catch(() => "")));
    return texts.map((text) => text.trim().split("\n").slice(-5).join("; ")).join("\n");
  }
}

function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

/** A file may name a process that has ended, whose number is another's now. A zombie has ended, too. */
function isRunning(pid: number, name: string): boolean {
  try {
    return new RegExp(`^\\d+ \\(${name}\\) [^Z]`).test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    // It has ended, maybe while it was looked at.
    return false;
  }
}

/** The daemons of the cluster in a folder. */
async function daemonsOf(folder: string): Promise<number[]> {
  const pids = (await names("/proc")).map(Number).filter((pid) => pid > 1);
  return pids.filter((pid) => {
    if (!isRunning(pid, "sge_(?:qmaster|execd)")) return false;
    try {
      return Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0").includes(`SGE_ROOT=${folder}`);
    } catch {
      // It has ended in the meantime, or is another user's.
      return false;
    }
  });
}

async function names(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  return entries.map(({ name }) => name);
}

async function commandLine(word: string | undefined): Promise<number> {
  const user = (await runCommand(["id", "-un"])).trim();
  const folder = `${Deno.env.get("TMPDIR") ?? "/tmp"}/blockfleet_sge_of_${user}`;
  const isThere = await Deno.stat(`${folder}/env.json`).then(() => true, () => false);
  if (word === "start" && !isThere) {
    const missing = await sgeMissing();
    if (missing !== undefined) {
      console.error(missing);
      return 3;
    }
    await SgeCluster.start(folder);
  } else if (word === "stop" && isThere) {
    await SgeCluster.at(folder).stop();
  } else if (word !== "start" && word !== "stop" && word !== "env" || word === "env" && !isThere) {
    console.error(word === "env" ? "It is not running: start it first" : "Give one of: start, stop, env");
    return 2;
  }
  if (word !== "stop") {
    for (const [name, value] of Object.entries(SgeCluster.at(folder).env)) {
      console.log(`export ${name}=${value}`);
    }
  }
  return 0;
}

if (import.meta.main) Deno.exit(await commandLine(Deno.args[0]));
