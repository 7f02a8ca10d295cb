/**
 * Cancels jobs in few commands.
 *
 * @module
 */
import type { BatchScheduler } from "./batch_scheduler.ts";
import type { CommandRunner } from "./run_command.ts";

/** Ids in one command: a command line has its limits, and so has a scheduler's patience. */
const BATCH = 200;
const CANCEL_MS = 30_000;

/** Cancels jobs or elements; returns what the scheduler complained of, if it did. */
export async function cancelJobs(
  scheduler: BatchScheduler,
  run: CommandRunner,
  nativeIds: readonly string[],
): Promise<string | undefined> {
  let trouble: string | undefined;
  for (let at = 0; at < nativeIds.length; at += BATCH) {
    const command = scheduler.cancelCommand(nativeIds.slice(at, at + BATCH));
    trouble = scheduler.cancelTrouble(await run(command, { timeoutMs: CANCEL_MS })) ?? trouble;
  }
  return trouble;
}
