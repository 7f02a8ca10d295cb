/**
 * `apply --submit-manager`: the same command as a job.
 *
 * @module
 */
import type { Driver } from "../core/driver.ts";
import { ConfigError } from "../core/errors.ts";
import { ownCommand } from "../core/worker_command.ts";
import type { ApplyOptions } from "../raster/apply_options.ts";
import { APPLY_HELP } from "./apply_help.ts";
import type { CliConsole } from "./cli_console.ts";
import { optionsOf } from "./command.ts";
import { toJson } from "./json_output.ts";
import { noticesTo } from "./notices.ts";
import type { ParsedOptions } from "./option_table.ts";

/**
 * Submits the manager and says how to follow it. The job runs in this folder, so that paths mean there what they mean
 * here.
 *
 * @throws {ConfigError} if the kind can't do so.
 * @throws what the driver throws if it can't be submitted.
 */
export async function submitManager(
  options: ParsedOptions,
  { request, driver, console }: {
    readonly request: ApplyOptions;
    readonly driver: Driver;
    readonly console: CliConsole;
  },
): Promise<void> {
  if (!driver.submitManager) {
    throw new ConfigError(
      `${driver.kind} can't run the manager as a job: leave --submit-manager out, or choose another --kind`,
    );
  }
  const manager = await driver.submitManager({
    command: [
      ...ownCommand(["--allow-all"]),
      "apply",
      ...options.toArguments(optionsOf(APPLY_HELP), ["submit-manager"]),
    ],
    folder: Deno.cwd(),
    jobName: request.jobName,
    extraParams: request.concurrency?.computeWorkerExtraParams ?? {},
  });
  manager.notices?.forEach(noticesTo(console, options));
  if (options.has("json")) return console.out(toJson({ ok: true, manager }));
  if (options.has("quiet")) return console.out(manager.nativeId);
  console.out([
    `The manager is job ${manager.nativeId}. It writes to ${manager.logFile}`,
    ...manager.follow.map(({ title, command }) => `${title}: ${command}`),
  ].join("\n"));
}
