/**
 * `computeWorkerExtraParams` of the batch queues: RIOS's own keys, and typed ones that render for any scheduler.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import { isObject } from "../../core/is_object.ts";
import { checkKnownKeys } from "../../core/known_keys.ts";
import { hasControl } from "./one_line.ts";
import { shellWord } from "./shell_words.ts";
import { parseMemory, parseWalltime } from "./units.ts";

/** The extra parameters of `CW_SLURM`, `CW_PBS` and `CW_SGE`, all optional. One dictionary serves all. */
export interface BatchQueueParams {
  /** Queue or partition. */
  readonly queue?: string;
  /** The same by SLURM's word; give one of the two. */
  readonly partition?: string;
  /** Account or project that is charged. */
  readonly account?: string;
  /** Time limit of each worker: `HH:MM:SS`, `D-HH:MM:SS`, `90m`, `2h`, `1d`, or seconds. */
  readonly walltime?: string | number;
  /** Memory of each worker, with its unit: `4G`, `500M`. */
  readonly memory?: string;
  /** Cores of each worker, and its computing threads. Default: the threads that each worker has. */
  readonly cores?: number;
  /** What its node must have, in the scheduler's words. */
  readonly constraint?: string;
  /** Quality of service. */
  readonly qos?: string;
  /** Grid Engine: the parallel environment that gives a worker its cores, all on one host; often `smp`. */
  readonly parallelEnvironment?: string;
  /** Grid Engine: the resource by which the site counts memory. Default `mem_free`. */
  readonly memoryResource?: string;
  /** Environment variables for the job: names, whose values are taken from this process, or names with values. */
  readonly exportEnv?: readonly string[] | Readonly<Record<string, string>>;
  /** Directives of one's own, each without its `#SBATCH`, `#PBS` or `#$`. */
  readonly extraDirectives?: readonly string[];
  /** Directives of ours that the site refuses, by their options: `--mem`, `-j`, `-l select`. */
  readonly omitDirectives?: readonly string[];
  /** Path of the bash that runs the job's script, with arguments: `/bin/bash -l`. Default `/bin/bash`. */
  readonly shell?: string;
  /** Folder for the workers' logs, seen from the nodes. Default `~/.blockfleet/logs`; each run has a folder of its own in it. */
  readonly logFolder?: string;
  /** Whether logs stay after a run without trouble. Default: if `logFolder` is given. */
  readonly keepLogs?: boolean;
  /** RIOS: one directive (or several) for PBS or Grid Engine as it is. */
  readonly qsubOptions?: string | readonly string[];
  /** RIOS: one directive (or several) for SLURM as it is. */
  readonly sbatchOptions?: string | readonly string[];
  /** RIOS: shell commands before the worker's. */
  readonly initCmds?: string | readonly string[];
  /** RIOS: shell text before the worker's command on its line. */
  readonly cmdPrefix?: string;
  /** RIOS: shell text behind it. */
  readonly cmdSuffix?: string;
  /** Whether several workers are submitted as a job array. Default true. */
  readonly arrays?: boolean;
  /** Most elements of one array. Default: the site's limit, which the scheduler is asked for. */
  readonly maxArraySize?: number;
  /** Most elements of an array that run at once. Default: as many as the scheduler likes. */
  readonly maxRunning?: number;
  /** Seconds that a requeued job, or one that only lost its connection, has to come back. Default 300. */
  readonly requeueGrace?: number;
  /**
   * SLURM, Grid Engine: seconds before the time limit at which the worker is told to finish what it has. Default 60, but at
   * most a quarter of the walltime.
   */
  readonly terminateGrace?: number;
  /** Folder for the run's address file, seen from the nodes. Default `~/.blockfleet/run`. */
  readonly addressFolder?: string;
  /** The deno program (or compiled blockfleet) on the nodes, if it is elsewhere there. */
  readonly program?: string;
  /** What differs for the manager's own job with `--submit-manager`. */
  readonly manager?: Pick<
    BatchQueueParams,
    | "queue"
    | "partition"
    | "account"
    | "walltime"
    | "memory"
    | "cores"
    | "constraint"
    | "qos"
    | "parallelEnvironment"
    | "memoryResource"
  >;
}

const KEYS: Readonly<Record<keyof BatchQueueParams, true>> = {
  queue: true,
  partition: true,
  account: true,
  walltime: true,
  memory: true,
  cores: true,
  constraint: true,
  qos: true,
  parallelEnvironment: true,
  memoryResource: true,
  exportEnv: true,
  extraDirectives: true,
  omitDirectives: true,
  shell: true,
  logFolder: true,
  keepLogs: true,
  qsubOptions: true,
  sbatchOptions: true,
  initCmds: true,
  cmdPrefix: true,
  cmdSuffix: true,
  arrays: true,
  maxArraySize: true,
  maxRunning: true,
  requeueGrace: true,
  terminateGrace: true,
  addressFolder: true,
  program: true,
  manager: true,
};

/** Extra parameters with every check passed and every default filled in that does not depend on the run. */
export interface CheckedParams {
  /** Queue or partition. */
  readonly queue: string | undefined;
  /** Account. */
  readonly account: string | undefined;
  /** Time limit, seconds. */
  readonly walltimeSeconds: number | undefined;
  /** Memory, MiB. */
  readonly memoryMib: number | undefined;
  /** Cores of each worker. */
  readonly cores: number | undefined;
  /** What its node must have. */
  readonly constraint: string | undefined;
  /** Quality of service. */
  readonly qos: string | undefined;
  /** What gives a worker several cores, where that has a name. */
  readonly parallelEnvironment: string | undefined;
  /** What memory is counted by, where that has a name. */
  readonly memoryResource: string | undefined;
  /** Variables for the job; undefined where the value is this process's. */
  readonly exportEnv: readonly (readonly [string, string | undefined])[];
  /** The user's directives, RIOS's among them. */
  readonly extraDirectives: readonly string[];
  /** Options of ours to leave out, without their dashes. */
  readonly omitDirectives: readonly string[];
  /** The script's shell, with arguments. */
  readonly shell: string;
  /** Where logs go, below which each run has its folder. */
  readonly logFolder: string | undefined;
  /** Whether they stay. */
  readonly keepLogs: boolean;
  /** Commands before the worker's. */
  readonly initCmds: readonly string[];
  /** Before the worker's command. */
  readonly cmdPrefix: string;
  /** Behind it. */
  readonly cmdSuffix: string;
  /** Whether arrays are used. */
  readonly arrays: boolean;
  /** The user's limit of an array. */
  readonly maxArraySize: number | undefined;
  /** Most elements that run at once. */
  readonly maxRunning: number | undefined;
  /** See {@linkcode BatchQueueParams.requeueGrace}. */
  readonly requeueGraceSeconds: number;
  /** See {@linkcode BatchQueueParams.terminateGrace}. */
  readonly terminateGraceSeconds: number;
  /** Folder for the address file. */
  readonly addressFolder: string | undefined;
  /** The program on the nodes. */
  readonly program: string | undefined;
}

const TERMINATE_GRACE_SECONDS = 60;

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Checks the dictionary.
 *
 * @param own the key of this scheduler's own options, such as `sbatchOptions`.
 * @throws {ConfigError} naming the key and what is wrong with it.
 */
export function checkExtraParams(
  given: Readonly<Record<string, unknown>>,
  own: "qsubOptions" | "sbatchOptions",
): CheckedParams {
  checkKnownKeys(given, KEYS, "computeWorkerExtraParams");
  const read = new Reader(given);
  const queue = read.line("queue");
  const partition = read.line("partition");
  if (queue !== undefined && partition !== undefined && queue !== partition) {
    throw new ConfigError(`queue '${queue}' and partition '${partition}' are the same thing: give one`);
  }
  const logFolder = read.line("logFolder");
  const walltimeSeconds = read.walltime();
  return {
    queue: queue ?? partition,
    account: read.line("account"),
    walltimeSeconds,
    memoryMib: read.memory(),
    cores: read.count("cores", 1),
    constraint: read.line("constraint"),
    qos: read.line("qos"),
    parallelEnvironment: read.line("parallelEnvironment"),
    memoryResource: read.line("memoryResource"),
    exportEnv: read.variables(),
    extraDirectives: [...read.lines(own), ...read.lines("extraDirectives")],
    omitDirectives: read.lines("omitDirectives").map((name) => name.trim().replace(/^-+/, "")),
    shell: read.shell(),
    logFolder,
    keepLogs: read.flag("keepLogs", logFolder !== undefined),
    initCmds: read.texts("initCmds"),
    cmdPrefix: read.text("cmdPrefix") ?? "",
    cmdSuffix: read.text("cmdSuffix") ?? "",
    arrays: read.flag("arrays", true),
    maxArraySize: read.count("maxArraySize", 1),
    maxRunning: read.count("maxRunning", 1),
    requeueGraceSeconds: read.count("requeueGrace", 0) ?? 300,
    terminateGraceSeconds: read.terminateGrace(walltimeSeconds),
    addressFolder: read.line("addressFolder"),
    program: read.line("program"),
  };
}

/** The dictionary for the manager's own job. */
export function managerParams(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { manager = {}, ...rest } = given;
  if (!isObject(manager)) {
    throw new ConfigError(
      "computeWorkerExtraParams.manager must be an object such as { walltime: '24:00:00' }",
    );
  }
  // What a worker may take says nothing of its manager, whose run is longer and which computes nothing.
  const { walltime: _walltime, memory: _memory, cores: _cores, constraint: _constraint, ...shared } = rest;
  const { queue, partition, ...others } = shared as BatchQueueParams;
  const hasQueue = "queue" in manager || "partition" in manager;
  const own = queue ?? partition;
  return { ...others, ...hasQueue || own === undefined ? {} : { queue: own }, ...manager };
}

/** Takes values by key, each with its check. */
class Reader {
  readonly #given: Readonly<Record<string, unknown>>;

  constructor(given: Readonly<Record<string, unknown>>) {
    this.#given = given;
  }

  text(key: keyof BatchQueueParams): string | undefined {
    const given = this.#given[key];
    if (given === undefined || given === null) return undefined;
    // An account of digits alone comes as a number from a command line.
    const value = typeof given === "number" ? String(given) : given;
    if (typeof value !== "string") return refuse(key, value, "must be a text");
    if (value.includes("\0")) return refuse(key, value, "must not hold a NUL character");
    return value;
  }

  /** A text that stands in a directive: the scheduler reads those line by line. */
  line(key: keyof BatchQueueParams): string | undefined {
    const value = this.text(key);
    if (value === undefined || value === "") return undefined;
    return checkLine(key, value, "must be on one line, without control characters");
  }

  texts(key: keyof BatchQueueParams): string[] {
    const value = this.#given[key];
    if (value === undefined || value === null || value === "") return [];
    const list = typeof value === "string" ? [value] : value;
    if (!Array.isArray(list) || list.some((item) => typeof item !== "string")) {
      return refuse(key, value, "must be a text or a list of texts");
    }
    return list;
  }

  lines(key: keyof BatchQueueParams): string[] {
    const wish = "must be on one line, without control characters: give a list for several";
    return this.texts(key).map((line) => checkLine(key, line, wish));
  }

  flag(key: keyof BatchQueueParams, fallback: boolean): boolean {
    const value = this.#given[key] ?? fallback;
    return typeof value === "boolean" ? value : refuse(key, value, "must be true or false");
  }

  count(key: keyof BatchQueueParams, least: number): number | undefined {
    const value = this.#given[key];
    if (value === undefined || value === null) return undefined;
    const isFine = typeof value === "number" && Number.isSafeInteger(value) && value >= least;
    return isFine ? value : refuse(key, value, `must be a whole number of at least ${least}`);
  }

  walltime(): number | undefined {
    const value = this.#given.walltime;
    if (value === undefined || value === null) return undefined;
    const isTime = typeof value === "string" || typeof value === "number";
    return (isTime ? parseWalltime(value) : undefined) ??
      refuse(
        "walltime",
        value,
        "must be a time such as '02:00:00', '1-12:00:00', '90m', or a number of seconds",
      );
  }

  terminateGrace(walltimeSeconds = Infinity): number {
    const given = this.count("terminateGrace", 1);
    if (given === undefined) {
      return Math.max(1, Math.min(TERMINATE_GRACE_SECONDS, Math.floor(walltimeSeconds / 4)));
    }
    if (given < walltimeSeconds) return given;
    return refuse("terminateGrace", given, `must be less than the walltime, ${walltimeSeconds} s`);
  }

  memory(): number | undefined {
    const value = this.#given.memory;
    if (value === undefined || value === null) return undefined;
    return (typeof value === "string" ? parseMemory(value) : undefined) ??
      refuse("memory", value, "must be a size with its unit, such as '4G' or '500M'");
  }

  shell(): string {
    const shell = this.line("shell") ?? "/bin/bash";
    const [program] = shell.split(" ");
    // Others have no process groups without a terminal, so that signals would not reach the worker.
    if (/^\/(?:.*\/)?bash$/.test(program!)) return shell;
    return refuse("shell", shell, "must be the path of a bash, such as '/bin/bash' or '/bin/bash -l'");
  }

  variables(): (readonly [string, string | undefined])[] {
    const value = this.#given.exportEnv;
    if (value === undefined || value === null) return [];
    const pairs: [unknown, unknown][] = Array.isArray(value)
      ? value.map((name) => [name, undefined])
      : typeof value === "object"
      ? Object.entries(value)
      : refuse("exportEnv", value, "must be a list of names, or an object of names and values");
    return pairs.map(([name, text]) => {
      if (typeof name !== "string" || !VARIABLE.test(name)) {
        return refuse("exportEnv", name, "must name environment variables");
      }
      if (text !== undefined && (typeof text !== "string" || text.includes("\0"))) {
        // The value may be a secret, so only its name is told.
        throw new ConfigError(
          `computeWorkerExtraParams.exportEnv.${name} must be a text without NUL characters`,
        );
      }
      return [name, text] as const;
    });
  }
}

function checkLine(key: string, value: string, wish: string): string {
  return hasControl(value) ? refuse(key, value, wish) : value;
}

function refuse(key: string, value: unknown, wish: string): never {
  const shown = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  const quoted = hasControl(shown) ? shellWord(shown) : `'${shown}'`;
  throw new ConfigError(`computeWorkerExtraParams.${key} ${quoted}: it ${wish}`);
}
