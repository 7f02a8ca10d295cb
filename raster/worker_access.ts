/**
 * What workers in processes of their own are allowed for a run: to read its inputs, and nothing else.
 *
 * @module
 */
import type { WorkerAccess } from "../core/worker_command.ts";

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
    const url = /^(https?|file):/.test(location) ? new URL(location) : undefined;
    if (url?.protocol.startsWith("http")) net.add(url.host);
    else read.add(realPath(url ?? location)).add(url ? decodeURIComponent(url.pathname) : location);
  }
  return { read: [...read], net: [...net] };
}

function realPath(path: string | URL): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return typeof path === "string" ? path : decodeURIComponent(path.pathname);
  }
}
