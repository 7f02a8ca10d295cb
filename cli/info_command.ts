/**
 * `blockfleet info`: what rasters are.
 *
 * @module
 */
import { readFileInfo } from "../raster/sidecars/read_file_info.ts";
import type { CliConsole } from "./cli_console.ts";
import { errorDetails, errorLine, EXIT_DONE, EXIT_FAILED } from "./exit_status.ts";
import { infoFacts, infoLines } from "./info_facts.ts";
import { toJson } from "./json_output.ts";
import type { ParsedOptions } from "./option_table.ts";

/** Runs the command. */
export async function runInfo(options: ParsedOptions, console: CliConsole): Promise<number> {
  const asJson = options.has("json");
  const files: unknown[] = [];
  let failed = 0;
  let shown = 0;
  for (const location of options.positionals) {
    try {
      const info = await readFileInfo(location);
      if (asJson) files.push({ ok: true, ...infoFacts(info) });
      else console.out((shown++ > 0 ? "\n" : "") + infoLines(info).join("\n"));
    } catch (error) {
      failed++;
      const message = errorLine(error, []);
      console.err(`blockfleet: ${message}`);
      if (options.has("verbose")) console.err(errorDetails(error));
      const name = error instanceof Error ? error.name : "Error";
      files.push({ ok: false, location, error: { name, message } });
    }
  }
  if (asJson) console.out(toJson({ ok: failed === 0, files }));
  return failed > 0 ? EXIT_FAILED : EXIT_DONE;
}
