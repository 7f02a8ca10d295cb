/**
 * From the options of `blockfleet apply` to the arguments of `apply()`.
 *
 * @module
 */
import { type ConcurrencyStyle, TIMEOUT_NAMES, type TimeoutName } from "../core/concurrency_style.ts";
import { ConfigError } from "../core/errors.ts";
import { CW_NONE, CW_THREADS } from "../core/kinds.ts";
import type { ApplierControls, ApplyOptions, Footprint } from "../raster/apply_options.ts";
import { APPLY_HELP } from "./apply_help.ts";
import { channelStyleOf } from "./channel_request.ts";
import { didYouMean } from "./closest_name.ts";
import { parseJsonArgument } from "./json_argument.ts";
import { ALL_NAMES, parseNamedFiles, parseNamedValue, splitList } from "./named_values.ts";
import type { ParsedOptions } from "./option_table.ts";
import {
  parseBands,
  parseChoice,
  parseCount,
  parseDataType,
  parseNoData,
  parseSeconds,
  parseWindow,
} from "./option_values.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What the options are read with, besides themselves. */
export interface ApplyRequestOptions {
  /** Compute workers where the user gives no number. */
  readonly cores: number;
  /** The kind where the user gives none: that of `--driver`. Default `CW_THREADS`. */
  readonly defaultKind?: string;
}

/**
 * The arguments of `apply()`, without callbacks.
 *
 * @throws {ConfigError} for any value that makes no sense; nothing has been started or opened by then but the files
 * of `--args @FILE` and `--extra-params @FILE`.
 */
export async function applyRequest(
  options: ParsedOptions,
  context: ApplyRequestOptions,
): Promise<ApplyOptions> {
  const infiles = parseNamedFiles("in", options.values("in"));
  const outfiles = parseNamedFiles("out", options.values("out"));
  if (Object.keys(infiles).length === 0 && !options.has("reference")) {
    throw new ConfigError(
      `There is nothing to read: give --in NAME=FILE, or --reference FILE for a function that needs no input`,
    );
  }
  const request: Mutable<ApplyOptions> = {
    userFunction: options.positionals[0]!,
    infiles,
    outfiles,
    controls: controlsOf(options, { inputs: Object.keys(infiles), outputs: Object.keys(outfiles) }),
    concurrency: await concurrencyOf(options, context),
  };
  if (parseChoice("ship-code", options.value("ship-code") ?? "yes", ["yes", "no"]) === "no") {
    request.shipCode = false;
  }
  const args = options.value("args");
  if (args !== undefined) request.otherArgs = await parseJsonArgument("args", args);
  if (options.has("resume")) request.resume = true;
  if (options.has("restart")) request.restart = true;
  const jobName = options.value("job-name");
  if (jobName !== undefined) request.jobName = jobName;
  return request;
}

interface Names {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

function controlsOf(options: ParsedOptions, names: Names): ApplierControls {
  const controls: Mutable<ApplierControls> = {};
  const window = options.value("window");
  if (window !== undefined) {
    const { width, height } = parseWindow("window", window);
    controls.windowxsize = width;
    controls.windowysize = height;
  }
  if (options.has("window-exact")) controls.windowExact = true;
  const overlap = options.value("overlap");
  if (overlap !== undefined) controls.overlap = parseCount("overlap", overlap, { min: 0 });
  const footprint = options.value("footprint");
  if (footprint !== undefined) {
    const how = parseChoice("footprint", footprint, ["intersection", "union", "bounds-from-reference"]);
    controls.footprint = how.replaceAll("-", "_") as Footprint;
  }
  const reference = options.value("reference");
  if (reference !== undefined) controls.reference = reference;
  const filesForExtent = options.value("files-for-extent");
  if (filesForExtent !== undefined) {
    controls.filesForExtent = splitList(filesForExtent);
    for (const name of controls.filesForExtent) requireInput("files-for-extent", name, names);
  }
  const layers = perName(options, "layers", { names: names.inputs, what: "input" }, parseBands);
  if (layers) controls.layers = layers;
  const outputs = { names: names.outputs, what: "output" };
  const outputType = perName(options, "type", outputs, parseDataType);
  if (outputType) controls.outputType = outputType;
  const layerNames = perName(options, "layer-names", outputs, (_, text) => splitList(text));
  if (layerNames) controls.layerNames = layerNames;
  Object.assign(controls, noDataOf(options, names));
  const creationOptions = creationOptionsOf(options, names.outputs);
  if (creationOptions) controls.creationOptions = creationOptions;
  if (options.has("take-over")) controls.takeOver = true;
  return controls;
}

function requireInput(option: string, name: string, { inputs }: Names): void {
  if (inputs.includes(name)) return;
  throw new ConfigError(
    `--${option}: '${name}' is no input${didYouMean(name, inputs) || ";"} the inputs are ${
      inputs.join(", ")
    }`,
  );
}

function formOf(option: string): string {
  const value = APPLY_HELP.options.find(({ name }) => name === option)?.value;
  return `--${option} ${value}`;
}

function perName<T>(
  options: ParsedOptions,
  option: string,
  { names, what }: { readonly names: readonly string[]; readonly what: string },
  parse: (option: string, text: string) => T,
): Record<string, T> | undefined {
  const form = formOf(option);
  const nameNeeded = !form.includes("[NAME:]");
  const values: Record<string, T> = {};
  for (const text of options.values(option)) {
    const { name, value } = parseNamedValue(option, text, { names, what, form, nameNeeded });
    if (Object.hasOwn(values, name)) {
      throw new ConfigError(`--${option} is given twice for ${name === ALL_NAMES ? "all" : `'${name}'`}`);
    }
    values[name] = parse(option, value);
  }
  return options.has(option) ? values : undefined;
}

function noDataOf(options: ParsedOptions, { inputs, outputs }: Names): Partial<ApplierControls> {
  const all = perName(
    options,
    "nodata",
    { names: [...inputs, ...outputs], what: "input or output" },
    parseNoData,
  );
  const entries = Object.entries(all ?? {});
  const forInputs = entries.filter(([name]) => inputs.includes(name));
  const forOutputs = entries.filter(([name]) => !inputs.includes(name));
  return {
    ...forInputs.length > 0 && { inputNoData: Object.fromEntries(forInputs) },
    ...forOutputs.length > 0 && { outputNoData: Object.fromEntries(forOutputs) },
  };
}

function creationOptionsOf(
  options: ParsedOptions,
  outputs: readonly string[],
): Record<string, string[]> | undefined {
  if (!options.has("co")) return undefined;
  const given = options.values("co").map((text) => {
    const named = parseNamedValue("co", text, { names: outputs, what: "output", form: formOf("co") });
    if (!/^\w+=/.test(named.value)) {
      throw new ConfigError(`--co '${text}' is no creation option: write KEY=VALUE, such as COMPRESS=ZSTD`);
    }
    return named;
  });
  const merged: Record<string, string[]> = {};
  for (const name of [ALL_NAMES, ...outputs]) {
    // Those for one output come after those for all, so that they win; of several with one key the last does.
    const applying = [
      ...given.filter((one) => one.name === ALL_NAMES),
      ...given.filter((one) => one.name === name && name !== ALL_NAMES),
    ];
    const byKey = new Map(
      applying.map(({ value }) => [value.slice(0, value.indexOf("=")).toUpperCase(), value]),
    );
    merged[name] = [...byKey.values()];
  }
  return merged;
}

async function concurrencyOf(
  options: ParsedOptions,
  { cores, defaultKind = CW_THREADS }: ApplyRequestOptions,
): Promise<ConcurrencyStyle> {
  const kind = options.value("kind") ?? defaultKind;
  const style: Mutable<ConcurrencyStyle> = { computeWorkerKind: kind };
  const workers = options.value("workers");
  if (workers !== undefined) style.numComputeWorkers = parseCount("workers", workers, { min: 0 });
  else if (kind !== CW_NONE) style.numComputeWorkers = cores;
  const readWorkers = options.value("read-workers");
  if (readWorkers !== undefined) style.numReadWorkers = parseCount("read-workers", readWorkers, { min: 0 });
  const reads = parseChoice("compute-workers-read", options.value("compute-workers-read") ?? "auto", [
    "auto",
    "yes",
    "no",
  ]);
  if (reads !== "auto") style.computeWorkersRead = reads === "yes";
  const extraParams = options.value("extra-params");
  if (extraParams !== undefined) style.computeWorkerExtraParams = await extraParamsOf(extraParams);
  if (options.has("no-copies")) style.copies = false;
  const threads = options.value("threads-per-worker");
  if (threads !== undefined) style.threadsPerWorker = parseCount("threads-per-worker", threads, { min: 1 });
  const permissions = options.value("worker-permissions");
  if (permissions !== undefined) style.workerPermissions = permissions.trim().split(/\s+/);
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

async function extraParamsOf(argument: string): Promise<Readonly<Record<string, unknown>>> {
  const value = await parseJsonArgument("extra-params", argument);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError(`--extra-params takes an object, such as '{"key": "value"}'`);
  }
  return value as Record<string, unknown>;
}

function timeoutOf(options: ParsedOptions, timeout: TimeoutName): number | undefined {
  const option = optionNamed(timeout);
  const value = options.value(option);
  return value === undefined ? undefined : parseSeconds(option, value);
}

function optionNamed(apiName: string): string {
  return APPLY_HELP.options.find((option) => option.apiName === apiName)!.name;
}
