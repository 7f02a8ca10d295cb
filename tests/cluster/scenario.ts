/**
 * One scenario: a scene, a home folder, the command line as a user calls it, and a look at what is left afterwards.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { assertSamePixels, makeRaster, readRaster } from "../raster/apply_support.ts";
import type { BatchCluster, ShownJob } from "./batch_cluster.ts";
import { CliRun } from "./cli_run.ts";
import { until } from "./run_command.ts";

const FUNCTION = fromFileUrl(new URL("user_functions/marked_ndvi.ts", import.meta.url));

/** What the user function may look at to know its job and node. */
const JOB_VARIABLES =
  "SLURM_ARRAY_JOB_ID,SLURM_ARRAY_TASK_ID,SLURM_JOB_ID,SLURMD_NODENAME,PBS_JOBID,JOB_ID,SGE_TASK_ID";

/** Pixels of the scene on each side. */
const SIZE = 512;

/** How {@linkcode Scenario.apply} goes about it. */
export interface ApplyRun {
  /** How long each block takes, milliseconds. Default 50. */
  readonly blockMs?: number;
  /** The block, such as `3,3`, in which the function throws. */
  readonly failAt?: string;
  /** The block in which the function takes 1 GB of memory, and holds it. */
  readonly hogAt?: string;
  /** Pixels of a block on each side. Default 64, which makes 64 blocks. */
  readonly window?: number;
  /** Default 4, where the arguments don't say. */
  readonly workers?: string;
  /** Parameters of the kind. */
  readonly params?: readonly string[];
  /** More arguments. */
  readonly args?: readonly string[];
}

/** What a job has done. */
export interface JobMarks {
  /** Blocks that it began. */
  readonly begun: readonly string[];
  /** Blocks that it finished. */
  readonly done: readonly string[];
  /** The node, where the job can know it. */
  readonly node: string;
}

/** See the module. */
export class Scenario implements AsyncDisposable {
  /** Where its jobs run. */
  readonly cluster: BatchCluster;
  /** Part of the names of its jobs. */
  readonly jobName: string;
  /** Everything of it. */
  readonly folder: string;
  readonly #place: string;
  readonly #home: string;
  readonly #runs: CliRun[] = [];

  private constructor(cluster: BatchCluster, folder: string, place: string) {
    this.cluster = cluster;
    this.folder = folder;
    this.#place = join(folder, place);
    this.jobName = `scn${crypto.randomUUID().slice(0, 8)}`;
    this.#home = cluster.hasOwnHomes ? `${this.#place}/home` : Deno.env.get("HOME")!;
  }

  /**
   * Makes the scene.
   *
   * @param place a folder in its own where everything is.
   */
  static async make(cluster: BatchCluster, place = ""): Promise<Scenario> {
    const folder = await Deno.makeTempDir({ prefix: "blockfleet_scenario_" });
    const scenario = new Scenario(cluster, folder, place);
    await Deno.mkdir(join(folder, place, "home"), { recursive: true });
    await Deno.writeTextFile(join(folder, place, "home", ".profile"), cluster.profile ?? "");
    makeRaster(scenario.file("scene.tif"), { width: SIZE, height: SIZE, bands: 4, nodata: 0 });
    return scenario;
  }

  /** A path where the user works. */
  file(name: string): string {
    return join(this.#place, name);
  }

  /** Where jobs leave their traces. Permissions are parted by blanks, so there is none in it. */
  get #marks(): string {
    return join(this.folder, "marks");
  }

  /** Where the output is to be. */
  get output(): string {
    return this.file("ndvi.tif");
  }

  /** Starts the command line on the scene. */
  apply(options: ApplyRun = {}): CliRun {
    const { blockMs = 50, window = 64, failAt, hogAt, workers = "4", params = [], args = [] } = options;
    const isSingle = args.includes("--single-block-workers");
    return this.cli([
      ...this.#job(this.output, { blockMs, window, failAt, hogAt }),
      ...["--kind", this.cluster.kind, "--job-name", this.jobName, "--json"],
      ...isSingle ? [] : ["--workers", workers],
      `--worker-permissions=--allow-write=${this.#marks} --allow-read=${`${this.#marks}.pace`} --allow-env=${JOB_VARIABLES}`,
      ...[...this.cluster.params, ...params].flatMap((param) => ["--param", param]),
      ...args,
    ]);
  }

  /** From now on each block takes so long, milliseconds. */
  pace(milliseconds: number): void {
    Deno.writeTextFileSync(`${this.#marks}.pace`, String(milliseconds));
  }

  /** Any command of the command line, with the scenario's home. */
  cli(args: readonly string[]): CliRun {
    const run = new CliRun(args, {
      cwd: this.#place,
      env: {
        ...this.cluster.env,
        HOME: this.#home,
        XDG_STATE_HOME: `${this.#place}/state`,
        DENO_DIR: denoDir(),
        NO_COLOR: "1",
      },
    });
    this.#runs.push(run);
    return run;
  }

  /** The jobs of the scenario in the queue. */
  jobs(): Promise<ShownJob[]> {
    return this.cluster.jobs(this.jobName);
  }

  /** What each job has done until now, by its id. */
  async marks(): Promise<Map<string, JobMarks>> {
    const all = new Map<string, JobMarks>();
    for await (const { name } of Deno.readDir(this.#marks)) {
      const lines = (await Deno.readTextFile(join(this.#marks, name))).trim().split("\n");
      const blocks = (what: string) =>
        lines.filter((line) => line.startsWith(what)).map((line) => line.split(" ")[1]!);
      all.set(name, { begun: blocks("begin"), done: blocks("end"), node: lines[0]!.split(" ")[2] ?? "" });
    }
    return all;
  }

  /** Waits until so many jobs have finished a block, and gives the jobs that run then. */
  async untilComputing(
    jobs = 1,
    { seconds = 60, run }: { seconds?: number; run: CliRun },
  ): Promise<ShownJob[]> {
    await until(`${jobs} jobs that compute`, async () => {
      if (run.ended) throw new Error(`the run has ended: ${run.stderr}`);
      const busy = [...(await this.marks()).values()].filter(({ done }) => done.length > 0);
      return busy.length >= jobs ? true : undefined;
    }, { seconds, everyMs: 100 });
    return (await this.jobs()).filter(({ state }) => state === "running");
  }

  /** The output must be what threads make of the scene. */
  async assertSameAsThreads(): Promise<void> {
    const reference = this.file("threads.tif");
    const { code, stderr } = await this.cli([
      ...this.#job(reference, { blockMs: 0, window: 64 }, `${this.#marks}_of_threads`),
      ...["--kind", "CW_THREADS", "--workers", "2", "--quiet"],
    ]).result;
    assertEquals(code, 0, stderr);
    const [expected, actual] = [await readRaster(reference), await readRaster(this.output)];
    assertSamePixels(actual.pixels, expected.pixels, "ndvi");
    const { location, version, byteLength } = expected.info;
    assertEquals({ ...actual.info, location, version, byteLength }, expected.info);
  }

  /** Nothing may be left: no job, no process, no address file, no entry in the register, no part of an output. */
  async assertClean(): Promise<void> {
    await until("an empty queue", async () => (await this.jobs()).length === 0 ? true : undefined, {
      seconds: 30,
    });
    await until("the end of every process", () => this.processes().length === 0 ? true : undefined, {
      seconds: 15,
    }).catch((error) => {
      throw new Error(`${error.message}: ${this.processes().join("\n")}`);
    });
    const left: string[] = [];
    await listFiles(`${this.#place}/state`, left);
    if (this.cluster.hasOwnHomes) {
      for (const name of [".blockfleet/run", ".local/state"]) await listFiles(`${this.#home}/${name}`, left);
    }
    const isTrace = ({ name }: Deno.DirEntry) => /\.(part|journal|lock)$/.test(name);
    for await (const entry of Deno.readDir(this.#place)) if (isTrace(entry)) left.push(entry.name);
    assertEquals(left, []);
  }

  /** The run's key, as one of its jobs was given it in its environment. */
  async key(): Promise<string> {
    for (const line of this.processes()) {
      const environ = await Deno.readTextFile(`/proc/${line.split(":")[0]}/environ`).catch(() => "");
      const key = environ.split("\0").find((entry) => entry.startsWith("BLOCKFLEET_KEY="));
      if (key !== undefined) return key.slice("BLOCKFLEET_KEY=".length);
    }
    throw new Error("no process of the scenario has been given a key");
  }

  /** Files that are left below the home's `.blockfleet`, logs of failed runs too. */
  async filesInHome(): Promise<string[]> {
    const left: string[] = [];
    if (this.cluster.hasOwnHomes) await listFiles(`${this.#home}/.blockfleet`, left);
    return left;
  }

  /** Processes of the scenario, as their command lines. */
  processes(): string[] {
    return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
      if (!/^\d+$/.test(name) || Number(name) === Deno.pid) return [];
      const read = (what: string) => Deno.readTextFileSync(`/proc/${name}/${what}`).replaceAll("\0", " ");
      try {
        const isOurs = read("cmdline").includes(this.folder) || read("environ").includes(this.folder);
        // PBS's qsub leaves a helper behind for a minute, for the next call of it.
        return isOurs && !isQsub(read("cmdline")) && !/^\d+ \(.*\) Z/.test(read("stat"))
          ? [`${name}: ${read("cmdline")}`]
          : [];
      } catch {
        // It has ended while we looked, or is another user's.
        return [];
      }
    });
  }

  /** Ends what still runs, and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#runs) await run.kill();
    if (Deno.env.get("SCENARIO_TIMES")) { for (const { stderr } of this.#runs) console.error(stderr); }
    for (const { id } of await this.jobs().catch(() => [])) await this.cluster.cancel(id).catch(() => {});
    await until("the end of every process", () => this.processes().length === 0 ? true : undefined, {
      seconds: 15,
    }).catch(() => {});
    await Deno.remove(this.folder, { recursive: true });
  }

  #job(
    output: string,
    { blockMs, window, failAt, hogAt }: {
      blockMs: number;
      window: number;
      failAt?: string | undefined;
      hogAt?: string | undefined;
    },
    marks: string = this.#marks,
  ): string[] {
    const pace = `${marks}.pace`;
    Deno.mkdirSync(marks, { recursive: true });
    Deno.writeTextFileSync(pace, String(blockMs));
    const escaped = (path: string) => path.replaceAll(",", "\\,");
    return [
      ...["apply", FUNCTION, "--in", `img=${escaped(this.file("scene.tif"))}`],
      ...["--out", `ndvi=${escaped(output)}`],
      ...["--window", `${window}x${window}`, "--window-exact", "--nodata", "nan"],
      ...["--args", JSON.stringify({ marks, pace, failAt, hogAt })],
    ];
  }
}

function isQsub(commandLine: string): boolean {
  return /^\S*\/qsub( |$)/.test(commandLine);
}

async function listFiles(folder: string, into: string[]): Promise<void> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await listFiles(`${folder}/${name}`, into);
      else into.push(`${folder}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function denoDir(): string {
  const { DENO_DIR, XDG_CACHE_HOME, HOME } = Deno.env.toObject();
  return DENO_DIR ?? `${XDG_CACHE_HOME ?? `${HOME}/.cache`}/deno`;
}
