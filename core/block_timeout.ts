/**
 * `blockTimeout`: a block that is computed for too long ends its worker.
 *
 * @module
 */
import { TimeoutExceededError } from "./errors.ts";
import type { FailureVerdict } from "./scheduler_types.ts";
import type { Session } from "./session.ts";

/** What becomes of a block that took too long. */
export interface BlockTimeoutHooks {
  /** A block for people. */
  describeBlock(block: number): string;
  /** Counts an error of the block; undefined if the session does not have it. */
  failed(session: Session, block: number): FailureVerdict | undefined;
  /** A line for the user. */
  notice(line: string): void;
}

/** When a block was begun, by the link's clock and by the run's. */
interface Begun {
  readonly sinceMs: number;
  readonly runMs: number;
}

/** Watches what every worker computes. */
export class BlockTimeout {
  readonly #seconds: number;
  readonly #hooks: BlockTimeoutHooks;
  readonly #begun = new WeakMap<Session, Begun>();

  /** @param seconds the limit; undefined for none. */
  constructor(seconds: number | undefined, hooks: BlockTimeoutHooks) {
    this.#seconds = seconds ?? Infinity;
    this.#hooks = hooks;
  }

  /**
   * Looks at all of them.
   *
   * @param now monotonic milliseconds, and the run's time, which stands still while this process is stopped.
   * @throws {TimeoutExceededError} for a block that may not be tried again.
   */
  check(sessions: Iterable<Session>, now: { readonly nowMs: number; readonly runMs: number }): void {
    if (this.#seconds === Infinity) return;
    for (const session of sessions) {
      // Of one that is cut off nobody knows whether it is done already; once it is back it says so.
      const computing = session.away ? undefined : session.link.computing?.();
      if (!computing || now.runMs - this.#begunMs(session, computing.sinceMs, now) <= this.#seconds * 1000) {
        continue;
      }
      this.#end(session, computing.block);
    }
  }

  /** When its block was begun, in the run's time. */
  #begunMs(session: Session, sinceMs: number, { nowMs, runMs }: { nowMs: number; runMs: number }): number {
    const known = this.#begun.get(session);
    if (known?.sinceMs === sinceMs) return known.runMs;
    const begun = { sinceMs, runMs: runMs - (nowMs - sinceMs) };
    this.#begun.set(session, begun);
    return begun.runMs;
  }

  #end(session: Session, block: number): void {
    const { describeBlock, failed, notice } = this.#hooks;
    const what = `${describeBlock(block)} on worker ${session.worker}`;
    const error = new TimeoutExceededError("blockTimeout", this.#seconds, what);
    const verdict = failed(session, block);
    if (verdict === undefined) return;
    if (verdict === "fatal") throw error;
    const again = verdict === "retry" ? " and the block tried again" : "";
    notice(`${error.message}; its worker is ended${again}`);
    session.interrupted = true;
    session.link.close("blockTimeout ran out");
  }
}
