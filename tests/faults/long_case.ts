/**
 * A fault that takes its time, most of it waiting: such cases run side by side.
 *
 * @module
 */

/** One of them. */
export interface LongCase {
  /** A sentence. */
  readonly name: string;
  /** Why it can't run here, if so. */
  readonly skipped?: string | undefined;
  /** The test. */
  run(): Promise<void>;
}

/** Waits. */
export function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * count));
}
