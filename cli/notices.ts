/**
 * What the user should know beside the result of a command that shows no progress.
 *
 * @module
 */
import { APPLY_OPTIONS } from "./apply_option_table.ts";
import type { CliConsole } from "./cli_console.ts";
import { inCliWords } from "./cli_words.ts";
import type { ParsedOptions } from "./option_table.ts";

/** Where notices go: to standard error, in the words of the command line; nowhere with `--quiet`. */
export function noticesTo(console: CliConsole, options: ParsedOptions): (line: string) => void {
  return (line) => {
    if (!options.has("quiet")) console.err(inCliWords(line, APPLY_OPTIONS));
  };
}
