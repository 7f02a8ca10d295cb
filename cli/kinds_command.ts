/**
 * `blockfleet kinds`: which kinds of compute worker there are.
 *
 * @module
 */
import { listKinds, loadDriverModule } from "../core/registry.ts";
import type { CliConsole } from "./cli_console.ts";
import { EXIT_DONE } from "./exit_status.ts";
import { toJson } from "./json_output.ts";
import type { ParsedOptions } from "./option_table.ts";

/** Runs the command. */
export async function runKinds(options: ParsedOptions, console: CliConsole): Promise<number> {
  const driverModule = options.value("driver");
  if (driverModule !== undefined) await loadDriverModule(driverModule);
  const kinds = await listKinds();
  if (options.has("json")) {
    console.out(toJson({ ok: true, kinds }));
    return EXIT_DONE;
  }
  const widest = Math.max(...kinds.map(({ kind }) => kind.length));
  console.out(`${"KIND".padEnd(widest)}  HERE  WHY NOT`);
  for (const { kind, available, reason = "" } of kinds) {
    console.out(`${kind.padEnd(widest)}  ${available ? "yes " : "no  "}  ${reason}`.trimEnd());
  }
  return EXIT_DONE;
}
