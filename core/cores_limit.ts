/**
 * How many workers make sense where they share one machine.
 *
 * @module
 */

/** One a core; more is a warning. */
export function coresLimit(): { workers: number; reason: string } {
  const cores = navigator.hardwareConcurrency;
  return { workers: cores, reason: `this machine's ${cores} core(s)` };
}
