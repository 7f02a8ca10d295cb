/**
 * From the options of `blockfleet apply` about workers to a concurrency style.
 *
 * @module
 */
import { type ConcurrencyStyle, TIMEOUT_NAMES, type TimeoutName } from "../core/concurrency_style.ts";
import { CW_NONE, CW_THREADS } from "../core/kinds.ts";
import { APPLY_OPTIONS } from "./apply_option_table.ts";
import { channelStyleOf } from "./channel_request.ts";
import { extraParamsOf } from "./extra_params.ts";
import type { Mutable } from "./mutable.ts";
import type { ParsedOptions } from "./option_table.ts";
import { parseChoice, parseCount, parseSeconds, parseWorkers } from "./option_values.ts";

/** What the options are read with, besides themselves. */
export interface ConcurrencyContext {
  /** Compute workers where the user gives no number. */
  readonly cores: number;
  /** The kind where the user gives none: that of `--driver`. Default `CW_THREADS`. */
  readonly defaultKind?: string;
}

/**
 * What was said of the workers.
 *
 * @throws {ConfigError} if a value makes no sense.
 */
export async function concurrencyOf(
  options: ParsedOptions,
  { cores, defaultKind = CW_THREADS }: ConcurrencyContext,
): Promise<ConcurrencyStyle> {
  const kind = options.value("kind") ?? defaultKind;
  const style: Mutable<ConcurrencyStyle> = { computeWorkerKind: kind };
  const workers = options.value("workers");
  if (workers !== undefined) Object.assign(style, parseWorkers("workers", workers));
  else if (kind !== CW_NONE && !options.has("single-block-workers")) style.numComputeWorkers = cores;
  if (options.has("single-block-workers")) style.singleBlockComputeWorkers = true;
  const readWorkers = options.value("read-workers");
  if (readWorkers !== undefined) style.numReadWorkers = parseCount("read-workers", readWorkers, { min: 0 });
  const reads = parseChoice("compute-workers-read", options.value("compute-workers-read") ?? "auto", [
    "auto",
    "yes",
    "no",
  ]);
  if (reads !== "auto") style.computeWorkersRead = reads === "yes";
  const extraParams = await extraParamsOf(options);
  if (extraParams) style.computeWorkerExtraParams = extraParams;
  const sharedTemp = options.value("shared-temp");
  if (sharedTemp !== undefined) {
    style.haveSharedTemp = parseChoice("shared-temp", sharedTemp, ["yes", "no"]) === "yes";
  }
  if (options.has("no-copies")) style.copies = false;
  const threads = options.value("threads-per-worker");
  if (threads !== undefined) style.threadsPerWorker = parseCount("threads-per-worker", threads, { min: 1 });
  const permissions = options.value("worker-permissions");
  if (permissions !== undefined) {
    // A blank may stand in a path.
    style.workerPermissions = permissions.trim().split(/\s+(?=--)/);
  }
  const channel = channelStyleOf(options);
  if (Object.keys(channel).length > 0) style.channel = channel;
  for (const limit of ["maxBlockErrors", "maxBlockLosses", "maxWorkerLosses"] as const) {
    const option = optionNamed(limit);
    const value = options.value(option);
    if (value !== undefined) style[limit] = parseCount(option, value, { min: 0 });
  }
  for (const timeout of TIMEOUT_NAMES) {
    const seconds = timeoutOf(options, timeout);
    if (seconds !== undefined) style[timeout] = seconds;
  }
  return style;
}

function timeoutOf(options: ParsedOptions, timeout: TimeoutName): number | undefined {
  const option = optionNamed(timeout);
  const value = options.value(option);
  return value === undefined ? undefined : parseSeconds(option, value);
}

function optionNamed(apiName: string): string {
  return APPLY_OPTIONS.find((option) => option.apiName === apiName)!.name;
}
