/**
 * Values that belong to a name: `NAME=FILE,FILE` and `[NAME:]VALUE`.
 *
 * @module
 */
import { didYouMean } from "../core/closest_name.ts";
import { ConfigError } from "../core/errors.ts";

/** The name under which a value is given that is for all names that are not given one: as in `PerName`. */
export const ALL_NAMES = "*";

/**
 * `NAME=FILE[,FILE...]` of `--in` and `--out`. In a file, `\,` is a comma; a comma at the end makes a list of one.
 *
 * @returns a path, or a list of paths, by name.
 * @throws {ConfigError} if one has no name or no file, or a name is given twice.
 */
export function parseNamedFiles(
  option: string,
  values: readonly string[],
): Record<string, string | string[]> {
  const files: Record<string, string | string[]> = {};
  for (const value of values) {
    const equals = value.indexOf("=");
    const name = value.slice(0, Math.max(0, equals));
    const file = value.slice(equals + 1);
    if (equals < 0) {
      throw new ConfigError(`--${option} '${value}' has no name: write --${option} NAME=${value || "FILE"}`);
    }
    if (!/^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name)) {
      throw new ConfigError(
        `'${name}' of --${option} '${value}' can't be a name: use letters, digits and _, beginning with a letter`,
      );
    }
    if (Object.hasOwn(files, name)) {
      throw new ConfigError(
        `--${option} ${name} is given twice: give one of them another name, or all files in one list, ` +
          `--${option} ${name}=FILE,FILE`,
      );
    }
    const list = splitList(file);
    const isList = list.length > 1;
    if (isList && list.at(-1) === "") list.pop();
    if (list.includes("")) {
      throw new ConfigError(`--${option} '${value}' lacks a file: write NAME=FILE or NAME=FILE,FILE`);
    }
    files[name] = isList ? list : list[0]!;
  }
  return files;
}

/** Parts a list at its commas; `\,` is a comma in an item. Any other backslash stands for itself, as in Windows paths. */
export function splitList(text: string): string[] {
  return text.split(/(?<!\\),/).map((item) => item.replaceAll("\\,", ","));
}

/** A value, and the name that it is for. */
export interface NamedValue {
  /** The name, or {@linkcode ALL_NAMES}. */
  readonly name: string;
  /** The value. */
  readonly value: string;
}

/** How {@linkcode parseNamedValue} checks the name. */
export interface NamedValueOptions {
  /** The names there are. */
  readonly names: readonly string[];
  /** What the names are names of, such as "output". */
  readonly what: string;
  /** What the whole should look like, such as `NAME:1,3`. */
  readonly form: string;
  /** Whether the name must be there. */
  readonly nameNeeded?: boolean;
}

/**
 * `[NAME:]VALUE`. A colon after an `=` belongs to the value.
 *
 * @throws {ConfigError} for a name that is not one of `options.names`, or a missing one.
 */
export function parseNamedValue(option: string, text: string, options: NamedValueOptions): NamedValue {
  const { names, what, form, nameNeeded } = options;
  const colon = text.slice(0, text.includes("=") ? text.indexOf("=") : undefined).indexOf(":");
  if (colon < 0) {
    if (nameNeeded) {
      throw new ConfigError(`--${option} '${text}' does not say for which ${what}: write ${form}`);
    }
    return { name: ALL_NAMES, value: text };
  }
  const name = text.slice(0, colon);
  if (!names.includes(name)) {
    const plural = what.split(" or ").map((one) => `${one}s`).join(" and ");
    const known = names.length > 0 ? ` the ${plural} are ${names.join(", ")}` : ` there is no ${what}`;
    throw new ConfigError(
      `--${option} '${text}': '${name}' is no ${what}${didYouMean(name, names) || ";"}${known}`,
    );
  }
  return { name, value: text.slice(colon + 1) };
}
