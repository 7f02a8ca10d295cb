/**
 * Options that may differ by the name of an input or output.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import type { PerName } from "./apply_options.ts";

/** The name that stands for all that are not named. */
const OTHERS = "*";

/**
 * The value for one name: its own, else that of `"*"`, else the fallback.
 *
 * @param isOne tells a single value from a record by name.
 */
export function valueFor<T>(
  option: PerName<T> | undefined,
  name: string,
  options: { isOne: (value: PerName<T>) => value is T; fallback: T },
): T {
  if (option === undefined) return options.fallback;
  if (options.isOne(option)) return option;
  if (Object.hasOwn(option, name)) return option[name]!;
  return Object.hasOwn(option, OTHERS) ? option[OTHERS]! : options.fallback;
}

/**
 * Refuses names in an option that no input or output has.
 *
 * @throws {ConfigError} naming the option and the names there are.
 */
export function checkNames(option: unknown, optionName: string, known: readonly string[]): void {
  if (typeof option !== "object" || option === null || Array.isArray(option)) return;
  for (const name of Object.keys(option)) {
    if (name !== OTHERS && !known.includes(name)) {
      throw new ConfigError(
        `${optionName} names '${name}', which is none of ${
          known.length === 0 ? "no names" : known.join(", ")
        }`,
      );
    }
  }
}
