/**
 * What other sessions have in hand or in their queues that one with nothing to do could have.
 *
 * @module
 */
import type { HeldBlocks } from "./held_blocks.ts";

/** Every session by its number. */
type Sessions = Map<number, HeldBlocks>;

/** Blocks that wait in a session's queue. */
export interface WaitingBlocks {
  /** Whose queue it is. */
  readonly session: number;
  /** The blocks. */
  readonly blocks: number[];
}

/** Queues that are compared: of a thousand long ones each would do. */
const MOST_COMPARED = 16;

/**
 * The second half of the longest queue of blocks that are not begun and nobody else's; the longest of the first ones, if
 * there are many.
 *
 * @param isOnlyHolder whether nobody but its one holder has a block, and it is not done.
 */
export function longestQueue(
  sessions: Sessions,
  idle: number,
  isOnlyHolder: (block: number) => boolean,
): WaitingBlocks | undefined {
  let longest: WaitingBlocks | undefined;
  let compared = 0;
  for (const [id, session] of sessions) {
    const isTooShort = session.size < (session.isAway ? 1 : 2);
    if (id === idle || session.releasing || isTooShort || session.nothingToShare) continue;
    const blocks = session.waiting().filter(isOnlyHolder);
    session.nothingToShare = blocks.length === 0;
    if (blocks.length === 0) continue;
    if (blocks.length > (longest?.blocks.length ?? 0)) longest = { session: id, blocks };
    if (++compared === MOST_COMPARED) break;
  }
  if (!longest) return undefined;
  // To the end, so that the next one that asks looks at others first.
  const owner = sessions.get(longest.session)!;
  sessions.delete(longest.session);
  sessions.set(longest.session, owner);
  // The last ones would be begun last.
  return { ...longest, blocks: longest.blocks.slice(Math.floor(longest.blocks.length / 2)) };
}

/** A block in hand. */
export interface BegunBlock {
  /** The block. */
  readonly block: number;
  /** When it was begun. */
  readonly begunMs: number;
}

/**
 * The block that was begun first, before `begunBeforeMs` or by a worker whose connection is broken, and has no copy yet.
 *
 * @param options `isOnlyHolder` as in {@linkcode longestQueue}; `begunBeforeMs` in monotonic milliseconds.
 */
export function slowestBlock(
  sessions: Sessions,
  idle: number,
  options: { readonly begunBeforeMs: number; readonly isOnlyHolder: (block: number) => boolean },
): BegunBlock | undefined {
  let slowest: BegunBlock | undefined;
  for (const [id, session] of sessions) {
    if (id === idle || session.alone !== undefined) continue;
    for (const [block, begunMs] of session.begun()) {
      const isSlow = session.isAway || begunMs < options.begunBeforeMs;
      if (!isSlow || begunMs >= (slowest?.begunMs ?? Infinity) || !options.isOnlyHolder(block)) continue;
      slowest = { block, begunMs };
    }
  }
  return slowest;
}

/** When the block was begun that has been in hand the longest; undefined if none is. */
export function oldestBegunMs(sessions: Sessions): number | undefined {
  let oldest: number | undefined;
  for (const session of sessions.values()) {
    for (const [, begunMs] of session.begun()) {
      if (oldest === undefined || begunMs < oldest) oldest = begunMs;
    }
  }
  return oldest;
}
