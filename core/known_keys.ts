/**
 * Options are objects, and not everyone has a type checker: a misspelt one must not go unnoticed.
 *
 * @module
 */
import { closestName } from "./closest_name.ts";
import { ConfigError } from "./errors.ts";

/**
 * Refuses keys that an options object does not have.
 *
 * @param known an object with every key there is.
 * @param what the options' name, for the error.
 * @throws {ConfigError} naming the key and those there are.
 */
export function checkKnownKeys(options: object, known: object, what: string): void {
  for (const key of Object.keys(options)) {
    if (Object.hasOwn(known, key)) continue;
    const same = closestName(key, Object.keys(known));
    const hint = same !== undefined
      ? `did you mean '${same}'?`
      : `there are ${Object.keys(known).join(", ")}`;
    throw new ConfigError(`${what} has no '${key}': ${hint}`);
  }
}
