/**
 * How an error ends the program: its exit status and its one line.
 *
 * @module
 */
import {
  BlockfleetError,
  ChannelClosedError,
  ConfigError,
  isError,
  messageOf,
  printableText,
  UnavailableError,
  WorkerError,
} from "../core/errors.ts";
import { keptNoteOf } from "../core/kept_note.ts";
import { thrownFacts } from "../core/thrown_facts.ts";
import { EXIT_NO_MANAGER } from "../core/worker_exit.ts";
import { inCliWords } from "./cli_words.ts";
import type { OptionSpec } from "./option_table.ts";

/** An error's line is longer than the messages that it quotes, so that what to do at its end is not cut off; characters. */
const MAX_LINE = 10_000;

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
  if (!isError(error)) return EXIT_FAILED;
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
  let line = messageOf(error, MAX_LINE);
  const unexpected = "(this is not an error that blockfleet expects; --verbose shows where it came from)";
  if (!isError(error)) return `thrown value: ${line} ${unexpected}`;
  const kept = error instanceof InterruptedError ? keptNoteOf(error.cause) : undefined;
  if (kept !== undefined) line += `. ${kept}`;
  if (!(error instanceof BlockfleetError)) {
    // Nothing else is thrown on purpose, so the name of the error is the only thing that places it.
    return `${thrownFacts(error).name}: ${line} ${unexpected}`;
  }
  return inCliWords(line, options);
}

/** The stack of an error, the stack in the worker that it came from, and those of its causes. */
export function errorDetails(error: unknown): string {
  return detailLines(error, { deep: 0, seen: new Set() }).map(printableText).join("\n");
}

/** How far it is followed: chains of causes, and errors of several errors, may be as deep as user code makes them. */
const MAX_CAUSES = 10;
const MAX_ERRORS = 20;

function detailLines(
  error: unknown,
  above: { readonly deep: number; readonly seen: Set<unknown> },
): string[] {
  const { deep, seen } = above;
  if (seen.has(error)) return [];
  if (deep > MAX_CAUSES) return ["(and more)"];
  seen.add(error);
  const { message, stack } = thrownFacts(error);
  const lines = [stack || message];
  if (!isError(error)) return lines;
  if (error instanceof WorkerError && error.context.remoteStack) {
    lines.push(`In the worker: ${error.context.remoteStack}`);
  }
  const below = (title: string, one: unknown) => {
    const [first, ...others] = detailLines(one, { deep: deep + 1, seen });
    if (first !== undefined) lines.push(title + first, ...others);
  };
  for (const one of causesOf(error).errors) below("One of them: ", one);
  const { cause } = causesOf(error);
  if (cause !== undefined) below("Caused by: ", cause);
  return lines;
}

/** What lies below an error; nothing where that can't be read. */
function causesOf(error: Error): { readonly errors: readonly unknown[]; readonly cause?: unknown } {
  try {
    const errors = error instanceof AggregateError ? Array.from(error.errors.slice(0, MAX_ERRORS)) : [];
    return { errors, cause: error.cause };
  } catch {
    return { errors: [] };
  }
}
