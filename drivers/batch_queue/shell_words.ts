/**
 * Text that a Bourne shell reads as it is meant. Only rendered scripts need it: commands are run by their words.
 *
 * @module
 */

const PLAIN = /^[A-Za-z0-9_@%+=:,./^-]+$/;

/** A word that arrives unchanged: with spaces, quotes, dollars and newlines. */
export function shellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Words as one command line. */
export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}
