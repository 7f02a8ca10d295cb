/**
 * Which modules strangers' drivers were loaded from, so that a later process can load them again.
 *
 * @module
 */
import type { Driver } from "./driver.ts";

const modules = new WeakMap<Driver, string>();

/** Remembers the module that a driver was loaded from. */
export function rememberDriverModule(driver: Driver, url: URL): void {
  modules.set(driver, url.href);
}

/** The URL of the module that a driver was loaded from; undefined for a built-in one, and for one that was registered by code. */
export function driverModuleOf(driver: Driver): string | undefined {
  return modules.get(driver);
}
