/**
 * Work that goes on at the same time, of which none is left behind.
 *
 * @module
 */

/**
 * As `Promise.all()`, but an error is thrown only when all have settled: no file is still being opened then, with nobody to
 * close it. Of several errors it is that of the first in the list.
 *
 * @throws what the first of them that failed has thrown.
 */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}
