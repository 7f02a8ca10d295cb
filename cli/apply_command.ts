/**
 * `blockfleet apply`: the main job.
 *
 * @module
 */
import { loadDriverModule } from "../core/registry.ts";
import { apply } from "../raster/apply.ts";
import type { ApplyResult } from "../raster/apply_options.ts";
import { applyRequest } from "./apply_request.ts";
import type { CliConsole } from "./cli_console.ts";
import { EXIT_DONE } from "./exit_status.ts";
import { toJson } from "./json_output.ts";
import { parseChoice } from "./option_values.ts";
import type { ParsedOptions } from "./option_table.ts";
import { runWithProgress } from "./run_with_progress.ts";
import { blocksLine, outputLine } from "./summary_lines.ts";

/** Runs the command. See {@linkcode main} for what becomes of errors. */
export async function runApply(options: ParsedOptions, console: CliConsole): Promise<number> {
  const timings = options.value("timings");
  const level = timings === undefined ? undefined : parseChoice("timings", timings, ["0", "1"]);
  const driverModule = options.value("driver");
  const driver = driverModule === undefined ? undefined : await loadDriverModule(driverModule);
  const request = await applyRequest(options, {
    cores: navigator.hardwareConcurrency,
    ...driver && { defaultKind: driver.kind },
  });
  const isQuiet = options.has("quiet");
  const result = await runWithProgress(
    ({ signal, onProgress, onNotice }) => apply({ ...request, signal, onProgress, onNotice }),
    console,
    { quiet: isQuiet },
  );
  if (options.has("json")) console.out(toJson(jsonResult(result)));
  else if (!isQuiet) showResult(result, console);
  if (level !== undefined) console.err(result.timings.formatReport(level === "1" ? 1 : 0));
  return EXIT_DONE;
}

/** The one object that `--json` prints. Durations are seconds. */
function jsonResult(result: ApplyResult): Record<string, unknown> {
  const { outputs, blocks, workers, wallSeconds, timings } = result;
  const otherArgsList = heldArgs(result);
  return {
    ok: true,
    outputs,
    blocks,
    workers,
    wallSeconds,
    timings: Object.fromEntries(timings.statistics()),
    ...otherArgsList.length > 0 && { otherArgsList },
  };
}

function showResult(result: ApplyResult, console: CliConsole): void {
  for (const output of result.outputs) console.out(outputLine(output));
  console.out(blocksLine(result));
  for (const args of heldArgs(result)) console.out(`otherArgs: ${toJson(args)}`);
}

/** Without other args each worker's copy is nothing. */
function heldArgs({ otherArgsList }: ApplyResult): unknown[] {
  return otherArgsList.filter((args) => args !== undefined && args !== null);
}
