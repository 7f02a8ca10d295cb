/**
 * What the dispatcher tells the manager.
 *
 * @module
 */
import type { Payload } from "./payload.ts";

/** What the dispatcher tells the manager. */
export interface DispatcherHooks {
  /** A worker is gone and another is wanted in its place. */
  lost(worker: number): void;
  /** How far it is. */
  progress(done: number, total: number, workers: number): void;
  /** A line for the user. */
  notice(line: string): void;
  /** What a worker put out on completion. */
  lastWord(worker: number, last: Payload): void;
}
