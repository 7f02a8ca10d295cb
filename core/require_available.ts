/**
 * Makes sure that a kind can run here.
 *
 * @module
 */
import type { Driver } from "./driver.ts";
import { UnavailableError } from "./errors.ts";

/**
 * Asks a driver whether it can run here.
 *
 * @throws {UnavailableError} if it can't, with the reason and what to do.
 */
export async function requireAvailable(driver: Pick<Driver, "kind" | "available">): Promise<void> {
  const availability = await driver.available();
  if (availability.available) return;
  throw new UnavailableError(`${driver.kind} can't run here: ${availability.reason}`);
}
