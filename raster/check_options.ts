/**
 * Refuses misspelt options of `apply()`.
 *
 * @module
 */
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
 * Refuses keys that are none of the options' or the controls'.
 *
 * @throws {ConfigError} naming the key and those there are.
 */
export function checkOptionNames(options: ApplyOptions): void {
  checkKnownKeys(options, OPTION_KEYS, "apply()");
  checkKnownKeys(options.controls ?? {}, CONTROL_KEYS, "controls");
}
