/**
 * Runs a job with progress on standard error, and ends it in order on a signal.
 *
 * @module
 */
import type { ApplyOptions } from "../raster/apply_options.ts";
import type { CliConsole } from "./cli_console.ts";
import { runInterruptible } from "./interruptible.ts";
import { ProgressDisplay } from "./progress_display.ts";

/** What the job is to call and to listen to. */
export type RunHooks = Required<Pick<ApplyOptions, "signal" | "onProgress" | "onNotice">>;

const TICK_MS = 500;

/**
 * Runs `job`.
 *
 * @param job the job, which is to use all the hooks.
 * @param console where progress and notices are shown.
 * @param options with `quiet` neither is shown.
 */
export async function runWithProgress<T>(
  job: (hooks: RunHooks) => Promise<T>,
  console: CliConsole,
  options: { readonly quiet: boolean },
): Promise<T> {
  const display = options.quiet ? undefined : new ProgressDisplay({
    write: console.errRaw,
    isTerminal: console.errIsTerminal,
    hasColour: console.errHasColour,
    hasUnicode: console.hasUnicode,
    columns: console.columns,
    nowMs: () => performance.now(),
  });
  const timer = setInterval(() => display?.tick(), TICK_MS);
  try {
    return await runInterruptible(
      (signal) =>
        job({
          signal,
          onProgress: (progress) => display?.update(progress),
          onNotice: (line) => display?.notice(line),
        }),
      { onSignal: (name) => display?.notice(`${name}: ending the run; once more to end it at once`) },
    );
  } finally {
    clearInterval(timer);
    display?.finish();
  }
}
