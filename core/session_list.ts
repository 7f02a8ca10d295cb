/**
 * The sessions that are open.
 *
 * @module
 */
import type { Session } from "./session.ts";

/** Open sessions, in the order in which their workers connected. */
export class SessionList implements Iterable<Session> {
  readonly #sessions = new Map<number, Session>();
  #connectedCount = 0;
  #readyCount = 0;
  #emptied: (() => void) | undefined;

  /** Sessions that were ever opened. */
  get connectedCount(): number {
    return this.#connectedCount;
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Whether none is open. */
  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }

  /** Those whose workers have loaded the job. */
  get ready(): Session[] {
    return [...this].filter((session) => session.ready);
  }

  /** How many workers have loaded the job. */
  get readyCount(): number {
    return this.#readyCount;
  }

  /** Adds a session. */
  add(session: Session): void {
    this.#sessions.set(session.id, session);
    this.#connectedCount++;
  }

  /** A session's worker has loaded the job. */
  markReady(session: Session): void {
    if (session.ready) return;
    session.ready = true;
    this.#readyCount++;
  }

  /** The session of that number. */
  get(id: number): Session | undefined {
    return this.#sessions.get(id);
  }

  /** Whether it is open. */
  has({ id }: Session): boolean {
    return this.#sessions.has(id);
  }

  /** Takes a session away; whether it was still there. */
  remove({ id, ready }: Session): boolean {
    if (!this.#sessions.delete(id)) return false;
    if (ready) this.#readyCount--;
    if (this.isEmpty) this.#emptied?.();
    return true;
  }

  /** The sessions of a worker. */
  of(worker: number): Session[] {
    return [...this].filter((session) => session.worker === worker);
  }

  /** Waits until none is open, at most so long, milliseconds. */
  async empty(patienceMs: number): Promise<void> {
    if (this.isEmpty) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#emptied = resolve;
    const patience = setTimeout(resolve, patienceMs);
    await promise;
    clearTimeout(patience);
  }

  /** All of them as they are now: they may go while they are gone through. */
  [Symbol.iterator](): IterableIterator<Session> {
    return [...this.#sessions.values()][Symbol.iterator]();
  }
}
