/**
 * Why workers are not there yet, in the queue's own words.
 *
 * @module
 */

/** A user who sees nothing wants to know soon why, and then not too often, milliseconds. */
const FIRST_LINE_MS = 10_000;
const NEXT_LINE_MS = 60_000;

/** The reasons of the workers that wait. */
export class QueueNews {
  readonly #reasons = new Map<number, string>();
  #nextLineMs: number | undefined;

  /** A worker waits, for that reason. */
  queued(worker: number, reason: string): void {
    this.#reasons.set(worker, reason);
  }

  /** A worker waits no longer. */
  gone(worker: number): void {
    this.#reasons.delete(worker);
  }

  /** How many wait and why, the most frequent reason first; undefined if none is known to wait. */
  summary(): string | undefined {
    const workers = this.#reasons.size;
    if (workers === 0) return undefined;
    const counts = new Map<string, number>();
    for (const reason of this.#reasons.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const reasons = [...counts].sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => count === 1 ? reason : `${reason} (${count})`);
    return `${workers} ${workers === 1 ? "worker waits" : "workers wait"}: ${reasons.join(", ")}`;
  }

  /** The line that is due for the user, if one is: while no worker is there, one a minute. */
  lineDue(nowMs: number, isAnyThere: boolean): string | undefined {
    if (isAnyThere) this.#nextLineMs = undefined;
    else this.#nextLineMs ??= nowMs + FIRST_LINE_MS;
    if (this.#nextLineMs === undefined || nowMs < this.#nextLineMs) return undefined;
    this.#nextLineMs = nowMs + NEXT_LINE_MS;
    return this.summary();
  }
}
