/**
 * Decoded tiles that may be needed again.
 *
 * @module
 */

/** The least recently used tiles go when the budget is used up. */
export class TileCache {
  readonly #budgetBytes: number;
  readonly #tiles = new Map<number, Uint8Array<ArrayBuffer>>();
  #usedBytes = 0;

  /** A cache of at most `budgetBytes`. */
  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** The tile `index`, if it is here. */
  get(index: number): Uint8Array<ArrayBuffer> | undefined {
    const tile = this.#tiles.get(index);
    if (tile !== undefined) {
      this.#tiles.delete(index);
      this.#tiles.set(index, tile);
    }
    return tile;
  }

  /**
   * Keeps a tile, and with it what it needs for the tiles of its window, `windowBytes`, even if that is above the budget:
   * great tiles would otherwise be decoded anew for every window.
   */
  set(index: number, tile: Uint8Array<ArrayBuffer>, windowBytes = 0): void {
    if (this.#budgetBytes <= 0) return;
    this.#drop(index);
    // A small tile can be part of a larger shared buffer, which it would hold in memory.
    const own = tile.buffer.byteLength > tile.byteLength * 1.5 ? tile.slice() : tile;
    this.#tiles.set(index, own);
    this.#usedBytes += own.buffer.byteLength;
    for (const oldest of this.#tiles.keys()) {
      if (this.#usedBytes <= Math.max(this.#budgetBytes, windowBytes) || this.#tiles.size === 1) break;
      this.#drop(oldest);
    }
  }

  /** Forgets all tiles. */
  clear(): void {
    this.#tiles.clear();
    this.#usedBytes = 0;
  }

  #drop(index: number): void {
    const tile = this.#tiles.get(index);
    if (tile === undefined) return;
    this.#tiles.delete(index);
    this.#usedBytes -= tile.buffer.byteLength;
  }
}
