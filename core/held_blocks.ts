/**
 * The blocks that one session holds: which were sent, and which its worker has in hand.
 *
 * @module
 */

interface Held {
  readonly attempt: number;
  /** Whether it was sent to the worker; not while its input is being read. */
  sent: boolean;
  /** When it became one of the first `threads` of its worker's queue; as good as when it was begun. */
  begunMs: number | undefined;
}

/** A session's blocks, in the order in which its worker computes them. Times are monotonic milliseconds. */
export class HeldBlocks {
  /** Computing threads of the worker. */
  readonly threads: number;
  /** Whether the session has been given no block yet. */
  fresh = true;
  /** The suspected killer that it runs with nothing else. */
  alone: number | undefined;
  /** Whether its worker's connection is broken, so that nobody knows whether its blocks will come. */
  isAway = false;
  /** Whether blocks were asked back and neither one has been given back since, nor a result come. */
  releasing = false;
  /** Whether it was looked into for blocks that another could have, there were none, and nothing has changed since. */
  nothingToShare = false;
  readonly #held = new Map<number, Held>();

  /** @param threads computing threads of the worker. */
  constructor(threads: number) {
    this.threads = threads;
  }

  /** How many it holds. */
  get size(): number {
    return this.#held.size;
  }

  /** All of them. */
  get blocks(): number[] {
    return [...this.#held.keys()];
  }

  /** Whether it holds a block. */
  has(block: number): boolean {
    return this.#held.has(block);
  }

  /** The attempt by which it holds a block. */
  attemptOf(block: number): number | undefined {
    return this.#held.get(block)?.attempt;
  }

  /** Gives it a block. */
  add(block: number, attempt: number): void {
    this.fresh = false;
    this.nothingToShare = false;
    this.#held.set(block, { attempt, sent: false, begunMs: undefined });
  }

  /** A block has left for the worker, whose queue is in the order of sending. */
  sent(block: number, nowMs: number): void {
    const held = this.#held.get(block);
    if (!held || held.sent) return;
    held.sent = true;
    this.nothingToShare = false;
    this.#held.delete(block);
    this.#held.set(block, held);
    this.#markBegun(nowMs);
  }

  /** Takes a block away; the next one has been begun if the worker is done with it. */
  remove(block: number, nowMs?: number): void {
    this.#held.delete(block);
    if (this.alone === block) this.alone = undefined;
    this.releasing = false;
    this.nothingToShare = false;
    if (nowMs !== undefined) this.#markBegun(nowMs);
  }

  /** Blocks that the worker has in hand, and since when. */
  *begun(): Iterable<[block: number, begunMs: number]> {
    let found = 0;
    for (const [block, { begunMs }] of this.#held) {
      if (begunMs === undefined) continue;
      yield [block, begunMs];
      if (++found === this.threads) return;
    }
  }

  /** Whether the worker has any in hand. */
  get hasBegun(): boolean {
    const [begun] = this.begun();
    return begun !== undefined;
  }

  /** The last blocks that are more than `capacity` and not begun, to be asked back; none while others are. */
  askBack(capacity: number): number[] {
    if (this.releasing || this.size <= capacity) return [];
    const blocks = this.waiting().slice(capacity - this.size);
    this.releasing = blocks.length > 0;
    return blocks;
  }

  /** Blocks that wait in the worker's queue. */
  waiting(): number[] {
    const waiting: number[] = [];
    for (const [block, { sent, begunMs }] of this.#held) {
      if (sent && begunMs === undefined) waiting.push(block);
    }
    return waiting;
  }

  // A worker computes what it was sent in order, so the first ones of its queue are those in hand.
  #markBegun(nowMs: number): void {
    let running = 0;
    for (const held of this.#held.values()) {
      if (running === this.threads) return;
      if (!held.sent) continue;
      held.begunMs ??= nowMs;
      running++;
    }
  }
}
