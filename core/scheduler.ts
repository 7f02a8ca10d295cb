/**
 * Which worker gets which block, and what a lost worker or a failed block means: the accounting of HARD-CASES.
 *
 * Pure state: no I/O, no timers; the time is handed in. Times are monotonic milliseconds.
 *
 * @module
 */
import { BlockLanes } from "./block_order.ts";
import { FailureCounts } from "./failure_counts.ts";
import { HeldBlocks } from "./held_blocks.ts";
import {
  type BegunBlock,
  longestQueue,
  oldestBegunMs,
  slowestBlock,
  type WaitingBlocks,
} from "./other_hands.ts";
import { RecentTimes } from "./recent_times.ts";
import { RequeuedBlocks } from "./requeued_blocks.ts";
import type { Acceptance, FailureVerdict, Grant, LossVerdict, SchedulerOptions } from "./scheduler_types.ts";

/** The least age at which a block may be copied while others still wait, milliseconds. */
export const OVERDUE_MS = 60_000;

const PENDING = 0;
const OUT = 1;
const DONE = 2;

/** Hands out blocks to sessions, counts attempts, errors and losses. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #state: Uint8Array;
  readonly #attempts: Uint32Array;
  readonly #sessions = new Map<number, HeldBlocks>();
  readonly #holders = new Map<number, Set<number>>();
  readonly #requeued = new RequeuedBlocks();
  readonly #suspects: number[] = [];
  readonly #lanes: BlockLanes | undefined;
  readonly #failures: FailureCounts;
  readonly #recent = new RecentTimes();
  #lastSession = 0;
  #next = 0;
  #pendingCount: number;
  #heldTotal = 0;
  #doneCount = 0;
  #resumedCount = 0;
  #retriedCount = 0;
  #nextOverdueScanMs = 0;
  /** Counts what changes in any hands, so that a thousand idle sessions need not look into all of them for nothing. */
  #changes = 0;
  #nothingToTake = { changes: -1, untilMs: 0 };
  #nothingToRelease = -1;
  #workers: number;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#failures = new FailureCounts(options);
    this.#lanes = options.order && new BlockLanes(options.order);
    this.#workers = options.workers ?? 1;
    this.#state = new Uint8Array(options.blockCount);
    this.#attempts = new Uint32Array(options.blockCount);
    for (const block of options.done ?? []) {
      if (this.#state[block] === PENDING) {
        this.#state[block] = DONE;
        this.#resumedCount++;
        this.#doneCount++;
      }
    }
    this.#pendingCount = options.blockCount - this.#doneCount;
  }

  /** Blocks done, those of an earlier run included. */
  get doneCount(): number {
    return this.#doneCount;
  }

  /** Blocks that an earlier run had done. */
  get resumedCount(): number {
    return this.#resumedCount;
  }

  /** Times that a block was handed out again after an error or a loss. */
  get retriedCount(): number {
    return this.#retriedCount;
  }

  /** Whether every block is done. */
  get complete(): boolean {
    return this.#doneCount === this.#options.blockCount;
  }

  /** Whether blocks wait to be handed out. */
  get hasPending(): boolean {
    return this.#pendingCount > 0;
  }

  /** Blocks that wait to be handed out, suspected killers included. */
  get waitingCount(): number {
    return this.#pendingCount + this.#suspects.length;
  }

  /** What the last blocks took. */
  get times(): Pick<RecentTimes, "mean" | "percentile"> {
    return this.#recent;
  }

  /** Whether a suspected killer waits for a fresh worker. */
  get hasSuspects(): boolean {
    return this.#suspects.length > 0;
  }

  /** More workers are expected than at the start, or fewer. */
  expect(workers: number): void {
    this.#workers = Math.max(1, workers);
  }

  /** Opens a session for a worker that has connected. */
  open(threads = 1): number {
    const id = ++this.#lastSession;
    this.#sessions.set(id, new HeldBlocks(threads));
    return id;
  }

  /** Blocks that a session holds. */
  heldCount(id: number): number {
    return this.#sessions.get(id)?.size ?? 0;
  }

  /** Whether a session's worker has a block in hand, as far as is known: one whose input is being read is not. */
  hasBegun(id: number): boolean {
    return this.#sessions.get(id)?.hasBegun ?? false;
  }

  /** Whether a session has been given no block yet. */
  isFresh(id: number): boolean {
    return this.#sessions.get(id)?.fresh ?? false;
  }

  /** A session's connection is broken, or mended: while it is broken its blocks may be copied at once. */
  setAway(id: number, isAway: boolean): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    session.isAway = isAway;
    this.#changes++;
  }

  /** Whether a block is done. */
  isDone(block: number): boolean {
    return this.#state[block] === DONE;
  }

  /** Blocks that a session has in hand and nobody else has, and since when. */
  begunAlone(id: number): [block: number, begunMs: number][] {
    return [...this.#sessions.get(id)?.begun() ?? []].filter(([block]) => this.#isOnlyHolder(block));
  }

  /** When the block was begun that has been in hand the longest; undefined if none is. */
  get oldestBegunMs(): number | undefined {
    return oldestBegunMs(this.#sessions);
  }

  /** Blocks that all sessions hold together, copies counted twice. */
  get heldTotal(): number {
    return this.#heldTotal;
  }

  /** The attempt by which a session holds a block. */
  attemptOf(id: number, block: number): number | undefined {
    return this.#sessions.get(id)?.attemptOf(block);
  }

  /**
   * Gives a session blocks, so that it holds up to `capacity`; towards the end no more than it computes at once, so that
   * every worker has something to do. Then an idle session gets what waits in another's queue, or copies of what is slow.
   * A suspected killer goes alone to a session that is fresh, or to any idle one if no fresh one is there or to come.
   */
  take(id: number, capacity: number, options: { nowMs: number; freshComing: boolean }): Grant[] {
    const session = this.#sessions.get(id);
    if (!session || session.alone !== undefined) return [];
    const mayRunAlone = session.size === 0 && this.#suspects.length > 0;
    const isFreshThere = () => this.#sessions.values().some(({ fresh }) => fresh);
    if (mayRunAlone && (session.fresh || !options.freshComing && !isFreshThere())) {
      const block = this.#suspects.shift()!;
      session.alone = block;
      return [this.#give(id, session, block)];
    }
    const grants: Grant[] = [];
    while (session.size < this.#limit(session, capacity)) {
      const block = this.#overdueBlock(id, options.nowMs) ?? this.#nextPending(id, session.threads);
      if (block === undefined) break;
      grants.push(this.#give(id, session, block));
    }
    if (session.size > 0 || !this.#options.copies) return grants;
    const { changes, untilMs } = this.#nothingToTake;
    if (changes === this.#changes && options.nowMs <= untilMs) return grants;
    const queue = longestQueue(this.#sessions, id, this.#isOnlyHolder);
    if (queue) {
      const blocks = queue.blocks.slice(-capacity);
      return blocks.map((block) => ({ ...this.#give(id, session, block), takenFrom: queue.session }));
    }
    const block = this.#blockToCopy(id, options.nowMs);
    return block === undefined ? [] : [this.#give(id, session, block)];
  }

  /** A block has left for its worker. */
  sent(id: number, block: number, nowMs: number): void {
    this.#sessions.get(id)?.sent(block, nowMs);
    this.#changes++;
  }

  /** A block's result has come. */
  finish(
    id: number,
    block: number,
    options: { attempt: number; elapsedMs: number; nowMs: number },
  ): Acceptance {
    const session = this.#sessions.get(id);
    if (session?.attemptOf(block) !== options.attempt) return "stale";
    const wasDone = this.#state[block] === DONE;
    this.#state[block] = DONE;
    this.#drop(id, session, { block, nowMs: options.nowMs });
    if (wasDone) return "duplicate";
    this.#doneCount++;
    this.#failures.blockDone();
    this.#recent.add(options.elapsedMs);
    return "first";
  }

  /** An attempt has failed: the user function threw, an input could not be read, or `blockTimeout` ran out. */
  fail(id: number, block: number, options: { attempt: number; nowMs: number }): FailureVerdict {
    const session = this.#sessions.get(id);
    if (session?.attemptOf(block) !== options.attempt) return "ignored";
    this.#drop(id, session, { block, nowMs: options.nowMs });
    if (this.#state[block] === DONE) return "ignored";
    if (this.#failures.blockFailed(block)) return "fatal";
    if (this.#putBack(block)) this.#retriedCount++;
    return "retry";
  }

  /** Blocks that a session had not begun and gives back. */
  giveBack(id: number, blocks: readonly number[]): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    for (const block of blocks) {
      if (!session.has(block)) continue;
      const isSuspect = session.alone === block;
      this.#drop(id, session, { block });
      this.#putBack(block, isSuspect);
    }
  }

  /**
   * Ends a session; what it held is handed out again.
   *
   * @param loss undefined if the worker ended as it should; `blame` if its death has no other explanation than the
   *   block in hand, which is `computing` if that is known for sure (-1: there was none).
   */
  close(id: number, loss?: { readonly blame: boolean; readonly computing?: number }): LossVerdict {
    const session = this.#sessions.get(id);
    if (!session) return { requeued: 0 };
    const { alone, blocks } = session;
    const [begun] = session.begun();
    const computing = loss?.computing ?? begun?.[0];
    this.#sessions.delete(id);
    this.#lanes?.close(id);
    const blamed = loss?.blame && computing !== undefined && session.has(computing) &&
        this.#state[computing] !== DONE
      ? computing
      : undefined;
    const isSuspect = blamed !== undefined && this.#failures.blockKilled(blamed);
    if (blamed !== undefined && alone === blamed) return { blamed, fatal: "killer", requeued: 0 };
    let requeued = 0;
    for (const block of blocks) {
      this.#drop(id, session, { block });
      if (this.#state[block] !== OUT || this.#holders.has(block)) continue;
      requeued++;
      if (block === computing) this.#retriedCount++;
      this.#putBack(block, block === alone || block === blamed && isSuspect);
    }
    const verdict = blamed === undefined ? { requeued } : { blamed, requeued };
    return loss && this.countLoss() ? { ...verdict, fatal: "worker losses" } : verdict;
  }

  /** Counts the loss of a worker; whether these are too many since a block was last done. */
  countLoss(): boolean {
    return this.#failures.workerLost();
  }

  /** Deaths that a block was blamed for. */
  deathsOf(block: number): number {
    return this.#failures.deathsOf(block);
  }

  /**
   * For a session that has nothing to do while others hold blocks that they have not begun, where copies may not run:
   * whom to ask for which. Each session is asked for half of what waits, and again only after it has given something
   * back or done a block.
   */
  blocksToRelease(idle: number): WaitingBlocks | undefined {
    if (this.#options.copies || this.hasPending || this.#nothingToRelease === this.#changes) return undefined;
    const queue = longestQueue(this.#sessions, idle, this.#isOnlyHolder);
    if (queue) this.#sessions.get(queue.session)!.releasing = true;
    else this.#nothingToRelease = this.#changes;
    return queue;
  }

  /** The last blocks of a session that are more than it may hold and that it has not begun, to be asked back: once. */
  excess(id: number, capacity: number): number[] {
    return this.#sessions.get(id)?.askBack(capacity) ?? [];
  }

  #limit(session: HeldBlocks, capacity: number): number {
    return this.#pendingCount >= this.#workers ? capacity : Math.min(capacity, session.threads);
  }

  readonly #isOnlyHolder = (block: number): boolean =>
    this.#state[block] === OUT && this.#holders.get(block)?.size === 1;

  #nextPending(id: number, threads: number): number | undefined {
    for (let block = this.#requeued.shift(); block !== undefined; block = this.#requeued.shift()) {
      if (this.#state[block] === PENDING) return block;
    }
    if (this.#lanes) {
      let block = this.#lanes.next(id, threads);
      while (block !== undefined && this.#state[block] !== PENDING) block = this.#lanes.next(id, threads);
      return block;
    }
    while (this.#next < this.#state.length && this.#state[this.#next] !== PENDING) this.#next++;
    return this.#next < this.#state.length ? this.#next++ : undefined;
  }

  #give(id: number, session: HeldBlocks, block: number): Grant {
    const attempt = this.#attempts[block]! + 1;
    this.#attempts[block] = attempt;
    // Suspects are waited for apart.
    if (this.#state[block] === PENDING && session.alone !== block) this.#pendingCount--;
    this.#state[block] = OUT;
    session.add(block, attempt);
    this.#heldTotal++;
    this.#changes++;
    const holders = this.#holders.get(block);
    if (holders) holders.add(id);
    else this.#holders.set(block, new Set([id]));
    return { block, attempt };
  }

  #drop(id: number, session: HeldBlocks, { block, nowMs }: { block: number; nowMs?: number }): void {
    session.remove(block, nowMs);
    this.#heldTotal--;
    this.#changes++;
    const holders = this.#holders.get(block);
    holders?.delete(id);
    if (holders?.size === 0) this.#holders.delete(block);
    else if (holders?.size === 1 && this.#state[block] !== DONE) {
      // It is now the only holder's to share.
      for (const holder of holders) {
        const held = this.#sessions.get(holder);
        if (held) held.nothingToShare = false;
      }
    }
  }

  /** Makes a block wait for a session again, unless one is done with it or still has it. */
  #putBack(block: number, isSuspect = false): boolean {
    if (this.#state[block] !== OUT || this.#holders.has(block)) return false;
    this.#state[block] = PENDING;
    if (isSuspect) this.#suspects.push(block);
    else {
      this.#pendingCount++;
      this.#requeued.add(block);
    }
    return true;
  }

  #overdueBlock(id: number, nowMs: number): number | undefined {
    if (nowMs < this.#nextOverdueScanMs) return undefined;
    const age = Math.max(OVERDUE_MS, 10 * this.#recent.median());
    const overdue = this.#slowestBlock(id, nowMs - age);
    // The scan looks at every session; with a thousand of them it can't be made for every block.
    if (overdue === undefined) this.#nextOverdueScanMs = nowMs + 1000;
    return overdue?.block;
  }

  // A copy of a block younger than the usual time would hardly come first.
  #blockToCopy(id: number, nowMs: number): number | undefined {
    const usualMs = this.#recent.median();
    const slow = this.#slowestBlock(id, nowMs - usualMs);
    if (slow) return slow.block;
    const next = this.#slowestBlock(id, Infinity);
    this.#nothingToTake = { changes: this.#changes, untilMs: next ? next.begunMs + usualMs : Infinity };
    return undefined;
  }

  #slowestBlock(id: number, begunBeforeMs: number): BegunBlock | undefined {
    if (!this.#options.copies) return undefined;
    return slowestBlock(this.#sessions, id, { begunBeforeMs, isOnlyHolder: this.#isOnlyHolder });
  }
}
