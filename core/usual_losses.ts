/**
 * How many losses are too many.
 *
 * @module
 */

/** So many workers, or the machines that they run on, may be lost with nothing done in between, where the user gives no limit. */
export function usualLosses(count: number): number {
  return Math.max(3, 2 * count);
}
