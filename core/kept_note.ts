/**
 * What a failed run has kept, told with its error.
 *
 * @module
 */
import { BlockfleetError } from "./errors.ts";

const notes = new WeakMap<object, string>();

/**
 * The same error, whose message goes on with what is kept and how to go on with it.
 *
 * @param note whole sentences without the last full stop; undefined if nothing is kept.
 */
export function withKeptNote(error: unknown, note: string | undefined): unknown {
  if (note === undefined) return error;
  const noted = error instanceof Error ? error : new BlockfleetError(String(error), { cause: error });
  noted.message = `${noted.message.replace(/\.$/, "")}. ${note}`;
  notes.set(noted, note);
  return noted;
}

/** What {@linkcode withKeptNote} added to an error; undefined if nothing. */
export function keptNoteOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null ? notes.get(error) : undefined;
}
