/**
 * What tells one user function from another.
 *
 * @module
 */
import { ConfigError, messageOf } from "../../core/errors.ts";
import type { UserFunctionSpec } from "../../core/worker/user_function.ts";
import { sha256 } from "./run_facts.ts";

/**
 * The user function's export and the SHA-256 of its code: of all that is shipped, or, where workers import the module
 * by its URL, of that module's own text.
 *
 * @throws {ConfigError} if the module can't be read.
 */
export async function functionDigest(spec: UserFunctionSpec): Promise<string> {
  const name = spec.exportName === undefined ? "" : `#${spec.exportName} `;
  if (spec.kind === "source") return `${name}SHA-256 ${spec.code.sha256}`;
  try {
    const response = await fetch(spec.url);
    return `${name}imported, SHA-256 ${await sha256(await response.bytes())}`;
  } catch (error) {
    throw new ConfigError(`Cannot read the user function '${spec.url}': ${messageOf(error)}`, {
      cause: error,
    });
  }
}
