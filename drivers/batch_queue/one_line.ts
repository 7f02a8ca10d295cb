/**
 * What stands in a directive must be on one line: no scheduler has a quote for a line feed there, and what follows it would be
 * a command of the script.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import { shellWord } from "./shell_words.ts";

/** Whether a text holds a line feed or another control character; a tab is as good as a space. */
export function hasControl(text: string): boolean {
  return /[^\P{Cc}\t]/u.test(text);
}

/**
 * Refuses a folder for logs that no directive can name.
 *
 * @param what whose logs they are: `the workers' logs`.
 * @param remedy what to do, such as `choose another folder with logFolder`.
 * @throws {ConfigError} if its path holds a control character.
 */
export function checkLogPath(folder: string, what: string, remedy: string): void {
  if (!hasControl(folder)) return;
  throw new ConfigError(
    `The folder of ${what}, ${
      shellWord(folder)
    }, has a line feed or another control character in its path, ` +
      `which no directive of a job script can hold: ${remedy}`,
  );
}

/**
 * Refuses a directive of more than one line.
 *
 * @throws {ConfigError} if it holds a control character.
 */
export function checkDirective(line: string): string {
  if (!hasControl(line)) return line;
  throw new ConfigError(
    `The directive ${shellWord(line)} holds a line feed or another control character: ` +
      "take it out of the name or the path there",
  );
}
