/**
 * The command that starts a compute worker on this machine.
 *
 * @module
 */
import { dirname } from "@std/path/dirname";
import { ConfigError } from "./errors.ts";
import { ownReads } from "./own_reads.ts";
import { isWorkerProgram } from "./worker_program.ts";
import { STORAGE_VARIABLE } from "./worker/web_storage.ts";

/** What a worker process may do beyond computing. */
export interface WorkerAccess {
  /** Files and folders that it may read. */
  readonly read: readonly string[];
  /** Hosts, with or without a port, that it may connect to. */
  readonly net: readonly string[];
  /** Whether it imports the user's module from its place, and with it packages that this package's lock file does not have. */
  readonly importsModule?: boolean;
}

/** The channel's key, which a worker deletes before user code runs, and what says how to write to a terminal. */
const READABLE_VARIABLES = ["BLOCKFLEET_KEY", "BLOCKFLEET_CHANNEL", "LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR"];
/**
 * Where a worker finds what it is called by whatever started it, and its place in an array job. A container's command is
 * another, and what asks its metadata endpoint is not confined by this one.
 */
const IDENTITY_VARIABLES = [
  "SLURM_JOB_ID",
  "SLURM_ARRAY_JOB_ID",
  "SLURM_ARRAY_TASK_ID",
  "SLURM_RESTART_COUNT",
  "PBS_JOBID",
  "PBS_ARRAY_INDEX",
  "JOB_ID",
  "SGE_TASK_ID",
  "AWS_BATCH_JOB_ID",
  "AWS_BATCH_JOB_ARRAY_INDEX",
];

/** Where this package's modules are. */
const ROOT = new URL("../", import.meta.url);

/**
 * The program and its first arguments, up to the word `worker`. A compiled program starts itself; its permissions are
 * those that it was compiled with.
 *
 * @param access what the worker may do; undefined for everything that this program may.
 * @param extra permission flags of Deno that the user adds.
 */
export function workerCommand(access: WorkerAccess | undefined, extra: readonly string[]): string[] {
  const flags = access ? [...frozenFor(access), ...widened(confinedTo(access), extra)] : ["--allow-all"];
  return [...ownCommand(["--cached-only", ...flags]), "worker"];
}

/**
 * What starts this very program, up to the name of a command.
 *
 * @param flags Deno's; a compiled program has those that it was compiled with.
 * @throws {ConfigError} in a compiled program that never becomes a worker.
 */
export function ownCommand(flags: readonly string[]): string[] {
  if (Deno.build.standalone) {
    // Without this its workers would begin the job again, each with workers of its own.
    if (!isWorkerProgram()) {
      throw new ConfigError(
        "The workers of a compiled program are the program itself, and this one does not become one: let it begin with " +
          "`await serveWorkers()` from @blockfleet/blockfleet/cli, or choose CW_THREADS",
      );
    }
    return [Deno.execPath()];
  }
  return [Deno.execPath(), "run", "--no-prompt", ...flags, new URL("cli/main.ts", ROOT).href];
}

/**
 * Whether workers resolve packages by another lock file than this program: by this package's own, while the program is of a
 * project that links to it. The command line has the same as its workers, and so it has what they need.
 */
export function workersHaveOtherPackages(): boolean {
  return !Deno.build.standalone && ROOT.protocol === "file:" && !Deno.mainModule.startsWith(ROOT.href);
}

/**
 * Keeps Deno from importing packages that the lock file does not have, and from adding them to that file, which it does without
 * a permission. A package from elsewhere than a clone has no lock file of its own; Deno would look for one in the current folder.
 */
function frozenFor({ importsModule = false }: WorkerAccess): string[] {
  return importsModule || ROOT.protocol !== "file:" ? [] : ["--frozen"];
}

/** Ours and the user's. Deno adds up the lists of a kind, but takes no notice of the kind without a list beside one. */
function widened(own: readonly string[], extra: readonly string[]): string[] {
  const whole = extra.filter((flag) => flag.startsWith("--allow-") && !flag.includes("="));
  const isList = (flag: string) => flag.includes("=") && whole.includes(flag.slice(0, flag.indexOf("=")));
  return [...own, ...extra].filter((flag) => !isList(flag));
}

function confinedTo({ read, net }: WorkerAccess): string[] {
  const readable = [...ownReads(), ...read].map(withoutComma);
  return [
    `--allow-read=${readable.join(",")}`,
    `--allow-net=${net.join(",")}`,
    `--allow-env=${[...READABLE_VARIABLES, ...IDENTITY_VARIABLES, STORAGE_VARIABLE].join(",")}`,
    "--allow-sys=hostname,uid",
    ...ROOT.protocol === "file:" ? [] : [`--allow-import=${ROOT.host}`],
  ];
}

/**
 * Deno's flags can't name a path with a comma in it (2.9 refuses a doubled one as an empty path): the folder above it that has
 * none stands for it.
 */
function withoutComma(path: string): string {
  const at = path.indexOf(",");
  return at < 0 ? path : dirname(path.slice(0, at));
}
