/**
 * Whether this program becomes a compute worker when it is started with the argument `worker`.
 *
 * @module
 */

let servesWorkers = false;

/** Notes that this program, started with the argument `worker`, is a worker, as the command line is. */
export function becomesWorker(): void {
  servesWorkers = true;
}

/** Whether it does; else a compiled program can't be its own workers. */
export function isWorkerProgram(): boolean {
  return servesWorkers;
}
