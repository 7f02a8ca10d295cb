/**
 * Timeouts that count only while someone waits and nothing moves.
 *
 * @module
 */
import { TimeoutExceededError } from "./errors.ts";

/** One timeout. */
export interface StallWatchOptions {
  /** The limit, seconds; undefined for none. */
  readonly seconds: number | undefined;
  /** What is waited for, for the error. */
  readonly waitedFor: string;
  /** What is known of why, for the error; undefined if nothing is. */
  readonly reasons?: () => string | undefined;
}

/** Watches one timeout. Without a limit it never runs out. */
export class StallWatch {
  readonly #name: string;
  readonly #limitMs: number;
  readonly #waitedFor: string;
  readonly #reasons: () => string | undefined;
  #sinceMs: number | undefined;
  #progress = -1;

  /** @param name the option that sets the limit. */
  constructor(name: string, { seconds, waitedFor, reasons = () => undefined }: StallWatchOptions) {
    this.#name = name;
    this.#limitMs = seconds === undefined ? Infinity : seconds * 1000;
    this.#waitedFor = waitedFor;
    this.#reasons = reasons;
  }

  /**
   * Looks again.
   *
   * @param waiting whether someone waits.
   * @param progress grows whenever the thing waited for moves.
   * @throws {TimeoutExceededError} if the wait without a move has lasted longer than the limit.
   */
  check(waiting: boolean, progress: number, nowMs: number): void {
    if (!waiting || progress !== this.#progress) {
      this.#progress = progress;
      this.#sinceMs = waiting ? nowMs : undefined;
    }
    this.#sinceMs ??= waiting ? nowMs : undefined;
    if (this.#sinceMs !== undefined && nowMs - this.#sinceMs > this.#limitMs) {
      const detail = this.#reasons();
      throw new TimeoutExceededError(this.#name, this.#limitMs / 1000, this.#waitedFor, { detail });
    }
  }
}
