/**
 * Text that bash reads as it is meant. Only rendered scripts need it: commands are run by their words.
 *
 * @module
 */

const PLAIN = /^[A-Za-z0-9_@%+=:,./^-]+$/;
const CONTROL = /\p{Cc}/u;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A word that arrives unchanged, with spaces, quotes, dollars and line feeds, and that is always on one line: a scheduler may
 * take a line that begins like a directive for one, wherever in the script it is (Grid Engine does).
 */
export function shellWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (!CONTROL.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  return `$'${word.replace(/[\\']/g, "\\$&").replace(/\p{Cc}/gu, escaped)}'`;
}

/** Words as one command line. */
export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** Octal, byte by byte, means the same in every locale. */
function escaped(control: string): string {
  const bytes = [...new TextEncoder().encode(control)];
  return NAMED[control] ?? bytes.map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
