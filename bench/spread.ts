/**
 * Medians of few runs on a noisy machine.
 *
 * @module
 */

/** The middle and the ends of a few runs. */
export interface Spread {
  /** The median. */
  readonly median: number;
  /** The lowest. */
  readonly min: number;
  /** The highest. */
  readonly max: number;
}

/**
 * The spread of at least one value.
 *
 * @throws {RangeError} if there is none.
 */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const upper = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (lower === undefined || upper === undefined) throw new RangeError("A spread needs at least one value");
  return { median: (lower + upper) / 2, min: sorted[0]!, max: sorted.at(-1)! };
}

/**
 * The spread of the rounds' own ratios. What slows a whole round down, as neighbours on the machine do, falls out of
 * each of them; it would stay in a ratio of two medians.
 */
export function ratioSpread(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / theirs[round]!));
}
