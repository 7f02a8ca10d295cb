/**
 * A thread of this process (a Web Worker) that runs a worker program, seen from the outside.
 *
 * A Web Worker that calls `Deno.exit()` or `self.close()` ends without any event. So each holds a lock
 * (`navigator.locks`) for as long as it lives; when the lock is granted to us, the thread is gone, whatever the way.
 *
 * @module
 */
import { messageOf } from "./errors.ts";
import { locks } from "./lock_manager.ts";
import type { FromWorker, LinkEnd, LinkHandler, ToWorker, WorkerLink } from "./messages.ts";
import { buffersOf } from "./payload.ts";

/**
 * How long a thread that was ended may take. `terminate()` of Deno 2.9 does not interrupt JavaScript that runs
 * (denoland/deno#35657), so a function that never returns keeps its thread; the run does not wait for it.
 */
const PATIENCE_MS = 2000;

/** The first message to a thread. */
export interface ThreadStart {
  /** Marks it. */
  readonly type: "blockfleet:start";
  /** The lock to hold while alive. */
  readonly lockName: string;
  /** Two shared 32-bit numbers: the block being computed (-1 for none) and a count of its changes. */
  readonly status: SharedArrayBuffer;
}

/** The thread's answer: it holds the lock. */
export interface ThreadAlive {
  /** Marks it. */
  readonly type: "blockfleet:alive";
}

/** A thread that loads its program and waits to be started. */
export class PreparedThread implements Disposable {
  /** The program. */
  readonly url: URL;
  readonly #worker: Worker;
  #failure: string | undefined;
  #isTaken = false;

  /** Begins to load a program in a new thread. */
  constructor(url: URL, name: string) {
    this.url = url;
    this.#worker = new Worker(url, { type: "module", name });
    this.#worker.onerror = (event) => {
      // Otherwise the error would end this thread, too. Whoever takes the thread hears of it.
      event.preventDefault();
      this.#failure = event.message;
    };
  }

  /** Gives the thread away, and why it has ended, if it has. */
  take(): { readonly worker: Worker; readonly failure: string | undefined } {
    this.#isTaken = true;
    return { worker: this.#worker, failure: this.#failure };
  }

  /** Ends the thread, unless it was taken. */
  [Symbol.dispose](): void {
    if (!this.#isTaken) this.#worker.terminate();
  }
}

/** How a thread is started. */
export interface StartThreadOptions {
  /** Called once it runs; if it can't start, only the listener's `ended` is. */
  readonly alive?: () => void;
  /** A thread that has its program already. Default a new one. */
  readonly prepared?: PreparedThread | undefined;
}

/** Starts a thread. */
export function startThread(url: URL, name: string, options: StartThreadOptions = {}): WorkerLink {
  const prepared = options.prepared ?? new PreparedThread(url, name);
  return new ThreadLink(prepared, options.alive ?? (() => {}));
}

class ThreadLink implements WorkerLink {
  readonly #worker: Worker;
  readonly #lockName: string;
  readonly #status = new Int32Array(new SharedArrayBuffer(8));
  readonly #early: FromWorker[] = [];
  #handler: LinkHandler | undefined;
  #end: LinkEnd | undefined;
  #watched = false;
  readonly #patience = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closing = false;
  #reason: string | undefined;
  #seen = { change: 0, block: -1, sinceMs: 0 };

  constructor(prepared: PreparedThread, alive: () => void) {
    this.#lockName = `blockfleet:${crypto.randomUUID()}`;
    this.#status[0] = -1;
    const { worker, failure } = prepared.take();
    this.#worker = worker;
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker | ThreadAlive>) => {
      if (data.type === "blockfleet:alive") {
        this.#watch();
        if (!this.#closing) alive();
      } else if (this.#handler) this.#handler.message(data);
      else this.#early.push(data);
    };
    this.#worker.onerror = (event) => {
      // Otherwise the error would end this thread, too.
      event.preventDefault();
      this.#lose(event.message);
    };
    this.#worker.onmessageerror = () => this.#lose("a message of it could not be read");
    const start: ThreadStart = {
      type: "blockfleet:start",
      lockName: this.#lockName,
      status: this.#status.buffer as SharedArrayBuffer,
    };
    this.#worker.postMessage(start);
    // Not at once: whoever starts a link gets it before it hears of it.
    if (failure !== undefined) queueMicrotask(() => this.#lose(failure));
  }

  listen(handler: LinkHandler): void {
    this.#handler = handler;
    for (const message of this.#early.splice(0)) handler.message(message);
    if (this.#end) handler.ended(this.#end);
  }

  send(message: ToWorker): void {
    if (this.#end) return;
    const payloads = message.type === "assign" ? message.items.map((item) => item.input) : [];
    this.#worker.postMessage(message, buffersOf(payloads));
  }

  computing(): { block: number; sinceMs: number } | undefined {
    const change = Atomics.load(this.#status, 1);
    // The worker's clock is not ours, so a block's time counts from when we first see it.
    if (change !== this.#seen.change) {
      this.#seen = { change, block: Atomics.load(this.#status, 0), sinceMs: performance.now() };
    }
    return this.#seen.block < 0 ? undefined : this.#seen;
  }

  close(reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#reason ??= reason;
    this.#terminate();
  }

  #lose(reason: string): void {
    this.#reason ??= reason;
    this.#terminate();
  }

  #terminate(): void {
    this.#worker.terminate();
    if (this.#end) return;
    this.#timer ??= setTimeout(() => this.#patience.abort(), PATIENCE_MS);
    this.#watch();
  }

  #watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    const { signal } = this.#patience;
    locks.request(this.#lockName, { signal }, () => {}).then(
      // Messages that the thread sent before its end are still on their way.
      () => setTimeout(() => this.#ended({}), 0),
      (error) => {
        if (!signal.aborted) this.#reason ??= messageOf(error);
        this.#ended({ computesOn: true });
      },
    );
  }

  #ended(how: Pick<LinkEnd, "computesOn">): void {
    clearTimeout(this.#timer);
    this.#worker.terminate();
    const reason = this.#reason ?? "it ended by Deno.exit(), self.close() or from outside";
    const end = { reason, unexpected: !this.#closing, ...how };
    this.#end = { ...end, computing: this.computing()?.block ?? -1 };
    this.#handler?.ended(this.#end);
  }
}
