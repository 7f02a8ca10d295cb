/**
 * Work that a signal ends in order.
 *
 * @module
 */
import { AbortedError } from "../core/errors.ts";
import { type EndingSignal, InterruptedError, SIGNAL_NUMBERS, signalStatus } from "./exit_status.ts";

/**
 * A batch system that cancels a job signals all of its processes, and its shell, which hands the signal on: so long after
 * the first one, milliseconds, another is the same wish.
 */
const SAME_WISH_MS = 5000;

/** Kept because a user function that runs in this thread (CW_NONE) has `Deno.exit` taken away while it does. */
const exitProcess: (status: number) => never = Deno.exit;

/** How {@linkcode runInterruptible} tells of signals. */
export interface InterruptibleOptions {
  /** Called on the first signal, before the work is aborted. */
  readonly onSignal?: (signal: EndingSignal) => void;
}

/**
 * Runs `work`, and aborts it on SIGINT, SIGTERM or SIGHUP; it then has the time that it needs to clean up. A second
 * signal exits at once, unless it only repeats the first: see {@linkcode isSameWish}. A signal that was ignored when the
 * program started, as by `nohup`, stays ignored.
 *
 * @throws {InterruptedError} if a signal ended the work.
 */
export async function runInterruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { onSignal }: InterruptibleOptions = {},
): Promise<T> {
  const controller = new AbortController();
  let received: ReceivedSignal | undefined;
  const ignored = ignoredSignalMask();
  const listeners = endingSignals().map((signal) => {
    const interrupt = () => {
      // Deno tells "unload" listeners of this, so that what can be removed without waiting still is.
      const now = { signal, atMs: performance.now() };
      if (received && isSameWish(received, now)) return;
      if (received) exitProcess(signalStatus(signal));
      received = now;
      onSignal?.(signal);
      controller.abort(new AbortedError(`The run was ended by ${signal}`));
    };
    const isIgnored = (ignored >> BigInt(SIGNAL_NUMBERS[signal] - 1) & 1n) === 1n;
    // Once it listens to one signal, Deno no longer ignores the others: those need a listener that does nothing.
    const listener = isIgnored ? () => {} : interrupt;
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  try {
    return await work(controller.signal);
  } catch (error) {
    throw received ? new InterruptedError(received.signal, { cause: error }) : error;
  } finally {
    // After a signal the program is about to end, and a repeated one must not cut off its last words.
    if (!received) {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    }
  }
}

/** A signal that has come. */
export interface ReceivedSignal {
  /** Which. */
  readonly signal: EndingSignal;
  /** When, monotonic milliseconds. */
  readonly atMs: number;
}

/**
 * Whether a later signal only repeats the first, as `scancel` and `qdel` may have it: SIGTERM or SIGHUP within five
 * seconds. Ctrl-C never does: whoever presses it twice means it.
 */
export function isSameWish(first: ReceivedSignal, later: ReceivedSignal): boolean {
  return first.signal !== "SIGINT" && later.signal !== "SIGINT" && later.atMs - first.atMs < SAME_WISH_MS;
}

function endingSignals(): EndingSignal[] {
  const all = Object.keys(SIGNAL_NUMBERS) as EndingSignal[];
  // Windows has no SIGTERM to listen to.
  return Deno.build.os === "windows" ? all.filter((signal) => signal !== "SIGTERM") : all;
}

/** The signals that this process ignores, a bit each (proc_pid_status(5)); none where there is no /proc. */
function ignoredSignalMask(): bigint {
  if (Deno.build.os !== "linux") return 0n;
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    return mask ? BigInt(`0x${mask}`) : 0n;
  } catch {
    // A sandbox without /proc: then every signal ends the run, as is usual.
    return 0n;
  }
}
