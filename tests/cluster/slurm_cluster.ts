/**
 * A real SLURM on this machine: one slurmctld and two nodes, for any user, gone without a trace when it is stopped.
 *
 * ```sh
 * deno run -A tests/cluster/slurm_cluster.ts start   # prints what to `export`
 * deno run -A tests/cluster/slurm_cluster.ts env     # prints it again
 * deno run -A tests/cluster/slurm_cluster.ts stop
 * ```
 *
 * It needs Debian's `slurmctld slurmd slurm-client`, but neither systemd nor munge nor root.
 *
 * @module
 */
import { findProgram, runCommand, tryCommand, until } from "./run_command.ts";
import { slurmConf } from "./slurm_conf.ts";

const NODES = ["n1", "n2"];

/** Why there can be no SLURM here, or undefined. */
export async function slurmMissing(): Promise<string | undefined> {
  for (const program of ["slurmctld", "slurmd", "sbatch"]) {
    if (await findProgram(program) === undefined) {
      return `needs a real SLURM: ${program} is not installed (apt-get install slurmctld slurmd slurm-client)`;
    }
  }
  return undefined;
}

/** Jobs that a node runs at a time. */
const CPUS_PER_NODE = 16;

/** A running cluster. */
export class SlurmCluster implements AsyncDisposable {
  /** Names of its nodes. */
  readonly nodes: readonly string[] = NODES;
  /** What a command needs to find this cluster. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything that the daemons write. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.env = { SLURM_CONF: `${folder}/slurm.conf` };
  }

  /**
   * Starts one and waits until its nodes are idle.
   *
   * @param folder where it lives; a new temporary folder by default.
   */
  static async start(folder?: string): Promise<SlurmCluster> {
    folder ??= await Deno.makeTempDir({ prefix: "blockfleet_slurm_" });
    const cluster = new SlurmCluster(folder);
    const [controllerPort, ...nodePorts] = freePorts(1 + NODES.length);
    for (const name of ["state", "log", ...NODES.map((node) => `spool.${node}`)]) {
      await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    }
    const conf = slurmConf({
      folder,
      host: Deno.hostname().split(".")[0]!,
      user: (await runCommand(["id", "-un"])).trim(),
      controllerPort: controllerPort!,
      nodes: NODES.map((name, index) => ({ name, port: nodePorts[index]! })),
      cpusPerNode: CPUS_PER_NODE,
    });
    await Deno.writeTextFile(cluster.env.SLURM_CONF!, conf);
    try {
      await cluster.startController();
      for (const node of NODES) await cluster.#daemon("slurmd", "-N", node);
      await cluster.#untilIdle();
    } catch (error) {
      const logs = await cluster.#logs();
      await cluster.stop();
      throw new Error(`SLURM does not start: ${logs}`, { cause: error });
    }
    return cluster;
  }

  /** The one that was started in this folder. */
  static at(folder: string): SlurmCluster {
    return new SlurmCluster(folder);
  }

  /** Starts slurmctld; jobs that run are kept. */
  async startController(): Promise<void> {
    await this.#daemon("slurmctld");
  }

  /** Ends slurmctld; jobs run on, and commands hang and fail. */
  async stopController(): Promise<void> {
    await this.#endDaemon("slurmctld.pid");
  }

  /** Cancels every job, ends every daemon, and removes the folder. */
  async stop(): Promise<void> {
    if (await exists(`${this.folder}/slurmctld.pid`)) {
      await tryCommand(["scancel", "--state=PENDING", "--user", await this.#user()], { env: this.env });
      await tryCommand(["scancel", "--user", await this.#user()], { env: this.env });
      await until("an empty queue", async () => {
        const { code, stdout } = await tryCommand(["squeue", "-h"], { env: this.env });
        return code !== 0 || stdout.trim() === "" ? true : undefined;
      }, { seconds: 20 }).catch(() => false);
    }
    await Promise.all(
      ["slurmctld.pid", ...NODES.map((node) => `slurmd.${node}.pid`)].map((name) => this.#endDaemon(name)),
    );
    await Deno.remove(this.folder, { recursive: true });
  }

  /** As {@linkcode stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #user(): Promise<string> {
    return (await runCommand(["id", "-un"])).trim();
  }

  async #daemon(name: string, ...args: string[]): Promise<void> {
    const program = await findProgram(name);
    if (program === undefined) throw new Error(`${name} is not installed`);
    // Their children would inherit a pipe, and its reader would wait for ever.
    const { code } = await new Deno.Command(program, {
      args: ["-f", this.env.SLURM_CONF!, ...args],
      env: { ...this.env },
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).output();
    if (code !== 0) throw new Error(`${name} exited with ${code}`);
  }

  async #endDaemon(pidFile: string): Promise<void> {
    const path = `${this.folder}/${pidFile}`;
    const text = await Deno.readTextFile(path).catch(() => "");
    const pid = Number(text.trim());
    if (!(pid > 1)) return;
    signal(pid, "SIGTERM");
    await until("its end", () => isAlive(pid) ? undefined : true, { seconds: 10 }).catch(() =>
      signal(pid, "SIGKILL")
    );
    await Deno.remove(path).catch(() => {});
  }

  async #untilIdle(): Promise<void> {
    await until("idle nodes", async () => {
      const { stdout } = await tryCommand(["sinfo", "-h", "-p", "debug", "-o", "%D %T"], { env: this.env });
      return stdout.trim() === `${NODES.length} idle` ? true : undefined;
    }, { seconds: 60, everyMs: 250 });
  }

  async #logs(): Promise<string> {
    const texts: string[] = [];
    for await (const { name } of Deno.readDir(`${this.folder}/log`)) {
      const text = await Deno.readTextFile(`${this.folder}/log/${name}`);
      texts.push(`${name}: ${text.trim().split("\n").slice(-5).join("; ")}`);
    }
    return texts.join("\n");
  }
}

function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended; whoever is its parent may be slow to notice.
    return !/^\d+ \(.*\) Z/.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    // It has ended in between, which is what was wanted.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function commandLine(word: string | undefined): Promise<number> {
  const folder = `${Deno.env.get("TMPDIR") ?? "/tmp"}/blockfleet_slurm_of_${
    (await runCommand(["id", "-un"])).trim()
  }`;
  const isThere = await exists(`${folder}/slurm.conf`);
  if (word === "start" && !isThere) {
    const missing = await slurmMissing();
    if (missing !== undefined) {
      console.error(missing);
      return 3;
    }
    await Deno.mkdir(folder, { recursive: true });
    await SlurmCluster.start(folder);
  } else if (word === "stop" && isThere) {
    await SlurmCluster.at(folder).stop();
  } else if (word !== "start" && word !== "stop" && word !== "env" || word === "env" && !isThere) {
    console.error(word === "env" ? "It is not running: start it first" : "Give one of: start, stop, env");
    return 2;
  }
  if (word !== "stop") console.log(`export SLURM_CONF=${folder}/slurm.conf`);
  return 0;
}

if (import.meta.main) Deno.exit(await commandLine(Deno.args[0]));
