/**
 * `blockfleet apply`: the main job.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import { findDriver, getDriver } from "../core/registry.ts";
import { apply } from "../raster/apply.ts";
import type { ApplyOptions, ApplyResult } from "../raster/apply_options.ts";
import { checkApply } from "../raster/check_apply.ts";
import { APPLY_OPTIONS } from "./apply_option_table.ts";
import { applyRequest } from "./apply_request.ts";
import type { CliConsole } from "./cli_console.ts";
import { inCliWords } from "./cli_words.ts";
import { driverOption } from "./driver_option.ts";
import { EXIT_DONE } from "./exit_status.ts";
import { toJson } from "./json_output.ts";
import { noticesTo } from "./notices.ts";
import { parseChoice } from "./option_values.ts";
import type { ParsedOptions } from "./option_table.ts";
import { showPreview } from "./preview_output.ts";
import { openReport } from "./report_file.ts";
import { reportPage } from "./report_page.ts";
import { runWithProgress } from "./run_with_progress.ts";
import { submitManager } from "./submit_manager.ts";
import { blocksLine, outputLine, planLine } from "./summary_lines.ts";
import { VERSION } from "./version.ts";

/** Runs the command. See {@linkcode main} for what becomes of errors. */
export async function runApply(options: ParsedOptions, console: CliConsole): Promise<number> {
  const timings = options.value("timings");
  const level = timings === undefined ? undefined : parseChoice("timings", timings, ["0", "1"]);
  if (options.has("dry-run") && options.has("submit-manager")) {
    throw new ConfigError("--dry-run submits nothing and --submit-manager does: give one");
  }
  const request = await applyRequest(options, await driverOption(options));
  if (options.has("dry-run")) return await dryRun(request, { options, console });
  if (options.has("submit-manager")) return await submit(request, { options, console });
  const isQuiet = options.has("quiet");
  const reportPath = options.value("report");
  const writeReport = reportPath === undefined ? undefined : await openReport(reportPath);
  const result = await runWithProgress(
    ({ signal, onProgress, onNotice }) =>
      apply({
        ...{ ...request, signal, onProgress },
        onNotice: (line) => onNotice(inCliWords(line, APPLY_OPTIONS)),
      }),
    console,
    { quiet: isQuiet },
  );
  await writeReport?.(reportPage(result, {
    ...{ userFunction: options.positionals[0]!, jobName: request.jobName, endedAt: new Date() },
    ...{ host: Deno.hostname(), version: VERSION },
  }));
  if (options.has("json")) console.out(toJson(jsonResult(result)));
  else if (!isQuiet) showResult(result, request, console);
  if (level !== undefined) console.err(result.timings.formatReport(level === "1" ? 1 : 0));
  return EXIT_DONE;
}

interface CommandContext {
  readonly options: ParsedOptions;
  readonly console: CliConsole;
}

/** `--dry-run`: all checks, and what the driver would do. */
async function dryRun(request: ApplyOptions, { options, console }: CommandContext): Promise<number> {
  const driver = await findDriver(request.concurrency!.computeWorkerKind!);
  const checked = await checkApply(request, { driver, onNotice: noticesTo(console, options) });
  const preview = await driver.preview?.(checked.spec);
  if (options.has("json")) {
    const { blockCount, plan, spec } = checked;
    console.out(toJson({
      ok: true,
      kind: driver.kind,
      blocks: { total: blockCount },
      workers: spec.workers,
      outputs: plan.files.map(({ label, path }) => ({ name: label, path })),
      steps: preview?.steps ?? [],
    }));
    return EXIT_DONE;
  }
  if (!options.has("quiet")) console.err(planLine(driver.kind, checked));
  if (preview) showPreview(preview, console);
  return EXIT_DONE;
}

/** `--submit-manager`: what would fail at once should not have to wait in a queue first. */
async function submit(request: ApplyOptions, { options, console }: CommandContext): Promise<number> {
  const driver = await getDriver(request.concurrency!.computeWorkerKind!);
  const { spec } = await checkApply(request, { driver, onNotice: noticesTo(console, options) });
  // The driver's own check of its parameters.
  await driver.preview?.(spec);
  await submitManager(options, { request, driver, console });
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

/** Other args that the function has only read are known to whoever gave them. */
function showResult(result: ApplyResult, { otherArgs }: ApplyOptions, console: CliConsole): void {
  const given = toJson(otherArgs);
  for (const output of result.outputs) console.out(outputLine(output));
  console.out(blocksLine(result));
  for (const args of heldArgs(result).map(toJson)) if (args !== given) console.out(`otherArgs: ${args}`);
}

/** Without other args each worker's copy is nothing. */
function heldArgs({ otherArgsList }: ApplyResult): unknown[] {
  return otherArgsList.filter((args) => args !== undefined && args !== null);
}
