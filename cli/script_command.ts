/**
 * `blockfleet script`: what `apply` would submit or call.
 *
 * @module
 */
import type { Driver } from "../core/driver.ts";
import { ConfigError } from "../core/errors.ts";
import { findDriver } from "../core/registry.ts";
import { outlineApply } from "../raster/check_apply.ts";
import { applyRequest } from "./apply_request.ts";
import type { CliConsole } from "./cli_console.ts";
import { driverOption } from "./driver_option.ts";
import { EXIT_DONE } from "./exit_status.ts";
import { toJson } from "./json_output.ts";
import { noticesTo } from "./notices.ts";
import type { ParsedOptions } from "./option_table.ts";
import { showPreview } from "./preview_output.ts";

/** Options of `apply` that say what to do with a run; here there is none. */
const NOT_HERE = ["dry-run", "submit-manager"];

/** Runs the command. */
export async function runScript(options: ParsedOptions, console: CliConsole): Promise<number> {
  const wrong = NOT_HERE.find((name) => options.has(name));
  if (wrong !== undefined) {
    throw new ConfigError(
      `--${wrong} is for blockfleet apply: blockfleet script starts nothing. Leave it out`,
    );
  }
  const request = await applyRequest(options, { ...await driverOption(options), isOutline: true });
  const driver = await findDriver(request.concurrency!.computeWorkerKind!);
  const advice = options.has("kind") || options.has("driver")
    ? "choose another --kind"
    : "give --kind, such as --kind CW_SLURM";
  const show = options.has("probe") ? probeOf(driver, advice) : previewOf(driver, advice);
  const preview = await show(
    await outlineApply(request, { driver, onNotice: noticesTo(console, options) }),
  );
  if (options.has("json")) console.out(toJson({ ok: true, kind: driver.kind, steps: preview.steps }));
  else showPreview(preview, console);
  return EXIT_DONE;
}

function previewOf(driver: Driver, advice: string): NonNullable<Driver["preview"]> {
  if (driver.preview) return driver.preview.bind(driver);
  throw new ConfigError(
    `${driver.kind} submits nothing that could be shown: ${advice}; blockfleet kinds lists them`,
  );
}

function probeOf(driver: Driver, advice: string): NonNullable<Driver["probe"]> {
  if (driver.probe) return driver.probe.bind(driver);
  throw new ConfigError(
    `${driver.kind} has no probe: ${advice}; blockfleet kinds lists them`,
  );
}
