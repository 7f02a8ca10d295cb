/**
 * Values in messages.
 *
 * @module
 */

/** A value that a message refuses, short and on one line: a text has quotes, so that "512" is not taken for 512. */
export function shownValue(value: unknown): string {
  return Deno.inspect(value, { breakLength: Infinity, compact: true, depth: 1, strAbbreviateSize: 80 });
}
