/**
 * Gives blocks to workers: as many as each may hold, with their inputs, and to those that have nothing what others have
 * not begun.
 *
 * @module
 */
import type { Allocations } from "./allocations.ts";
import type { BlockJob } from "./block_job.ts";
import type { Assignment, RemoteError } from "./messages.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import { type Payload, payloadBytes } from "./payload.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Grant } from "./scheduler_types.ts";
import type { Retirement, Session } from "./session.ts";
import type { SessionList } from "./session_list.ts";
import { thrownFacts } from "./thrown_facts.ts";
import type { Timers } from "./timers.ts";

/** 95 of 100 blocks take no longer: what the next one may take. */
const USUAL_PERCENT = 95;

/**
 * Blocks that all workers together hold ahead, so that the manager's memory does not grow with their number; each may have
 * the least share of them whatever their number.
 */
const MOST_HELD = 65_536;
const LEAST_SHARE = 64;

/** What a block could not be read for. */
export interface ReadFailure {
  /** The block. */
  readonly block: number;
  /** The attempt that failed. */
  readonly attempt: number;
  /** Why. */
  readonly error: RemoteError;
}

/** What handing out takes. */
export interface HandOutParts {
  /** The job. */
  readonly job: BlockJob;
  /** The accounts of the blocks. */
  readonly scheduler: Scheduler;
  /** The open sessions. */
  readonly sessions: SessionList;
  /** The results that wait. */
  readonly output: OutputBuffer;
  /** How long workers have left. */
  readonly allocations: Allocations;
  /** The run's timers. */
  readonly timers: Timers;
  /** Whether each worker gets one block and no more. */
  readonly singleBlock: boolean;
  /** Whether nothing may be handed out now. */
  isPaused(): boolean;
  /** Whether a fresh worker is on its way, for which suspected killers wait. */
  isFreshComing(): boolean;
  /** A block's input could not be read. */
  readFailed(session: Session, failure: ReadFailure): void;
  /** A worker is of no more use. */
  retire(session: Session, retirement: Retirement): void;
}

/** Hands blocks out. Times are monotonic milliseconds. */
export class HandOut {
  readonly #parts: HandOutParts;
  /** Those that could hold more if more results were taken. */
  readonly #heldBack = new Set<Session>();
  #reading = 0;
  #readCount = 0;
  #sentCount = 0;

  /** Nothing is handed out before the first `pump`. */
  constructor(parts: HandOutParts) {
    this.#parts = parts;
  }

  /** Inputs that are being read. */
  get reading(): number {
    return this.#reading;
  }

  /** Inputs that have been read. */
  get readCount(): number {
    return this.#readCount;
  }

  /** Blocks that have been sent. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** Gives every worker what it may hold. Those with nothing come first: what one gave back is for them. */
  pumpAll(): void {
    const sessions = [...this.#parts.sessions];
    const idle = sessions.filter(({ id }) => this.#parts.scheduler.heldCount(id) === 0);
    for (const session of idle) this.pump(session);
    for (const session of sessions) {
      if (!this.#parts.scheduler.hasPending) return;
      this.pump(session);
    }
  }

  /** Gives more to those that were held back while results waited to be taken. */
  pumpHeldBack(): void {
    const { output, scheduler } = this.#parts;
    for (const session of [...this.#heldBack]) {
      if (output.room(scheduler.heldTotal) === 0) return;
      this.#heldBack.delete(session);
      this.pump(session);
    }
  }

  /** Gives a worker what it may hold. */
  pump(session: Session): void {
    const { scheduler, output, sessions } = this.#parts;
    if (!session.mayWork || !sessions.has(session) || this.#parts.isPaused()) return;
    const nowMs = performance.now();
    const heldBefore = scheduler.heldCount(session.id);
    const capacity = this.#capacity(session, nowMs);
    if (capacity === 0 && heldBefore === 0) {
      const retirement = this.#parts.singleBlock ? "nobody" : "successor";
      return this.#parts.retire(session, retirement);
    }
    const most = Math.min(capacity, heldBefore + output.room(scheduler.heldTotal));
    if (most < capacity) this.#heldBack.add(session);
    if (most <= heldBefore) return;
    const freshComing = this.#parts.isFreshComing();
    const grants = scheduler.take(session.id, most, { nowMs, freshComing });
    if (grants.length > 0) this.#send(session, grants, { heldBefore, nowMs });
    else if (heldBefore === 0) this.#nothingFor(session, nowMs);
  }

  /** Asks a worker for what no longer fits into the time that it has left. */
  takeBackLate(session: Session, nowMs: number): void {
    if (!session.mayWork || this.#parts.isPaused()) return;
    const blocks = this.#parts.scheduler.excess(session.id, this.#capacityInTime(session, nowMs));
    if (blocks.length > 0) session.askBack(blocks);
  }

  /** Blocks that a worker may hold. */
  #capacity(session: Session, nowMs: number): number {
    const { scheduler, sessions, singleBlock } = this.#parts;
    if (singleBlock) return scheduler.isFresh(session.id) ? 1 : 0;
    const share = Math.max(LEAST_SHARE + session.threads, Math.floor(MOST_HELD / sessions.size));
    return Math.min(session.readAhead.capacity, share, this.#capacityInTime(session, nowMs));
  }

  /** Blocks that it is likely to have done before its allocation ends. */
  #capacityInTime(session: Session, nowMs: number): number {
    const { scheduler, allocations } = this.#parts;
    const usualMs = () => scheduler.times.percentile(USUAL_PERCENT);
    const isFresh = scheduler.isFresh(session.id);
    return allocations.capacity(session.worker, { nowMs, threads: session.threads, isFresh, usualMs });
  }

  #nothingFor(session: Session, nowMs: number): void {
    const { scheduler, sessions, singleBlock } = this.#parts;
    // Every block is in another's hands; should one come back, a worker is asked for it.
    if (singleBlock && scheduler.waitingCount === 0) return this.#parts.retire(session, "nobody");
    session.idleSinceMs ??= nowMs;
    const request = scheduler.blocksToRelease(session.id);
    if (request) sessions.get(request.session)?.askBack(request.blocks);
  }

  #send(
    session: Session,
    grants: readonly Grant[],
    { heldBefore, nowMs }: { heldBefore: number; nowMs: number },
  ): void {
    const { job, sessions } = this.#parts;
    session.idleSinceMs = undefined;
    const items: Assignment[] = [];
    const taken = new Map<number, number[]>();
    for (const { block, attempt, takenFrom } of grants) {
      if (takenFrom !== undefined) taken.set(takenFrom, [...taken.get(takenFrom) ?? [], block]);
      const input = job.input?.(block);
      if (input instanceof Promise) this.#read(session, { block, attempt }, input);
      else items.push(input ? { block, attempt, input } : { block, attempt });
    }
    for (const [from, blocks] of taken) sessions.get(from)?.askBack(blocks);
    if (items.length === 0) return;
    session.readAhead.sent(items[0]!.block, { heldBefore, nowMs });
    this.#assign(session, items, nowMs);
  }

  async #read(session: Session, { block, attempt }: Grant, input: Promise<Payload>): Promise<void> {
    const { timers, sessions } = this.#parts;
    this.#reading++;
    try {
      const payload = await timers.interval("pop_readbuffer", () => input);
      this.#readCount++;
      if (!sessions.has(session)) return;
      this.#assign(session, [{ block, attempt, input: payload }], performance.now());
    } catch (error) {
      if (!sessions.has(session)) return;
      const read: RemoteError = { ...thrownFacts(error), phase: "read" };
      this.#parts.readFailed(session, { block, attempt, error: read });
    } finally {
      this.#reading--;
    }
  }

  #assign(session: Session, items: readonly Assignment[], nowMs: number): void {
    this.#sentCount += items.length;
    // Before they are sent: a thread is given the buffers.
    for (const { input } of items) if (input) session.readAhead.sentInput(payloadBytes(input));
    try {
      session.link.send({ type: "assign", items });
    } catch (error) {
      return this.#unsent(session, items, error);
    }
    for (const { block } of items) this.#parts.scheduler.sent(session.id, block, nowMs);
  }

  /** Several that are too large together may be sent by themselves; of the others the run must hear. */
  #unsent(session: Session, items: readonly Assignment[], error: unknown): void {
    if (items.length > 1) {
      for (const item of items) this.#assign(session, [item], performance.now());
      return;
    }
    const { block, attempt } = items[0]!;
    const facts = { ...thrownFacts(error), name: "BlockfleetError" };
    const message = `Its input can't be sent: ${facts.message}`;
    this.#parts.readFailed(session, { block, attempt, error: { ...facts, message, phase: "read" } });
  }
}
