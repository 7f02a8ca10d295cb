/**
 * What workers in processes of their own are allowed for a run: to read its inputs, and nothing else.
 *
 * @module
 */
import type { WorkerAccess } from "../core/worker_command.ts";
import { isFileUrl, isRemote } from "./source/location.ts";

/**
 * The least that a worker needs that reads these.
 *
 * @param locations paths and URLs of inputs, and of modules that are imported by path. Of one that does not exist only
 * its own path is allowed.
 */
export function workerAccess(locations: readonly string[]): WorkerAccess {
  const read = new Set<string>();
  const net = new Set<string>();
  for (const location of locations) {
    if (isRemote(location)) {
      net.add(new URL(location).host);
      continue;
    }
    const path = isFileUrl(location) ? decodeURIComponent(new URL(location).pathname) : location;
    read.add(realPath(path)).add(path);
  }
  return { read: [...read], net: [...net] };
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return path;
  }
}
