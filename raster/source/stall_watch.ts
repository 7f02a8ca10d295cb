/**
 * A limit for how long nothing may come of a server's answer.
 *
 * @module
 */

/** Ends a request when nothing has come for a while, however long all of it takes. */
export class StallWatch implements Disposable {
  readonly #request = new AbortController();
  readonly #signals: readonly AbortSignal[];
  readonly #stop = () => this.#request.abort();
  readonly #stallMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStalled = false;

  /**
   * Begins to watch.
   *
   * @param stallMs how long nothing may come, milliseconds.
   * @param signals end the request, too.
   */
  constructor(stallMs: number, signals: readonly (AbortSignal | undefined)[]) {
    this.#stallMs = stallMs;
    this.#signals = signals.filter((signal) => signal !== undefined);
    for (const signal of this.#signals) signal.addEventListener("abort", this.#stop);
    this.heard();
  }

  /** Ends the request. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }

  /** Whether the request was ended because nothing came. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Something came. */
  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isStalled = true;
      this.#stop();
    }, this.#stallMs);
  }

  /** Ends the watch, not the request. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#stop);
  }
}
