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

/**
 * Looks at what every worker computes.
 *
 * @param seconds the limit; undefined for none.
 * @throws {TimeoutExceededError} for a block that may not be tried again.
 */
export function checkBlockTimeout(
  sessions: Iterable<Session>,
  seconds: number | undefined,
  hooks: BlockTimeoutHooks & { readonly nowMs: number },
): void {
  if (seconds === undefined) return;
  for (const session of sessions) {
    const computing = session.link.computing?.();
    if (!computing || hooks.nowMs - computing.sinceMs <= seconds * 1000) continue;
    const { block } = computing;
    const what = `${hooks.describeBlock(block)} on worker ${session.worker}`;
    const error = new TimeoutExceededError("blockTimeout", seconds, what);
    const verdict = hooks.failed(session, block);
    if (verdict === undefined) continue;
    if (verdict === "fatal") throw error;
    const again = verdict === "retry" ? " and the block tried again" : "";
    hooks.notice(`${error.message}; its worker is ended${again}`);
    session.interrupted = true;
    session.link.close("blockTimeout ran out");
  }
}
