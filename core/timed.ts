/**
 * How long something takes.
 *
 * @module
 */

/** Runs `work`, sync or async, and tells how long it took; also when it throws. */
export function timed<T>(work: () => T, done: (seconds: number) => void): T {
  const start = performance.now();
  const stop = () => done((performance.now() - start) / 1000);
  let result: T;
  try {
    result = work();
  } catch (error) {
    stop();
    throw error;
  }
  if (result instanceof Promise) return result.finally(stop) as T;
  stop();
  return result;
}
