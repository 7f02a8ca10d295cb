/**
 * Shows what a driver would submit or call.
 *
 * @module
 */
import type { Preview } from "../core/driver.ts";
import type { CliConsole } from "./cli_console.ts";

/**
 * Prints the steps, each under its title, as a comment of shells. A script that comes first stands first in the output,
 * so that redirected into a file it is one: its title then goes to standard error.
 */
export function showPreview({ steps }: Preview, console: CliConsole): void {
  steps.forEach(({ title, text }, index) => {
    const isScript = index === 0 && text.startsWith("#!");
    if (isScript) console.err(`# ${title}`);
    else console.out(`${index > 0 ? "\n" : ""}# ${title}`);
    console.out(text.replace(/\n$/, ""));
  });
}
