/**
 * How an error ends the program: its exit status and its one line.
 *
 * @module
 */
import {
  BlockfleetError,
  ChannelClosedError,
  ConfigError,
  messageOf,
  printableText,
  UnavailableError,
  WorkerError,
} from "../core/errors.ts";
import { keptNoteOf } from "../core/kept_note.ts";
import { EXIT_NO_MANAGER } from "../core/worker_exit.ts";
import { inCliWords } from "./cli_words.ts";
import type { OptionSpec } from "./option_table.ts";

/** Done. */
export const EXIT_DONE = 0;
/** The job failed. */
export const EXIT_FAILED = 1;
/** Wrong use: an unknown option, a bad value, a combination that makes no sense. */
const EXIT_USAGE = 2;
/** The kind of compute worker is not available here. */
const EXIT_UNAVAILABLE = 3;

/** The signals that end a run in order, by their numbers (POSIX). */
export const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that ends a run in order. */
export type EndingSignal = keyof typeof SIGNAL_NUMBERS;

/** The run was ended by a signal and has cleaned up. */
export class InterruptedError extends BlockfleetError {
  /** The signal. */
  readonly signal: EndingSignal;

  /** The error that a signal ends a run with. */
  constructor(signal: EndingSignal, options?: ErrorOptions) {
    super(`Ended by ${signal}`, options);
    this.signal = signal;
  }
}

/** The exit status that a signal gives, as shells count: 128 and the signal's number. */
export function signalStatus(signal: EndingSignal): number {
  return 128 + SIGNAL_NUMBERS[signal];
}

/** The exit status that an error gives. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof InterruptedError) return signalStatus(error.signal);
  if (error instanceof ConfigError) return EXIT_USAGE;
  if (error instanceof UnavailableError) return EXIT_UNAVAILABLE;
  if (error instanceof ChannelClosedError) return EXIT_NO_MANAGER;
  return EXIT_FAILED;
}

/**
 * An error in one line, in the words of the command line.
 *
 * @param options those of the command, whose `apiName`s are put as `--name`.
 */
export function errorLine(error: unknown, options: readonly OptionSpec[]): string {
  let line = messageOf(error);
  const kept = error instanceof InterruptedError ? keptNoteOf(error.cause) : undefined;
  if (kept !== undefined) line += `. ${kept}`;
  if (!(error instanceof BlockfleetError)) {
    // Nothing else is thrown on purpose, so the name of the error is the only thing that places it.
    const name = error instanceof Error ? error.name : "thrown value";
    return `${name}: ${line} (this is not an error that blockfleet expects; --verbose shows where it came from)`;
  }
  return inCliWords(line, options);
}

/** The stack of an error, the stack in the worker that it came from, and those of its causes. */
export function errorDetails(error: unknown): string {
  const lines: string[] = [];
  const seen = new Set<unknown>();
  for (let at = error, title = ""; at !== undefined && !seen.has(at); title = "Caused by: ") {
    seen.add(at);
    lines.push(title + (at instanceof Error ? at.stack ?? String(at) : String(at)));
    if (at instanceof WorkerError && at.context.remoteStack) {
      lines.push(`In the worker: ${at.context.remoteStack}`);
    }
    if (at instanceof AggregateError) {
      lines.push(...at.errors.map((one) => `One of them: ${errorDetails(one)}`));
    }
    at = at instanceof Error ? at.cause : undefined;
  }
  return lines.map(printableText).join("\n");
}
