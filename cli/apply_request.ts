/**
 * From the options of `blockfleet apply` to the arguments of `apply()`.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import type { ApplierControls, ApplyOptions, Footprint, JobFile } from "../raster/apply_options.ts";
import { APPLY_OPTIONS } from "./apply_option_table.ts";
import { type ConcurrencyContext, concurrencyOf } from "./concurrency_request.ts";
import { jsonFile, parseJsonArgument } from "./json_argument.ts";
import type { Mutable } from "./mutable.ts";
import { ALL_NAMES, parseNamedFiles, parseNamedValue, splitList } from "./named_values.ts";
import type { ParsedOptions } from "./option_table.ts";
import {
  parseBands,
  parseChoice,
  parseCount,
  parseDataType,
  parseLayersNoData,
  parseWindow,
} from "./option_values.ts";

/** What the options are read with, besides themselves. */
export interface ApplyRequestOptions extends ConcurrencyContext {
  /** Whether function and inputs may be missing, as where only the workers are of interest. Default false. */
  readonly isOutline?: boolean;
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
  if (!context.isOutline && Object.keys(infiles).length === 0 && !options.has("reference")) {
    throw new ConfigError(
      `There is nothing to read: give --in NAME=FILE, or --reference FILE for a function that needs no input`,
    );
  }
  const request: Mutable<ApplyOptions> = {
    userFunction: options.positionals[0] ?? "",
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
  const otherFiles = otherFilesOf(options);
  if (otherFiles.length > 0) request.otherFiles = otherFiles;
  const jobName = options.value("job-name");
  if (jobName !== undefined) request.jobName = jobName;
  return request;
}

/** The files that the command line names besides inputs, outputs, reference and user function. */
function otherFilesOf(options: ParsedOptions): JobFile[] {
  const files: JobFile[] = [];
  for (const option of ["args", "extra-params"]) {
    const path = jsonFile(options.value(option));
    if (path !== undefined) files.push({ what: `the file of --${option}`, path });
  }
  const driver = options.value("driver");
  if (driver !== undefined) files.push({ what: "the module of --driver", path: driver });
  const report = options.value("report");
  if (report !== undefined) files.push({ what: "the report", path: report, isWritten: true });
  return files;
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

function formOf(option: string): string {
  const value = APPLY_OPTIONS.find(({ name }) => name === option)?.value;
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
    parseLayersNoData,
  );
  const entries = Object.entries(all ?? {});
  const forInputs = entries.filter(([name]) => inputs.includes(name));
  const forOutputs = entries.filter(([name]) => name === ALL_NAMES || outputs.includes(name));
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
