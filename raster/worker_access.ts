/**
 * What workers in processes of their own are allowed for a run: to read its inputs, and nothing else.
 *
 * @module
 */
import type { WorkerAccess } from "../core/worker_command.ts";
import type { UserFunctionSpec } from "../core/worker/user_function.ts";
import type { InputPlan } from "./raster_job.ts";

/** The least that the job needs of a worker that reads for itself. */
export function workerAccess(
  inputs: readonly InputPlan[],
  options: { readonly userFunction: UserFunctionSpec; readonly readsHere: boolean },
): WorkerAccess {
  const read = new Set<string>();
  const net = new Set<string>();
  const locations = options.readsHere
    ? inputs.flatMap(({ files }) => files.map(({ location }) => location))
    : [];
  if (options.userFunction.kind === "module") locations.push(options.userFunction.url);
  for (const location of locations) {
    const url = /^(https?|file):/.test(location) ? new URL(location) : undefined;
    if (url?.protocol.startsWith("http")) net.add(url.host);
    else read.add(Deno.realPathSync(url ?? location)).add(url ? decodeURIComponent(url.pathname) : location);
  }
  return { read: [...read], net: [...net] };
}
