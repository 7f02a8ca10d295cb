/**
 * The error for code that can't be shipped.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";

/** Code can't be shipped. */
export class ShipError extends ConfigError {
  /** What is wrong with it, without the module's name: for those who ship something other than a user function. */
  readonly reason: string;

  /** The error with its message, and the part of it that is the reason. */
  constructor(message: string, reason: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** What {@linkcode shipError} takes beside the module and what is wrong with it. */
export interface ShipErrorOptions extends ErrorOptions {
  /** Whether the same code could get to workers in another way, so that the message says how. Default true. */
  readonly otherWays?: boolean;
}

/** Makes the error for a module, with what is wrong and what to do. */
export function shipError(
  module: string,
  what: string,
  { otherWays = true, ...options }: ShipErrorOptions = {},
): ShipError {
  // A compiled program can't import what it has not in it, so there is nothing to fall back on.
  const advice = Deno.build.standalone
    ? "Hand data over in otherArgs, or make one self-contained file of it with `deno bundle`"
    : "Hand data over in otherArgs, or have workers import it by path with shipCode: false (--ship-code no)";
  const reason = what.replace(/\.$/, "");
  const problem = otherWays
    ? `Cannot load the user function '${module}' for its workers: ${reason}. ${advice}`
    : `Cannot load the user function '${module}': ${reason}`;
  return new ShipError(problem, reason, options);
}
