/**
 * Refuses misspelt options of `apply()`, and values of the wrong type.
 *
 * @module
 */
import { checkValues } from "../core/check_values.ts";
import { checkKnownKeys } from "../core/known_keys.ts";
import type { ApplierControls, ApplyOptions } from "./apply_options.ts";

/** Every key of {@linkcode ApplyOptions}; the compiler keeps the two alike. */
const OPTION_KEYS: Readonly<Record<keyof ApplyOptions, true>> = {
  userFunction: true,
  shipCode: true,
  infiles: true,
  outfiles: true,
  otherArgs: true,
  controls: true,
  concurrency: true,
  jobName: true,
  resume: true,
  restart: true,
  signal: true,
  onProgress: true,
  onNotice: true,
};

/** Every key of {@linkcode ApplierControls}; the compiler keeps the two alike. */
const CONTROL_KEYS: Readonly<Record<keyof ApplierControls, true>> = {
  windowxsize: true,
  windowysize: true,
  windowExact: true,
  overlap: true,
  footprint: true,
  reference: true,
  referencePixgrid: true,
  filesForExtent: true,
  creationOptions: true,
  layers: true,
  inputNoData: true,
  outputNoData: true,
  outputType: true,
  layerNames: true,
  takeOver: true,
};

/**
 * Refuses keys that are none of the options' or the controls', and values of the wrong type where nobody looks closer later.
 *
 * @throws {ConfigError} naming the key and those there are, or what the value must be.
 */
export function checkOptions(options: ApplyOptions): void {
  checkKnownKeys(options, OPTION_KEYS, "apply()");
  checkValues(options, {
    ...{ shipCode: "boolean", resume: "boolean", restart: "boolean" },
    ...{ onProgress: "function", onNotice: "function", signal: "abort signal", jobName: "text" },
    ...{ infiles: "object", outfiles: "object", controls: "object", concurrency: "object" },
  });
  const { controls = {} } = options;
  checkKnownKeys(controls, CONTROL_KEYS, "controls");
  checkValues(controls, { windowExact: "boolean", takeOver: "boolean" });
}
