/**
 * Answers to a peer whose writes wait for our acknowledgements.
 *
 * The system of a peer that can't turn Nagle's algorithm off (RFC 896) holds the last small segment back until we
 * acknowledge the one before, and our system puts that off for 40 ms (RFC 1122, 4.2.3.2) unless we send something. So
 * we do: at once when a frame has begun that is not whole, and soon after anything else that we have not answered.
 *
 * @module
 */

/** Delay of an answer that nothing else has carried, milliseconds; doubles while nothing comes. */
const LEAST_MS = 1;
const MOST_MS = 64;

/** Sees to it that what was heard is answered soon. */
export class Nudge {
  readonly #send: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delayMs = LEAST_MS;
  #isAmidst = false;
  #isAnswerDue = false;
  #hasHeard = false;

  /**
   * Nothing is due yet.
   *
   * @param send sends the least that there is.
   */
  constructor(send: () => void) {
    this.#send = send;
  }

  /** Something has come: whether a frame is begun and not whole, and whether whole ones wait for an answer. */
  heard({ isAmidst, isAnswerDue }: { readonly isAmidst: boolean; readonly isAnswerDue: boolean }): void {
    const hasBegun = isAmidst && !this.#isAmidst;
    this.#isAmidst = isAmidst;
    this.#isAnswerDue = isAnswerDue;
    this.#hasHeard = true;
    this.#delayMs = LEAST_MS;
    if (hasBegun) this.#send();
    if (isAmidst || isAnswerDue) this.#wait();
  }

  /** Something has left, and carried an answer with it. */
  answered(): void {
    this.#isAnswerDue = false;
  }

  /** Stops. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isAmidst = false;
    this.#isAnswerDue = false;
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => this.#look(), this.#delayMs);
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#isAmidst && !this.#isAnswerDue) return;
    // A stream of bytes that has not stalled needs no push.
    if (this.#hasHeard && this.#isAmidst) this.#hasHeard = false;
    else {
      this.#delayMs = Math.min(2 * this.#delayMs, MOST_MS);
      this.#send();
    }
    if (this.#isAmidst) this.#wait();
  }
}
