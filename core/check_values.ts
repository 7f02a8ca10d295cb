/**
 * Options of the wrong type, such as come without a type checker, are refused by name before anything starts.
 *
 * @module
 */
import { ConfigError } from "./errors.ts";
import { isObject } from "./is_object.ts";
import { shownValue } from "./shown_value.ts";

/** What an option may be, apart from being left out. */
export type ValueKind = "boolean" | "function" | "text" | "object" | "abort signal";

const KINDS: Readonly<Record<ValueKind, { readonly what: string; is(value: unknown): boolean }>> = {
  "boolean": { what: "true or false", is: (value) => typeof value === "boolean" },
  "function": { what: "a function", is: (value) => typeof value === "function" },
  "text": { what: "a text", is: (value) => typeof value === "string" },
  "object": { what: "an object", is: isObject },
  "abort signal": { what: "an AbortSignal", is: (value) => value instanceof AbortSignal },
};

/**
 * Refuses options that are not of the kind that they must be. Those that are left out are not looked at.
 *
 * @throws {ConfigError} naming the first one, and what it takes.
 */
export function checkValues<Options extends object>(
  options: Options,
  kinds: { readonly [Name in keyof Options]?: ValueKind },
): void {
  for (const name of Object.keys(kinds) as (keyof Options & string)[]) {
    const value = options[name];
    if (value === undefined) continue;
    const { what, is } = KINDS[kinds[name]!];
    if (!is(value)) throw new ConfigError(`${name} must be ${what}, not ${shownValue(value)}`);
  }
}

/**
 * Refuses what is no whole number of at least `least`.
 *
 * @throws {ConfigError} naming the option and what it was.
 */
export function checkCount(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && value as number >= least) return;
  throw new ConfigError(`${name} must be a whole number of at least ${least}, not ${shownValue(value)}`);
}
