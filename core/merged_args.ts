/**
 * The merge of the blocks' other args: exactly once a block and in block order, whatever order they come in.
 *
 * @module
 */
import { BlockfleetError, messageOf } from "./errors.ts";

/** Merges what blocks bring. */
export class MergedArgs {
  readonly #merge: (total: unknown, block: unknown) => unknown;
  readonly #waiting = new Map<number, unknown>();
  #total: unknown;
  #next = 0;

  /**
   * @param total what to begin with: a copy of the user's.
   * @param merge the user's `mergeOtherArgs(total, block)`: changes `total`, or returns a new one.
   */
  constructor(total: unknown, merge: (total: unknown, block: unknown) => unknown) {
    this.#total = total;
    this.#merge = merge;
  }

  /** Everything merged so far. */
  get total(): unknown {
    return this.#total;
  }

  /**
   * Adds a block's other args.
   *
   * @throws {BlockfleetError} if the user's merge throws.
   */
  add(block: number, args: unknown): void {
    this.#waiting.set(block, args);
    while (this.#waiting.has(this.#next)) {
      try {
        const merged = this.#merge(this.#total, this.#waiting.get(this.#next));
        if (merged instanceof Promise) throw new TypeError("it must not be async");
        this.#total = merged ?? this.#total;
      } catch (error) {
        throw new BlockfleetError(`mergeOtherArgs failed for block ${this.#next}: ${messageOf(error)}`, {
          cause: error,
        });
      }
      this.#waiting.delete(this.#next++);
    }
  }
}
