/**
 * Workers that are connected and have not loaded the job: a module that awaits what never comes would keep a run waiting
 * without a word.
 *
 * @module
 */
import { nextWordMs } from "./patience.ts";
import type { Session } from "./session.ts";

/** Tells of workers that take long to load. Times are the run's, milliseconds. */
export class LoadingWatch {
  readonly #what: string;
  readonly #sinceMs = new Map<number, number>();
  #saidMs = 0;

  /** @param what what they load, for people. */
  constructor(what: string) {
    this.#what = what;
  }

  /**
   * Looks again.
   *
   * @returns the line for the user, now and then; undefined otherwise.
   */
  check(sessions: Iterable<Pick<Session, "id" | "worker" | "ready">>, nowMs: number): string | undefined {
    const loading = [...sessions].filter(({ ready }) => !ready);
    const ids = new Set(loading.map(({ id }) => id));
    for (const id of this.#sinceMs.keys()) if (!ids.has(id)) this.#sinceMs.delete(id);
    const [first] = loading;
    if (!first) {
      this.#saidMs = 0;
      return undefined;
    }
    for (const id of ids) if (!this.#sinceMs.has(id)) this.#sinceMs.set(id, nowMs);
    const waitedMs = nowMs - this.#sinceMs.get(first.id)!;
    if (waitedMs < nextWordMs(this.#saidMs)) return undefined;
    this.#saidMs = waitedMs;
    const more = loading.length > 1 ? ` and ${loading.length - 1} more` : "";
    return `Worker ${first.worker}${more}: ${slowLoading(this.#what, waitedMs / 1000)}`;
  }
}

/** Says that loading a module takes long, and why that may be. */
export function slowLoading(what: string, seconds: number): string {
  return `still loading ${what} after ${
    Math.round(seconds)
  } s; if it never ends, look for an await outside its functions ` +
    "that waits for what never comes";
}
