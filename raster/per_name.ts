/**
 * Options that may differ by the name of an input or output.
 *
 * @module
 */
import { ConfigError } from "../core/errors.ts";
import { isObject } from "../core/is_object.ts";
import { shownValue } from "../core/shown_value.ts";
import type { PerName } from "./apply_options.ts";

/** The name that stands for all that are not named. */
const OTHERS = "*";

/** What {@linkcode valueFor} knows of an option. */
export interface PerNameOption<T, F> {
  /** The option's name, for errors. */
  readonly optionName: string;
  /** Tells a single value from a record by name, and from what can't be a value. */
  readonly isOne: (value: unknown) => value is T;
  /** What a single value is, for people: "a list of band numbers". */
  readonly what: string;
  /** What holds for a name that is given no value. */
  readonly fallback: F;
}

/**
 * The value for one name: its own, else that of `"*"`, else the fallback.
 *
 * @throws {ConfigError} if what was given is no value of this option; it is quoted.
 */
export function valueFor<T, F>(
  option: PerName<T> | undefined,
  name: string,
  { optionName, isOne, what, fallback }: PerNameOption<T, F>,
): T | F {
  if (option === undefined) return fallback;
  const given: unknown = option;
  if (isOne(given)) return given;
  if (!isObject(given)) {
    throw new ConfigError(`${optionName} must be ${what}, or one for each name, not ${shownValue(given)}`);
  }
  const key = [name, OTHERS].find((one) => Object.hasOwn(given, one) && given[one] !== undefined);
  if (key === undefined) return fallback;
  const value = given[key];
  if (isOne(value)) return value;
  throw new ConfigError(`${optionName} of '${key}' must be ${what}, not ${shownValue(value)}`);
}

/**
 * Refuses names in an option that no input or output has.
 *
 * @throws {ConfigError} naming the option and the names there are.
 */
export function checkNames(option: unknown, optionName: string, known: readonly string[]): void {
  if (!isObject(option)) return;
  for (const name of Object.keys(option)) {
    if (name !== OTHERS && !known.includes(name)) {
      throw new ConfigError(
        `${optionName} names '${name}', ${
          known.length === 0 ? "but there are no names" : `which is none of ${known.join(", ")}`
        }`,
      );
    }
  }
}
