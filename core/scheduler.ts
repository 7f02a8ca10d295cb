/**
 * Which worker gets which block, and what a lost worker or a failed block means: the accounting of HARD-CASES.
 *
 * Pure state: no I/O, no timers; the time is handed in. Times are monotonic milliseconds.
 *
 * @module
 */
import { RecentTimes } from "./recent_times.ts";
import { RequeuedBlocks } from "./requeued_blocks.ts";

/** What a scheduler works by. */
export interface SchedulerOptions {
  /** Blocks in the list; they are numbered from 0. */
  readonly blockCount: number;
  /** Errors of one block that are tried again. */
  readonly maxBlockErrors: number;
  /** Deaths while computing one block, before it runs once more alone. */
  readonly maxBlockLosses: number;
  /** Workers lost since a block was last done, before the run is given up. */
  readonly maxWorkerLosses: number;
  /** Whether idle workers may run copies. */
  readonly copies: boolean;
  /** Blocks that an earlier run has done. */
  readonly done?: Iterable<number>;
}

/** A block given to a session. */
export interface Grant {
  /** The block. */
  readonly block: number;
  /** Counts the times it was given, from 1. */
  readonly attempt: number;
}

/** What a result means: the block's first, a copy's that came later, or nothing that was asked for. */
export type Acceptance = "first" | "duplicate" | "stale";

/** What the failure of an attempt means. */
export type FailureVerdict = "ignored" | "retry" | "fatal";

/** What the end of a session means. */
export interface LossVerdict {
  /** The block it was computing and that is blamed for the loss, if any. */
  readonly blamed?: number;
  /** Why the run can't go on, if it can't. */
  readonly fatal?: "killer" | "worker losses";
  /** Blocks to be handed out again. */
  readonly requeued: number;
}

/** The least age at which a block may be copied while others still wait, milliseconds. */
export const OVERDUE_MS = 60_000;

interface Held {
  readonly attempt: number;
  /** When it was sent to the worker; undefined while its input is being read. */
  sentMs: number | undefined;
  /** When it became one of the first `threads` of its worker's queue; as good as when it was begun. */
  begunMs: number | undefined;
}

interface Session {
  readonly worker: number;
  readonly threads: number;
  readonly held: Map<number, Held>;
  /** Whether it has been given no block yet. */
  fresh: boolean;
  /** The suspected killer that it runs with nothing else. */
  alone: number | undefined;
  /** Blocks asked back and not answered for yet. */
  releasing: boolean;
}

const PENDING = 0;
const OUT = 1;
const DONE = 2;

/** Hands out blocks to sessions, counts attempts, errors and losses. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #state: Uint8Array;
  readonly #attempts: Uint32Array;
  readonly #sessions = new Map<number, Session>();
  readonly #holders = new Map<number, Set<number>>();
  readonly #requeued = new RequeuedBlocks();
  readonly #suspects: number[] = [];
  readonly #errors = new Map<number, number>();
  readonly #losses = new Map<number, number>();
  readonly #recent = new RecentTimes();
  #lastSession = 0;
  #next = 0;
  #doneCount = 0;
  #resumedCount = 0;
  #retriedCount = 0;
  #lossesSinceDone = 0;
  #nextOverdueScanMs = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#state = new Uint8Array(options.blockCount);
    this.#attempts = new Uint32Array(options.blockCount);
    for (const block of options.done ?? []) {
      if (this.#state[block] === PENDING) {
        this.#state[block] = DONE;
        this.#resumedCount++;
        this.#doneCount++;
      }
    }
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

  /** Whether a suspected killer waits for a fresh worker. */
  get hasSuspects(): boolean {
    return this.#suspects.length > 0;
  }

  /** Opens a session for a worker that has connected. */
  open(worker: number, threads = 1): number {
    const id = ++this.#lastSession;
    this.#sessions.set(id, {
      worker,
      threads,
      held: new Map(),
      fresh: true,
      alone: undefined,
      releasing: false,
    });
    return id;
  }

  /** Blocks that a session holds. */
  heldCount(id: number): number {
    return this.#sessions.get(id)?.held.size ?? 0;
  }

  /** The attempt by which a session holds a block. */
  attemptOf(id: number, block: number): number | undefined {
    return this.#sessions.get(id)?.held.get(block)?.attempt;
  }

  /**
   * Gives a session blocks, so that it holds up to `capacity`. A suspected killer goes alone to a session that is
   * fresh, or to any idle one if no fresh one is to come.
   */
  take(id: number, capacity: number, options: { nowMs: number; freshComing: boolean }): Grant[] {
    const session = this.#sessions.get(id);
    if (!session || session.alone !== undefined) return [];
    if (this.#suspects.length > 0 && session.held.size === 0 && (session.fresh || !options.freshComing)) {
      const block = this.#suspects.shift()!;
      session.alone = block;
      return [this.#give(id, session, block)];
    }
    const grants: Grant[] = [];
    while (session.held.size < capacity) {
      const block = this.#overdueBlock(id, options.nowMs) ?? this.#nextPending();
      if (block === undefined) break;
      grants.push(this.#give(id, session, block));
    }
    if (grants.length === 0 && session.held.size === 0) {
      const block = this.#blockToCopy(id, options.nowMs);
      if (block !== undefined) grants.push(this.#give(id, session, block));
    }
    return grants;
  }

  /** A block has left for its worker. */
  sent(id: number, block: number, nowMs: number): void {
    const session = this.#sessions.get(id);
    const held = session?.held.get(block);
    if (!session || !held) return;
    held.sentMs = nowMs;
    this.#markBegun(session, nowMs);
  }

  /** A block's result has come. */
  finish(
    id: number,
    block: number,
    options: { attempt: number; elapsedMs: number; nowMs: number },
  ): Acceptance {
    const session = this.#sessions.get(id);
    if (session?.held.get(block)?.attempt !== options.attempt) return "stale";
    this.#drop(id, session, block);
    this.#markBegun(session, options.nowMs);
    if (session.alone === block) session.alone = undefined;
    if (this.#state[block] === DONE) return "duplicate";
    this.#state[block] = DONE;
    this.#doneCount++;
    this.#lossesSinceDone = 0;
    this.#recent.add(options.elapsedMs);
    return "first";
  }

  /** An attempt has failed: the user function threw, an input could not be read, or `blockTimeout` ran out. */
  fail(id: number, block: number, options: { attempt: number; nowMs: number }): FailureVerdict {
    const session = this.#sessions.get(id);
    if (session?.held.get(block)?.attempt !== options.attempt) return "ignored";
    this.#drop(id, session, block);
    this.#markBegun(session, options.nowMs);
    if (session.alone === block) session.alone = undefined;
    if (this.#state[block] === DONE) return "ignored";
    const errors = (this.#errors.get(block) ?? 0) + 1;
    this.#errors.set(block, errors);
    if (errors > this.#options.maxBlockErrors) return "fatal";
    this.#requeue(block);
    return "retry";
  }

  /** Blocks that a session had not begun and gives back. */
  giveBack(id: number, blocks: readonly number[]): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    session.releasing = false;
    for (const block of blocks) {
      if (!session.held.has(block)) continue;
      this.#drop(id, session, block);
      this.#putBack(block);
    }
  }

  /**
   * Ends a session; what it held is handed out again.
   *
   * @param loss undefined if the worker ended as it should; `blame` if its death has no other explanation than the
   *   block in hand, which is `computing` if that is known for sure.
   */
  close(id: number, loss?: { readonly blame: boolean; readonly computing?: number }): LossVerdict {
    const session = this.#sessions.get(id);
    if (!session) return { requeued: 0 };
    const begun = [...session.held].find(([, held]) => held.begunMs !== undefined)?.[0];
    const computing = loss?.computing ?? begun;
    const blocks = [...session.held.keys()];
    this.#sessions.delete(id);
    const blamed = loss?.blame && computing !== undefined && session.held.has(computing) &&
        this.#state[computing] !== DONE
      ? computing
      : undefined;
    let suspect = false;
    if (blamed !== undefined) {
      const losses = (this.#losses.get(blamed) ?? 0) + 1;
      this.#losses.set(blamed, losses);
      if (session.alone === blamed) return { blamed, fatal: "killer", requeued: 0 };
      suspect = losses >= this.#options.maxBlockLosses;
    }
    let requeued = 0;
    for (const block of blocks) {
      this.#drop(id, session, block);
      if (this.#state[block] !== OUT || this.#holders.has(block)) continue;
      requeued++;
      if (block === blamed && suspect) {
        this.#retriedCount++;
        this.#state[block] = PENDING;
        this.#suspects.push(block);
      } else if (block === session.alone) this.#suspects.push(block);
      else if (block === computing) this.#requeue(block);
      else this.#putBack(block);
    }
    const verdict = blamed === undefined ? { requeued } : { blamed, requeued };
    if (loss && ++this.#lossesSinceDone > this.#options.maxWorkerLosses) {
      return { ...verdict, fatal: "worker losses" };
    }
    return verdict;
  }

  /** Deaths that a block was blamed for. */
  lossesOf(block: number): number {
    return this.#losses.get(block) ?? 0;
  }

  /**
   * For a session that has nothing to do while others hold blocks that they have not begun: whom to ask for which.
   * Each session is asked for half of what waits, and again only after it has answered.
   */
  blocksToRelease(idle: number): { readonly session: number; readonly blocks: number[] } | undefined {
    if (this.#hasPending()) return undefined;
    let best: { session: number; blocks: number[] } | undefined;
    for (const [id, session] of this.#sessions) {
      if (id === idle || session.releasing) continue;
      const waiting = [...session.held].filter(([, held]) => held.begunMs === undefined).map(([block]) =>
        block
      );
      if (waiting.length > (best?.blocks.length ?? 0)) best = { session: id, blocks: waiting };
    }
    if (!best) return undefined;
    this.#sessions.get(best.session)!.releasing = true;
    // The last ones would be begun last.
    return { session: best.session, blocks: best.blocks.slice(Math.floor(best.blocks.length / 2)) };
  }

  #hasPending(): boolean {
    while (this.#next < this.#state.length && this.#state[this.#next] !== PENDING) this.#next++;
    return this.#requeued.size > 0 || this.#next < this.#state.length;
  }

  #nextPending(): number | undefined {
    for (let block = this.#requeued.shift(); block !== undefined; block = this.#requeued.shift()) {
      if (this.#state[block] === PENDING) return block;
    }
    return this.#hasPending() ? this.#next++ : undefined;
  }

  #give(id: number, session: Session, block: number): Grant {
    const attempt = this.#attempts[block]! + 1;
    this.#attempts[block] = attempt;
    this.#state[block] = OUT;
    session.fresh = false;
    session.held.set(block, { attempt, sentMs: undefined, begunMs: undefined });
    const holders = this.#holders.get(block);
    if (holders) holders.add(id);
    else this.#holders.set(block, new Set([id]));
    return { block, attempt };
  }

  #drop(id: number, session: Session, block: number): void {
    session.held.delete(block);
    const holders = this.#holders.get(block);
    holders?.delete(id);
    if (holders?.size === 0) this.#holders.delete(block);
  }

  #putBack(block: number): void {
    if (this.#state[block] !== OUT || this.#holders.has(block)) return;
    this.#state[block] = PENDING;
    this.#requeued.add(block);
  }

  #requeue(block: number): void {
    this.#retriedCount++;
    this.#putBack(block);
  }

  // A worker computes what it was sent in order, so the first ones of its queue are those in hand.
  #markBegun(session: Session, nowMs: number): void {
    let running = 0;
    for (const held of session.held.values()) {
      if (running === session.threads) return;
      if (held.sentMs === undefined) continue;
      held.begunMs ??= nowMs;
      running++;
    }
  }

  #overdueBlock(id: number, nowMs: number): number | undefined {
    if (nowMs < this.#nextOverdueScanMs) return undefined;
    const age = Math.max(OVERDUE_MS, 10 * this.#recent.median());
    const block = this.#slowestBlock(id, nowMs - age);
    // The scan looks at every session; with a thousand of them it can't be made for every block.
    if (block === undefined) this.#nextOverdueScanMs = nowMs + 1000;
    return block;
  }

  // A copy of a block younger than the usual time would hardly come first.
  #blockToCopy(id: number, nowMs: number): number | undefined {
    return this.#slowestBlock(id, nowMs - this.#recent.median());
  }

  /** The block that was begun first, before `begunBeforeMs`, and has no copy yet. */
  #slowestBlock(id: number, begunBeforeMs: number): number | undefined {
    if (!this.#options.copies) return undefined;
    let slowest: number | undefined;
    let begunMs = begunBeforeMs;
    for (const [other, session] of this.#sessions) {
      if (other === id || session.alone !== undefined) continue;
      for (const [block, held] of session.held) {
        if (held.begunMs === undefined) break;
        const only = this.#state[block] === OUT && this.#holders.get(block)?.size === 1;
        if (only && held.begunMs < begunMs) {
          slowest = block;
          begunMs = held.begunMs;
        }
      }
    }
    return slowest;
  }
}
