/**
 * Waiting for whatever happens next.
 *
 * @module
 */

/** Something that many may wait for, again and again. */
export class WakeUp {
  #next = Promise.withResolvers<void>();

  /** It has happened. */
  notify(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Waits until it happens, for `ms` milliseconds at most, or until `signal` is aborted. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const over = Promise.withResolvers<void>();
    const done = () => over.resolve();
    const timer = setTimeout(done, Math.max(0, ms));
    signal?.addEventListener("abort", done);
    await Promise.race([this.#next.promise, over.promise]);
    clearTimeout(timer);
    signal?.removeEventListener("abort", done);
  }
}
