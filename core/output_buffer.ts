/**
 * Results that wait to be taken: while there are many, no more blocks are handed out.
 *
 * @module
 */

/** Counts the results that are accepted and not yet taken. It is full at twice the number of workers. */
export class OutputBuffer {
  readonly #hooks: { readonly taken: () => void; readonly failed: (error: unknown) => void };
  #workers: number;
  #waiting = 0;
  #takenCount = 0;

  /** @param hooks `taken` is called after each result that was waited for, `failed` if it could not be taken. */
  constructor(workers: number, hooks: { taken: () => void; failed: (error: unknown) => void }) {
    this.#workers = workers;
    this.#hooks = hooks;
  }

  /** More workers are expected, or fewer. */
  expect(workers: number): void {
    this.#workers = workers;
  }

  /** Whether no result waits. */
  get isEmpty(): boolean {
    return this.#waiting === 0;
  }

  /** Whether as many results wait as may. */
  get isFull(): boolean {
    return this.#waiting >= 2 * this.#workers;
  }

  /** Results that were waited for and taken. */
  get takenCount(): number {
    return this.#takenCount;
  }

  /** Blocks that may be handed out beside those that are held: without limit as long as results are taken as they come. */
  room(held: number): number {
    return this.isEmpty ? Infinity : Math.max(0, 2 * this.#workers - this.#waiting - held);
  }

  /** A result waits until `taken` settles. */
  add(taken: Promise<void>): void {
    this.#waiting++;
    taken.then(() => {
      this.#waiting--;
      this.#takenCount++;
      this.#hooks.taken();
    }, this.#hooks.failed);
  }
}
