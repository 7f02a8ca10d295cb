/**
 * What the dispatcher tells the manager.
 *
 * @module
 */
import type { Payload } from "./payload.ts";
import type { Retirement } from "./session.ts";

/** What the dispatcher tells the manager. */
export interface DispatcherHooks {
  /** A worker is gone, and who is wanted in its place. */
  gone(worker: number, wanted: Retirement): void;
  /** A worker's connection is broken; it may come back. */
  disconnected(worker: number): void;
  /** How far it is. */
  progress(done: number, total: number, workers: number): void;
  /** A line for the user. */
  notice(line: string): void;
  /** What a worker put out on completion. */
  lastWord(worker: number, last: Payload): void;
  /** Why no worker is there, for the error of `queueTimeout`; undefined if nothing is known. */
  queueReasons(): string | undefined;
}
