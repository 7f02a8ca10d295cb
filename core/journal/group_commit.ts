/**
 * Things that are made safe in groups, so that the cost of a sync is shared.
 *
 * @module
 */

/** How groups are made and what becomes of them. */
export interface GroupCommitOptions<T> {
  /** The longest that a thing waits for its group to begin, milliseconds. */
  readonly intervalMs: number;
  /** Makes a group safe. Never called again before it is done. */
  readonly commit: (group: readonly T[]) => Promise<void>;
  /** Hears of the first failure, at once: nothing is committed after it. */
  readonly onFailure: (error: unknown) => void;
}

/** Collects things and commits them, at latest `intervalMs` after they came. */
export class GroupCommit<T> {
  readonly #options: GroupCommitOptions<T>;
  #waiting: T[] = [];
  #waitingSinceMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** A collector without anything in it. */
  constructor(options: GroupCommitOptions<T>) {
    this.#options = options;
  }

  /**
   * Adds a thing to the next group.
   *
   * @throws the failure of an earlier group.
   */
  add(thing: T): void {
    if (this.#failure) throw this.#failure.error;
    if (this.#waiting.length === 0) this.#waitingSinceMs = performance.now();
    this.#waiting.push(thing);
    if (!this.#running) this.#startTimer();
  }

  /** Waits until no group is being committed. What waits for its group stays there. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /**
   * Takes what waits for its group out again, once no group is being committed, and leaves its commit to the caller.
   *
   * @throws the failure of an earlier group.
   */
  async take(): Promise<readonly T[]> {
    await this.idle();
    this.#stopTimer();
    if (this.#failure) throw this.#failure.error;
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Forgets what waits. A group that is being committed goes on. */
  stop(): void {
    this.#stopTimer();
    this.#waiting = [];
    this.#failure ??= { error: new Error("it was stopped") };
  }

  #startTimer(): void {
    const dueMs = this.#waitingSinceMs + this.#options.intervalMs;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#commit();
    }, Math.max(0, dueMs - performance.now()));
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #commit(): Promise<void> {
    const group = this.#waiting;
    this.#waiting = [];
    try {
      await this.#options.commit(group);
    } catch (error) {
      if (!this.#failure) {
        this.#failure = { error };
        this.#options.onFailure(error);
      }
    }
    this.#running = undefined;
    if (this.#waiting.length > 0 && !this.#failure) this.#startTimer();
  }
}
