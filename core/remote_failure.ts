/**
 * Errors that happened in a worker, as the user sees them.
 *
 * @module
 */
import {
  ConfigError,
  messageOf,
  printableText,
  RasterError,
  WorkerError,
  type WorkerErrorContext,
} from "./errors.ts";
import type { RemoteError } from "./messages.ts";

/** Errors whose message already says everything, so that the class name would only be in the way. */
const SELF_EXPLAINING = new Set([
  "RasterError",
  "InputChangedError",
  "ConfigError",
  "BlockfleetError",
  "WorkerError",
]);

/** The folders of this package's code, written as in stacks. */
const OWN_FOLDERS = ["core", "raster", "drivers", "cli"].map((folder) =>
  decodeURI(new URL(`../${folder}/`, import.meta.url).href)
);

/** A worker for people: its number and, where it runs elsewhere, its id and host. */
export function describeWorker(context: WorkerErrorContext): string {
  const { worker, nativeId, host } = context;
  if (host === undefined || host === Deno.hostname()) return `worker ${worker}`;
  return `worker ${worker}${nativeId === undefined ? "" : ` (${nativeId})`} on ${host}`;
}

/** The error for a block whose computation threw. */
export function blockFailure(error: RemoteError, context: WorkerErrorContext): WorkerError {
  const { stack } = error;
  const explained = SELF_EXPLAINING.has(error.name);
  const what = explained
    ? messageOf(error.message)
    : `${messageOf(error.name)}: ${messageOf(error.message)}${printableText(place(stack))}`;
  const whose = explained
    ? "Cannot compute"
    : error.phase === "read"
    ? "Cannot read the inputs of"
    : "The user function failed in";
  const message = `${whose} ${context.block} on ${describeWorker(context)}: ${what}`;
  return new WorkerError(message, {
    ...context,
    remoteStack: stack,
    remoteName: error.name,
    ...error.phase === "compute" ? { inUserFunction: true } : {},
  });
}

/** The error for a worker that could not make itself ready. */
export function initFailure(error: RemoteError, context: WorkerErrorContext): Error {
  const message = messageOf(error.message);
  if (error.name === "ConfigError") return new ConfigError(message);
  if (error.name === "RasterError") return new RasterError(message);
  return new WorkerError(`${describeWorker(context)} could not start: ${messageOf(error.name)}: ${message}`, {
    ...context,
    remoteStack: error.stack,
  });
}

/** The error for a worker that computed its blocks and could not say its last word. */
export function finalFailure(error: RemoteError, context: WorkerErrorContext): WorkerError {
  const message = `${describeWorker(context)} could not finish: ${messageOf(error.message)}`;
  return new WorkerError(message, { ...context, remoteStack: error.stack });
}

/** Where the topmost frame of the user's own code is, as ` at FILE:LINE:COLUMN`; ours if all are. */
function place(stack: string): string {
  const places = stack.split("\n").map(framePlace).filter((one) => one !== undefined);
  const shown = places.find((one) => !isOurs(one)) ?? places[0];
  return shown === undefined ? "" : ` at ${shown.replace(/^file:\/\//, "")}`;
}

/** The place of a line `at NAME (URL:LINE:COLUMN)` of a stack. */
function framePlace(line: string): string | undefined {
  const frame = line.trim();
  if (!frame.startsWith("at ")) return undefined;
  // Deno shows file URLs decoded, so that there may be blanks and parentheses in them.
  const begin = frame.search(/(?:file|https?|npm|function):/);
  const place = frame.slice(begin, frame.endsWith(")") ? -1 : undefined);
  return begin >= 0 && /:\d+:\d+$/.test(place) ? place : undefined;
}

/** Whether a place is in this package, other than in its examples and tests. */
function isOurs(place: string): boolean {
  return OWN_FOLDERS.some((folder) => place.startsWith(folder));
}
