/**
 * The error for code that can't be shipped.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";

/** Makes the error for a module, with what is wrong and what to do. */
export function shipError(module: string, what: string, options?: ErrorOptions): ConfigError {
  // A compiled program can't import what it has not in it, so there is nothing to fall back on.
  const advice = Deno.build.standalone
    ? "Hand data over in otherArgs, or make one self-contained file of it with `deno bundle`"
    : "Hand data over in otherArgs, or have workers import it by path with shipCode: false (--ship-code no)";
  return new ConfigError(
    `Cannot load the user function '${module}' for its workers: ${what.replace(/\.$/, "")}. ${advice}`,
    options,
  );
}
