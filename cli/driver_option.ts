/**
 * `--driver MODULE`: a kind of worker that is not built in.
 *
 * @module
 */
import { loadDriverModule } from "../core/registry.ts";
import type { ConcurrencyContext } from "./concurrency_request.ts";
import type { ParsedOptions } from "./option_table.ts";

/**
 * Loads the user's driver, if there is one, and says what that means for the other options.
 *
 * @throws {ConfigError} if it can't be loaded or is none.
 */
export async function driverOption(options: ParsedOptions): Promise<ConcurrencyContext> {
  const module = options.value("driver");
  const driver = module === undefined ? undefined : await loadDriverModule(module);
  return { cores: navigator.hardwareConcurrency, ...driver && { defaultKind: driver.kind } };
}
