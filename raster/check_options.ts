/**
 * Refuses misspelt options of `apply()`, and values of the wrong type.
 *
 * @module
 */
import { checkValues } from "../core/check_values.ts";
import { ConfigError } from "../core/errors.ts";
import { isObject } from "../core/is_object.ts";
import { checkKnownKeys } from "../core/known_keys.ts";
import { shownValue } from "../core/shown_value.ts";
import type { ApplierControls, ApplyOptions, JobFile } from "./apply_options.ts";

/** Every key of {@linkcode ApplyOptions}; the compiler keeps the two alike. */
const OPTION_KEYS: Readonly<Record<keyof ApplyOptions, true>> = {
  userFunction: true,
  shipCode: true,
  infiles: true,
  outfiles: true,
  otherArgs: true,
  otherFiles: true,
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
  checkOtherFiles(options.otherFiles);
  const { controls = {} } = options;
  checkKnownKeys(controls, CONTROL_KEYS, "controls");
  checkValues(controls, { windowExact: "boolean", takeOver: "boolean" });
}

/** Every key of {@linkcode JobFile}; the compiler keeps the two alike. */
const JOB_FILE_KEYS: Readonly<Record<keyof JobFile, true>> = { what: true, path: true, isWritten: true };

function checkOtherFiles(files: unknown = []): void {
  if (!Array.isArray(files)) throw new ConfigError(`otherFiles must be a list, not ${shownValue(files)}`);
  for (const file of files) {
    const { what, path } = isObject(file) ? file : {};
    if (typeof what !== "string" || !(typeof path === "string" || path instanceof URL)) {
      throw new ConfigError(
        `otherFiles must be a list of { what, path } with a text and a path, not ${
          shownValue(file)
        } among them`,
      );
    }
    checkKnownKeys(file, JOB_FILE_KEYS, "a file of otherFiles");
    checkValues(file, { isWritten: "boolean" });
  }
}
