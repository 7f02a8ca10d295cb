/**
 * Errors that happened in a worker, as the user sees them.
 *
 * @module
 */
import { ConfigError, messageOf, RasterError, WorkerError, type WorkerErrorContext } from "./errors.ts";
import type { RemoteError } from "./messages.ts";

/** Errors whose message already says everything, so that the class name would only be in the way. */
const SELF_EXPLAINING = new Set([
  "RasterError",
  "InputChangedError",
  "ConfigError",
  "BlockfleetError",
  "WorkerError",
]);

/** A worker for people: its number and, where it runs elsewhere, its id and host. */
export function describeWorker(context: WorkerErrorContext): string {
  const elsewhere = context.host !== undefined && context.host !== Deno.hostname()
    ? ` on ${context.host}`
    : "";
  return `worker ${context.worker}${elsewhere}`;
}

/** The error for a block whose computation threw. */
export function blockFailure(error: RemoteError, context: WorkerErrorContext): WorkerError {
  const { stack } = error;
  const explained = SELF_EXPLAINING.has(error.name);
  const what = explained
    ? messageOf(error.message)
    : `${error.name}: ${messageOf(error.message)}${place(stack)}`;
  const whose = explained
    ? "Cannot compute"
    : error.phase === "read"
    ? "Cannot read the inputs of"
    : "The user function failed in";
  const message = `${whose} ${context.block} on ${describeWorker(context)}: ${what}`;
  return new WorkerError(message, { ...context, remoteStack: stack });
}

/** The error for a worker that could not make itself ready. */
export function initFailure(error: RemoteError, context: WorkerErrorContext): Error {
  const message = messageOf(error.message);
  if (error.name === "ConfigError") return new ConfigError(message);
  if (error.name === "RasterError") return new RasterError(message);
  return new WorkerError(`${describeWorker(context)} could not start: ${error.name}: ${message}`, {
    ...context,
    remoteStack: error.stack,
  });
}

/** Where the topmost frame of a stack is, as ` at FILE:LINE:COLUMN`. */
function place(stack: string): string {
  // Deno shows file URLs decoded, so that there may be blanks and parentheses in them.
  const frame = /^\s*at .*?((?:file|https?|npm|function):.+?:\d+:\d+)\)?$/m.exec(stack)?.[1];
  return frame === undefined ? "" : ` at ${frame.replace(/^file:\/\//, "")}`;
}
