/**
 * Cancels jobs in few commands.
 *
 * @module
 */
import type { BatchScheduler } from "./batch_scheduler.ts";
import type { CommandRunner } from "./run_command.ts";
import { shellWords } from "./shell_words.ts";

/** Ids in one command: a command line has its limits, and so has a scheduler's patience. */
const BATCH = 200;
const CANCEL_MS = 30_000;

/** Cancels jobs or elements; returns what the scheduler complained of, if it did. */
export async function cancelJobs(
  scheduler: BatchScheduler,
  run: CommandRunner,
  queueIds: readonly string[],
): Promise<string | undefined> {
  let trouble: string | undefined;
  for (let at = 0; at < queueIds.length; at += BATCH) {
    for (const command of scheduler.cancelCommands(queueIds.slice(at, at + BATCH))) {
      trouble = scheduler.cancelTrouble(await run(command, { timeoutMs: CANCEL_MS })) ?? trouble;
    }
  }
  return trouble;
}

/** The command line by which people remove jobs. */
export function cancelLine(scheduler: BatchScheduler, queueIds: readonly string[]): string {
  return scheduler.cancelCommands(queueIds).map(shellWords).join("; ");
}
