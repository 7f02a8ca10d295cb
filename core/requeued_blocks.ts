/**
 * Blocks that wait to be handed out again, lowest number first.
 *
 * @module
 */

/** A small sorted list: it holds what lost workers had, never the whole block list. */
export class RequeuedBlocks {
  /** Highest first, so that the lowest comes off the end. */
  readonly #blocks: number[] = [];

  /** Adds a block. */
  add(block: number): void {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#blocks[middle]! > block) low = middle + 1;
      else high = middle;
    }
    this.#blocks.splice(low, 0, block);
  }

  /** Takes the lowest one away. */
  shift(): number | undefined {
    return this.#blocks.pop();
  }
}
