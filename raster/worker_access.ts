/**
 * What workers in processes of their own are allowed for a run: to read its inputs, and nothing else.
 *
 * @module
 */
import type { WorkerAccess } from "../core/worker_command.ts";
import { commonFolders } from "./common_folders.ts";
import type { InputFile } from "./raster_job.ts";
import { isRemote, readableLocation } from "./source/location.ts";
import { realLocation } from "./source/real_location.ts";

/** What a worker of a run opens. */
export interface WorkerNeeds {
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
export function workerAccess({ inputs, module, onNotice }: WorkerNeeds): WorkerAccess {
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
  const { paths, folders } = commonFolders(local);
  if (folders.length > 0) onNotice?.(widenedNotice(inputs.length, folders));
  return { read: paths, net: [...net] };
}

/** How many folders a notice names. */
const NAMED = 3;

function widenedNotice(inputs: number, folders: readonly string[]): string {
  const named = folders.slice(0, NAMED).map((folder) => `'${folder}'`).join(", ");
  const more = folders.length > NAMED ? ` and ${folders.length - NAMED} more folders` : "";
  return `The ${inputs} inputs are too many to be permitted one by one: confined workers may read all of ${named}${more}`;
}
