/**
 * When to say that something takes long: after ten seconds, then ever more rarely.
 *
 * @module
 */
import { AbortedError, messageOf } from "./errors.ts";

/** How long until the first word, milliseconds, and how much longer until each next one. */
const FIRST_MS = 10_000;
const GROWTH = 6;

/** The next word is due when the waiting has lasted this long, milliseconds, after one at `saidMs`. */
export function nextWordMs(saidMs: number): number {
  return saidMs === 0 ? FIRST_MS : saidMs * GROWTH;
}

/** How {@linkcode patiently} waits. */
export interface PatienceOptions {
  /** Hears, now and then, for how many seconds it has waited. */
  readonly onSlow: (seconds: number) => void;
  /** Ends the waiting, though not the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for something that may never come.
 *
 * @throws {AbortedError} if `signal` is aborted; what `onSlow` throws.
 */
export async function patiently<T>(work: Promise<T>, { onSlow, signal }: PatienceOptions): Promise<T> {
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  const abort = () =>
    end(new AbortedError(`The run was ended: ${messageOf(signal!.reason)}`, { cause: signal!.reason }));
  let timer: ReturnType<typeof setTimeout>;
  const wait = (saidMs: number) => {
    const dueMs = nextWordMs(saidMs);
    timer = setTimeout(() => {
      try {
        onSlow(dueMs / 1000);
        wait(dueMs);
      } catch (error) {
        end(error);
      }
    }, dueMs - saidMs);
  };
  wait(0);
  signal?.addEventListener("abort", abort);
  try {
    if (signal?.aborted) abort();
    return await Promise.race([work, ended]);
  } finally {
    clearTimeout(timer!);
    signal?.removeEventListener("abort", abort);
  }
}
