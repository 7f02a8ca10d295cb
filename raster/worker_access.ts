/**
 * What workers in processes of their own are allowed for a run: to read its inputs, and nothing else.
 *
 * @module
 */
import type { CheckedConcurrency } from "../core/checked_concurrency.ts";
import type { Driver } from "../core/driver.ts";
import type { WorkerAccess } from "../core/worker_command.ts";
import { commonFolders } from "./common_folders.ts";
import type { InputFile } from "./raster_job.ts";
import { isRemote, readableLocation } from "./source/location.ts";
import { realLocation } from "./source/real_location.ts";

/** What a worker of a run opens, and whether that must be permitted to it. */
export interface WorkerNeeds {
  /** Whether its permissions are listed: it is a process of its own, and not allowed to read everything. */
  readonly isConfined: boolean;
  /** The inputs that it reads by itself. */
  readonly inputs: readonly Pick<InputFile, "openAs" | "server">[];
  /** The URL of the user's module, if it imports that by its place. */
  readonly module: string | undefined;
  /** Hears of it if more may be read than the inputs. */
  readonly onNotice?: ((line: string) => void) | undefined;
}

/**
 * The least that a worker must be allowed that opens these.
 *
 * @throws {RasterError} if there are so many inputs in so many folders that they can't be listed.
 */
export function workerAccess({ isConfined, inputs, module, onNotice }: WorkerNeeds): WorkerAccess {
  const local = new Set<string>();
  const net = new Set<string>();
  for (const { openAs, server } of inputs) {
    if (!isRemote(openAs)) local.add(openAs);
    else {
      net.add(new URL(openAs).host);
      if (server !== undefined) net.add(server);
    }
  }
  if (module !== undefined) {
    if (isRemote(module)) net.add(new URL(module).host);
    // Deno looks at the path that it is asked for, and a module's own URL is not its real path.
    else local.add(realLocation(module)).add(readableLocation(module));
  }
  const importsModule = module !== undefined;
  if (!isConfined) return { read: [], net: [...net], importsModule };
  const { paths, folders } = commonFolders(local, { home: Deno.env.get("HOME") });
  if (folders.length > 0) onNotice?.(widenedNotice(inputs.length, folders));
  return { read: paths, net: [...net], importsModule };
}

/** Whether workers' permissions to read must be listed. */
export function readsAreListed(
  { inProcess }: Pick<Driver, "inProcess">,
  { workerPermissions }: Pick<CheckedConcurrency, "workerPermissions">,
): boolean {
  return !inProcess && !workerPermissions.some((flag) => flag === "--allow-all" || flag === "--allow-read");
}

/** How many folders a notice names. */
const NAMED = 3;

function widenedNotice(inputs: number, folders: readonly string[]): string {
  const named = folders.slice(0, NAMED).map((folder) => `'${folder}'`).join(", ");
  const more = folders.length > NAMED ? ` and ${folders.length - NAMED} more folders` : "";
  return `The ${inputs} inputs are too many to be permitted one by one: confined workers may read all of ${named}${more}`;
}
