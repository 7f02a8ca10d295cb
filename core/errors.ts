/**
 * Every error that blockfleet throws on purpose. All are {@linkcode BlockfleetError}s, so a caller can
 * tell them from a bug; each says in one line what failed, with the value quoted, and what to do.
 * Wrong arguments to a function are `TypeError` or `RangeError` as elsewhere in JavaScript.
 *
 * @module
 */

/** The root of blockfleet's errors. `cause` holds what lay below, where there was something. */
export class BlockfleetError extends Error {
  /** An error; its name is its class's. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What the user asked for can't be done as asked; found before anything starts. */
export class ConfigError extends BlockfleetError {}

/** A kind of compute worker can't run here, and why. */
export class UnavailableError extends BlockfleetError {}

/** A driver could not start, watch or stop its workers. */
export class DriverError extends BlockfleetError {}

/** A queue refused a job, in its own words. */
export class SubmitError extends DriverError {
  /** Whether the same may be accepted later. */
  readonly transient: boolean;

  /** The error of a refused submission. */
  constructor(message: string, { transient, ...options }: ErrorOptions & { transient: boolean }) {
    super(message, options);
    this.transient = transient;
  }
}

/** An input can't be read, or an output can't be written. */
export class RasterError extends BlockfleetError {}

/** A file or folder is in the hands of another run; `holder` says whose. */
export class LockedError extends BlockfleetError {
  /** Who holds it, for people: run id, host, process. */
  readonly holder: string;

  /** An error about what `holder` holds. */
  constructor(message: string, holder: string, options?: ErrorOptions) {
    super(message, options);
    this.holder = holder;
  }
}

/** Where an error came from; every field that is known is named in the message. */
export interface WorkerErrorContext {
  /** The worker's number, from 0. */
  worker?: number;
  /** The job, task or process id by which the worker's kind knows it. */
  nativeId?: string;
  /** The host on which the worker ran. */
  host?: string;
  /** The block in hand, for people: `block (3, 2)`. */
  block?: string;
  /** The stack where the error was thrown, in the worker. */
  remoteStack?: string;
  /** The name of the error that was thrown, in the worker. */
  remoteName?: string;
  /** Whether what the user function did or gave is the cause. */
  inUserFunction?: boolean;
}

/** A compute worker failed, or the user function failed in it. */
export class WorkerError extends BlockfleetError {
  /** Where it happened. */
  readonly context: WorkerErrorContext;

  /** An error that happened where `context` says. */
  constructor(message: string, context: WorkerErrorContext, options?: ErrorOptions) {
    super(message, options);
    this.context = context;
  }
}

/** A named timeout ran out; only those that the user set, or that are documented with a default, can. */
export class TimeoutExceededError extends BlockfleetError {
  /** The option that set it, by its name. */
  readonly timeoutName: string;
  /** Its value, seconds. */
  readonly seconds: number;

  /** The error of the timeout of that name and value, that ran out while waiting for something; `detail` says why. */
  constructor(
    timeoutName: string,
    seconds: number,
    waitedFor: string,
    { detail }: { readonly detail?: string | undefined } = {},
  ) {
    super(
      `Timeout ${timeoutName} of ${seconds} s ran out: waited for ${waitedFor}. Raise it or leave it unset` +
        (detail === undefined ? "" : `. ${detail}`),
    );
    this.timeoutName = timeoutName;
    this.seconds = seconds;
  }
}

/** The run was ended by its abort signal. */
export class AbortedError extends BlockfleetError {}

/** The longest message that is shown, characters. A message that quotes others is longer than they are. */
const MAX_MESSAGE = 4000;
/** Of a list that was thrown, the entries that are shown. */
const MAX_ENTRIES = 100;

/**
 * What can be said of anything that was thrown, in one line without control characters. Never throws.
 *
 * @param maxLength where it is cut, characters.
 */
export function messageOf(error: unknown, maxLength: number = MAX_MESSAGE): string {
  const text = isError(error) ? propertyText(error, "message") || propertyText(error, "name") : textOf(error);
  // Cut first: a user function may throw megabytes.
  const lines = printableText(cutText(text.trim(), maxLength)).split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").join(" ");
}

/** Whether something that was thrown is an error. What can't be asked, such as a revoked proxy, is none. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

/** A property of an error as a text; user code may have made it anything, also a getter that throws. */
export function propertyText(error: Error, name: "name" | "message" | "stack"): string {
  try {
    return textOf(error[name] ?? "");
  } catch {
    return `(its ${name} can't be read)`;
  }
}

/** Whatever was thrown as a text; there are objects of which none can be made. */
export function textOf(value: unknown): string {
  try {
    if (ArrayBuffer.isView(value) || Array.isArray(value)) return listText(value as unknown as unknown[]);
    return String(value);
  } catch {
    // Its own toString() threw, or it has none: Object.create(null).
    return "an object that can't be shown as text";
  }
}

function listText(list: unknown[]): string {
  const show = (entry: unknown) =>
    typeof entry === "object" ? Object.prototype.toString.call(entry) : String(entry);
  const shown = Array.from(list.slice(0, MAX_ENTRIES), show).join(",");
  return list.length > MAX_ENTRIES ? `${shown},... (${list.length} entries)` : shown;
}

/** A text of at most so many characters, and how many more there were. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength).toWellFormed()}... (${text.length - maxLength} more characters)`;
}

/**
 * A text, perhaps of several lines, without the control characters that would steer a terminal, and without those of Unicode
 * that turn the direction of what follows, so that a name is shown as another one.
 */
export function printableText(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    " ",
  );
}

/** The data channel to the other side is closed, or could not be opened. */
export class ChannelClosedError extends BlockfleetError {}

/** The other side of the data channel broke its rules, or speaks another version of them. */
export class ProtocolError extends BlockfleetError {}

/** The other side of the data channel does not know the run's key, or has another certificate. */
export class AuthError extends BlockfleetError {}

/** The operating system's code of an error, such as "ENOSPC", where it has one. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : undefined;
}
