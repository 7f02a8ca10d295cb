/**
 * The packages that worker processes import. Those start with `--cached-only`, so that a user function can't have any other
 * package fetched, and with this package's own lock file. A program of a project that links to this one has its own lock file:
 * what it has fetched for itself may be other versions.
 *
 * @module
 */
import { fromFileUrl } from "@std/path/from-file-url";
import { runDeno } from "./deno_helper.ts";
import { AbortedError, messageOf, UnavailableError } from "./errors.ts";
import { denoFolder } from "./own_reads.ts";

const ROOT = new URL("../", import.meta.url);
/** What workers start with, and what their threads do. */
const ENTRIES = ["cli/main.ts", "raster/compute_thread.ts", "core/worker/map_thread.ts"];

/** What is used of a lock file. */
interface LockFile {
  readonly npm?: Readonly<Record<string, { readonly os?: unknown; readonly cpu?: unknown }>>;
}

/** How packages are fetched. */
export interface FetchPackagesOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Hears that something is fetched. */
  readonly notice: (line: string) => void;
}

/**
 * Fetches into Deno's cache what workers need and is not there.
 *
 * @throws {UnavailableError} if it can't be had from here.
 * @throws {AbortedError} if the signal ends it.
 */
export async function fetchWorkerPackages({ signal, notice }: FetchPackagesOptions): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  notice(`Fetching ${missing.length} packages of workers into Deno's cache, such as ${missing[0]}`);
  const args = ["cache", "--quiet", "--frozen", ...ENTRIES];
  const folder = fromFileUrl(ROOT);
  const way = `(cd '${folder}' && deno ${args.join(" ")})`;
  let output: Deno.CommandOutput;
  try {
    output = await runDeno(args, { cwd: folder, signal });
  } catch (error) {
    if (signal.aborted) {
      throw new AbortedError("The run was ended while packages were fetched", { cause: error });
    }
    throw new UnavailableError(
      `Workers need packages that Deno can't fetch: ${messageOf(error)}. Run ${way}`,
    );
  }
  if (signal.aborted) throw new AbortedError("The run was ended while packages were fetched");
  if (output.success) return;
  const said = new TextDecoder().decode(output.stderr).split("\n\nStack backtrace")[0]!;
  const reason = messageOf(said).replace(/^error: /, "").slice(0, 300);
  throw new UnavailableError(
    `Workers need packages that are not in Deno's cache, such as ${
      missing[0]
    }, and can't be fetched from here: ` +
      `${reason}. Where there is a network, run ${way}`,
  );
}

/** Packages of the lock file that are not in Deno's cache; none where that can't be seen. */
async function missingPackages(): Promise<string[]> {
  const folder = denoFolder();
  if (folder === undefined) return [];
  try {
    const lock = JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT))) as LockFile;
    // Those for one system are not fetched on another.
    const names = Object.entries(lock.npm ?? {}).filter(([, { os, cpu }]) =>
      os === undefined && cpu === undefined
    )
      .map(([name]) => name);
    const registries = await foldersIn(`${folder}/npm`);
    const isThere = await Promise.all(
      names.map(async (name) => {
        // `@scope/name@1.2.3`, with `_` and the versions of its peers behind it where they matter.
        const [, path, version] = /^(@?[^@]+)@([^_]+)/.exec(name) ?? [];
        for (const registry of registries) if (await exists(`${registry}/${path}/${version}`)) return true;
        return false;
      }),
    );
    return names.filter((_, at) => !isThere[at]);
  } catch (error) {
    const isUnseen = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable;
    if (isUnseen) return [];
    throw error;
  }
}

async function foldersIn(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => `${path}/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
