/**
 * What a failed run has kept, told with its error.
 *
 * @module
 */
import { BlockfleetError, isError, messageOf } from "./errors.ts";

const notes = new WeakMap<object, string>();

/**
 * The same error, whose message goes on with what is kept and how to go on with it.
 *
 * @param note whole sentences without the last full stop; undefined if nothing is kept.
 */
export function withKeptNote(error: unknown, note: string | undefined): unknown {
  if (note === undefined) return error;
  const message = `${messageOf(error).replace(/\.$/, "")}. ${note}`;
  const noted = isError(error) && takesMessage(error, message)
    ? error
    : new BlockfleetError(message, { cause: error });
  notes.set(noted, note);
  return noted;
}

/** Gives an error another message; false if it does not take one: it is frozen, or what a user function has made of it. */
function takesMessage(error: Error, message: string): boolean {
  try {
    error.message = message;
    return error.message === message;
  } catch {
    return false;
  }
}

/** What {@linkcode withKeptNote} added to an error; undefined if nothing. */
export function keptNoteOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null ? notes.get(error) : undefined;
}
