/**
 * The order in which blocks are handed out, and which of them one worker should have.
 *
 * @module
 */

/**
 * An order of all blocks, in groups: what blocks of one group share, such as a decoded part of an input, is got once if one
 * worker computes them all, one after another.
 */
export interface BlockOrder {
  /** How many groups there are. */
  readonly groups: number;
  /** The place in the order of a group's first block; that of the group behind the last one is the number of blocks. */
  groupStart(group: number): number;
  /** The number of the block at a place. */
  blockAt(place: number): number;
}

/** Places in the order that are still to be handed out: from `next` to before `end`. */
interface Lane {
  next: number;
  end: number;
}

/**
 * Gives each session lanes of its own: whole groups first, as many at a time as it has threads, and then the second half of
 * what the one with the longest has left.
 */
export class BlockLanes {
  readonly #order: BlockOrder;
  readonly #lanes = new Map<number, Lane[]>();
  /** Left by sessions that have ended. */
  readonly #free: Lane[] = [];
  #nextGroup = 0;
  #left: number;

  /** Lanes in this order. */
  constructor(order: BlockOrder) {
    this.#order = order;
    this.#left = order.groupStart(order.groups);
  }

  /** The next block for a session of so many threads; undefined once all have been given. Each is given once. */
  next(session: number, threads: number): number | undefined {
    if (this.#left === 0) return undefined;
    const lanes = this.#lanes.get(session) ?? [];
    this.#lanes.set(session, lanes);
    const fresh = lanes.length < threads ? this.#free.pop() ?? this.#freshGroup() : undefined;
    // In turn, so that each thread has a lane.
    const lane = fresh ?? lanes.shift() ?? this.#secondHalf();
    const block = this.#order.blockAt(lane.next++);
    this.#left--;
    if (lane.next < lane.end) lanes.push(lane);
    return block;
  }

  /** A session has ended: what it has left is for the next one that asks. */
  close(session: number): void {
    this.#free.push(...this.#lanes.get(session) ?? []);
    this.#lanes.delete(session);
  }

  #freshGroup(): Lane | undefined {
    if (this.#nextGroup === this.#order.groups) return undefined;
    const next = this.#order.groupStart(this.#nextGroup++);
    return { next, end: this.#order.groupStart(this.#nextGroup) };
  }

  /** Half of the longest lane; its session goes on with the first half. */
  #secondHalf(): Lane {
    let longest: Lane | undefined;
    let holder: Lane[] = [];
    for (const lanes of this.#lanes.values()) {
      for (const lane of lanes) {
        if (longest && lane.end - lane.next <= longest.end - longest.next) continue;
        longest = lane;
        holder = lanes;
      }
    }
    // Blocks are left and no group is: some session has them.
    const { next, end } = longest!;
    const middle = next + Math.floor((end - next) / 2);
    longest!.end = middle;
    if (middle === next) holder.splice(holder.indexOf(longest!), 1);
    return { next: middle, end };
  }
}
