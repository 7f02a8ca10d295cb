/**
 * What earlier runs of the same outputs left in queues and clouds goes before their successor starts its own workers.
 *
 * @module
 */
import { messageOf } from "../core/errors.ts";

/**
 * Cleans up after those of the runs that are in the register. What can't be removed is said, and no error: it must not
 * keep the run from its work.
 *
 * @param runIds the runs; most have left nothing and are in no register.
 * @param onNotice hears of each step.
 */
export async function cleanUpAfter(
  runIds: readonly string[],
  onNotice: (line: string) => void,
): Promise<void> {
  if (runIds.length === 0) return;
  try {
    // Loaded here: few runs have anything to clean up after.
    const { listRegisteredRuns } = await import("../core/register/registered_runs.ts");
    const registered = await listRegisteredRuns({ onNotice });
    const left = registered.map(({ runId }) => runId).filter((runId) => runIds.includes(runId));
    if (left.length === 0) return;
    onNotice(`Cleaning up after run ${left.join(", ")}`);
    const { cleanupRuns } = await import("../core/cleanup.ts");
    await cleanupRuns({ runIds: left, onLine: onNotice });
  } catch (error) {
    onNotice(`Cannot clean up after an earlier run: ${messageOf(error)}`);
  }
}
