/**
 * What a worker's container is told.
 *
 * @module
 */

/** Seconds for the blocks in hand after SIGTERM: less than the 120 that AWS leaves a container. */
const DRAIN_SECONDS = 90;

/** The arguments of the worker; where its manager is and the key are in its environment. */
export function workerArguments(threads: number): string[] {
  return ["worker", "-i", "auto", "--threads", String(threads), "--drain-grace", String(DRAIN_SECONDS)];
}
