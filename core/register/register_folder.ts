/**
 * Where the registers of this user's runs are.
 *
 * @module
 */
import { join } from "@std/path/join";
import { ConfigError } from "../errors.ts";
import type { PrivateFolder } from "../private_folder.ts";

/**
 * `$XDG_STATE_HOME/blockfleet/runs`, by default `~/.local/state/blockfleet/runs` (XDG Base Directory Specification 0.8).
 *
 * @throws {ConfigError} if there is no home folder.
 */
export function registerFolder(): PrivateFolder {
  // The specification says that relative paths are to be ignored.
  const state = Deno.env.get("XDG_STATE_HOME");
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  const within = state?.startsWith("/") ? state : home && join(home, ".local", "state");
  if (!within) {
    throw new ConfigError(
      "There is no place for the register of the run: set HOME or XDG_STATE_HOME to a folder of yours",
    );
  }
  return { path: join(within, "blockfleet", "runs"), within };
}
