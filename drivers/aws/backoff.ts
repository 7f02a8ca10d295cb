/**
 * How long to wait before trying again.
 *
 * @module
 */

/** Bounds of the delays, milliseconds. */
export interface BackoffBounds {
  /** The most that the first delay can be. */
  readonly leastMs: number;
  /** The most that any delay can be. */
  readonly mostMs: number;
}

/**
 * The delay before a try: between half and the whole of a bound that doubles with each try, so that many who were refused
 * together don't come back together.
 *
 * @param tries tries that failed, from 1.
 * @param random from 0 to 1.
 */
export function backoffMs(tries: number, bounds: BackoffBounds, random: () => number = Math.random): number {
  const most = Math.min(bounds.mostMs, bounds.leastMs * 2 ** Math.min(tries - 1, 30));
  return most / 2 + random() * most / 2;
}
