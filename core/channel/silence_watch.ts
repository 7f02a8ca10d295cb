/**
 * How long a peer has been silent, by our own measure.
 *
 * @module
 */

/** Adds up the time in which a peer could have been heard and was not. */
export class SilenceWatch {
  readonly #heartbeatMs: number;
  readonly #lostAfterMs: number;
  #lastTickMs: number;
  #silentMs = 0;

  /**
   * A watch that begins now.
   *
   * @param options a peer is lost after `lostAfterMs`; a tick is due at least every `heartbeatMs`.
   */
  constructor(options: { readonly heartbeatMs: number; readonly lostAfterMs: number }, nowMs: number) {
    this.#heartbeatMs = options.heartbeatMs;
    this.#lostAfterMs = options.lostAfterMs;
    this.#lastTickMs = nowMs;
  }

  /** A byte has come. */
  heard(): void {
    this.#silentMs = 0;
  }

  /**
   * Looks at the clock.
   *
   * @returns how long the peer has been silent, once that is too long.
   */
  tick(nowMs: number): number | undefined {
    const elapsedMs = nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    // A late tick means that this process was stopped or busy: then it did not read either, and the peer may have
    // spoken all the while.
    if (elapsedMs <= 2 * this.#heartbeatMs) this.#silentMs += elapsedMs;
    return this.#silentMs > this.#lostAfterMs ? this.#silentMs : undefined;
  }
}
