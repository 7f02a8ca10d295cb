/**
 * A compute worker that is a process: one connection to the manager, and computing threads below it, so that a busy user
 * function starves no heartbeat.
 *
 * @module
 */
import type { ManagerLink, WorkerProgram } from "../driver.ts";
import { BlockfleetError, messageOf, WorkerError } from "../errors.ts";
import type { Assignment, FromWorker, LinkEnd, ToWorker, WorkerInit, WorkerLink } from "../messages.ts";
import { headerOnly } from "../payload.ts";
import { ReaderPool } from "../reader_pool.ts";
import { startThread } from "../thread.ts";
import { type IntervalList, IntervalLog } from "../timers.ts";
import { THREAD_NAME_PREFIX } from "../worker_name.ts";
import { remoteError } from "./compute_loop.ts";
import { withWorkerPermissions } from "./permission_words.ts";

/** What a worker process runs. */
export interface WorkerProcessOptions {
  /** The program of its threads. */
  readonly program: WorkerProgram;
  /** Computing threads. */
  readonly threads: number;
  /** The SHA-256 of the only code that the worker runs, from its manager's address; undefined for any. */
  readonly codeHash: string | undefined;
  /** Aborted when this process is asked to end: the blocks in hand are finished, the others handed back. */
  readonly draining: AbortSignal;
  /** How long the blocks in hand may take then, milliseconds. */
  readonly drainGraceMs: number;
}

/** A block that a thread computes, and since when (monotonic milliseconds). */
type Computing = NonNullable<ReturnType<NonNullable<WorkerLink["computing"]>>>;

type Final = Extract<FromWorker, { type: "final" }>;
type FinalError = Extract<FromWorker, { type: "finalError" }>;

/** How often a thread is asked what it computes, milliseconds. */
const WATCH_MS = 50;

/**
 * Computes what the manager sends until it says `end`, is gone, or this process is asked to end.
 *
 * @throws {WorkerError} if a computing thread dies; the process should then end with an error.
 */
export async function serveManager(link: ManagerLink, options: WorkerProcessOptions): Promise<void> {
  const drained = new Promise<undefined>((resolve) => {
    const { draining } = options;
    if (draining.aborted) resolve(undefined);
    draining.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const first = await Promise.race([link.receive(), drained]);
  if (first === undefined || first.type !== "init") return;
  const relay = new Relay(link, { ...first.init, codeHash: options.codeHash }, options);
  try {
    await relay.run();
  } finally {
    await relay.close();
  }
}

interface ComputingThread {
  readonly link: WorkerLink;
  readonly held: Set<number>;
  /** The block that it was given last: its neighbour mostly needs what is there for it. */
  last: number;
  readonly gone: Promise<void>;
  isReady: boolean;
}

/** Passes messages between the manager and the threads, and shares out the blocks among them. */
class Relay {
  readonly #link: ManagerLink;
  readonly #options: WorkerProcessOptions;
  readonly #threads: ComputingThread[];
  readonly #queue: Assignment[] = [];
  readonly #readers: ReaderPool | undefined;
  /** Blocks whose inputs are being read; those that were asked back in the meantime are not among them. */
  readonly #reading = new Set<Assignment>();
  readonly #readTimings = new IntervalLog();
  readonly #over = Promise.withResolvers<void>();
  readonly #watching: ReturnType<typeof setInterval>;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #finals = 0;
  /** What a thread said that can't say its last word: it is the last of this worker, since nothing is heard after it. */
  #failure: FinalError | undefined;
  #told: Computing | undefined;
  #isDraining = false;
  #isEnding = false;
  #isOver = false;

  constructor(link: ManagerLink, init: WorkerInit, options: WorkerProcessOptions) {
    this.#link = link;
    this.#options = options;
    this.#readers = startReaders(init, { program: options.program, timers: this.#readTimings });
    this.#threads = Array.from({ length: options.threads }, (_, index) => this.#start(init, index));
    this.#watching = setInterval(() => this.#watch(), WATCH_MS);
  }

  async run(): Promise<void> {
    const drain = () => this.#drain();
    this.#options.draining.addEventListener("abort", drain);
    if (this.#options.draining.aborted) drain();
    this.#listen().catch((error) => this.#over.reject(error));
    try {
      await this.#over.promise;
    } finally {
      this.#isOver = true;
      this.#options.draining.removeEventListener("abort", drain);
      clearInterval(this.#watching);
      clearTimeout(this.#patience);
    }
  }

  async close(): Promise<void> {
    for (const { link } of this.#threads) link.close("the worker ends");
    await Promise.all([this.#readers?.close(), ...this.#threads.map(({ gone }) => gone)]);
  }

  async #listen(): Promise<void> {
    while (!this.#isOver) {
      const message = await this.#link.receive();
      // A manager that is gone needs nothing of this worker any more.
      if (message === undefined) return this.#over.resolve();
      this.#hearManager(message);
    }
  }

  #hearManager(message: ToWorker): void {
    if (message.type === "assign") {
      if (this.#isDraining) return this.#giveBack(message.items);
      if (this.#readers) {
        for (const item of message.items) this.#read(item, this.#readers);
        return;
      }
      this.#queue.push(...message.items);
      this.#share();
    } else if (message.type === "release") this.#release(message.blocks);
    else if (message.type === "end") this.#endThreads();
  }

  #start(init: WorkerInit, index: number): ComputingThread {
    const gone = Promise.withResolvers<void>();
    const name = `${THREAD_NAME_PREFIX}${init.worker}_thread_${index}`;
    const alive = () => thread.link.send({ type: "init", init });
    const thread: ComputingThread = {
      link: startThread(this.#options.program.threadUrl, name, { alive }),
      held: new Set(),
      last: -1,
      gone: gone.promise,
      isReady: false,
    };
    thread.link.listen({
      message: (message) => this.#hearThread(thread, message),
      ended: (end) => {
        gone.resolve();
        this.#threadEnded(end);
      },
    });
    return thread;
  }

  #hearThread(thread: ComputingThread, heard: FromWorker): void {
    const message = explained(heard);
    switch (message.type) {
      case "ready":
        thread.isReady = true;
        if (this.#threads.every(({ isReady }) => isReady)) this.#link.send(message);
        return;
      case "results":
        for (const { block } of message.items) thread.held.delete(block);
        break;
      case "blockError":
        thread.held.delete(message.block);
        break;
      case "released":
        for (const block of message.blocks) thread.held.delete(block);
        break;
      case "final":
      case "finalError":
        return this.#lastOf(message);
    }
    this.#link.send(message.type === "results" ? this.#withReadTimings(message) : message);
    this.#share();
    this.#endIfDrained();
  }

  /** Reads what a block needs; then it waits for a computing thread. */
  async #read(item: Assignment, readers: ReaderPool): Promise<void> {
    const { block, attempt } = item;
    this.#reading.add(item);
    try {
      const input = await readers.read(block);
      if (!this.#reading.delete(item)) return;
      this.#queue.push({ block, attempt, input });
      this.#share();
    } catch (error) {
      if (!this.#reading.delete(item)) return;
      // The pool's own errors are no block's: a read thread has died.
      if (error instanceof BlockfleetError) {
        return this.#lose("A read thread ended", { reason: messageOf(error), computing: -1 });
      }
      this.#link.send(explained({ type: "blockError", block, attempt, error: remoteError(error, "read") }));
    }
  }

  #withReadTimings<Message extends { readonly timings: IntervalList }>(message: Message): Message {
    const read = this.#readTimings.drain();
    return read.length === 0 ? message : { ...message, timings: [...message.timings, ...read] };
  }

  // One block a thread and an equal share of the read-ahead; what can't be shared waits for the thread that is free first.
  #share(): void {
    const held = this.#threads.reduce((sum, thread) => sum + thread.held.size, 0);
    const share = Math.max(1, Math.floor((held + this.#queue.length) / this.#threads.length));
    const given = new Map<ComputingThread, Assignment[]>();
    while (this.#queue.length > 0) {
      const free = this.#threads.filter((thread) => thread.held.size < share);
      if (free.length === 0) break;
      const item = this.#queue.shift()!;
      const thread = free.find(({ last }) => last === item.block - 1) ??
        free.reduce((best, other) => other.held.size < best.held.size ? other : best);
      thread.held.add(item.block);
      thread.last = item.block;
      const items = given.get(thread) ?? [];
      items.push(item);
      given.set(thread, items);
    }
    for (const [thread, items] of given) thread.link.send({ type: "assign", items });
  }

  #release(blocks: readonly number[]): void {
    const wanted = new Set(blocks);
    this.#giveBack(this.#takeFromQueue(({ block }) => wanted.has(block)));
    for (const thread of this.#threads) {
      const theirs = [...thread.held].filter((block) => wanted.has(block));
      if (theirs.length > 0) thread.link.send({ type: "release", blocks: theirs });
    }
  }

  #giveBack(items: readonly Assignment[]): void {
    this.#link.send({ type: "released", blocks: items.map(({ block }) => block) });
  }

  #takeFromQueue(isWanted: (item: Assignment) => boolean): Assignment[] {
    const unread = [...this.#reading].filter(isWanted);
    for (const item of unread) this.#reading.delete(item);
    const kept = this.#queue.filter((item) => !isWanted(item));
    const taken = this.#queue.filter(isWanted);
    this.#queue.splice(0, this.#queue.length, ...kept);
    return [...taken, ...unread];
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#giveBack(this.#takeFromQueue(() => true));
    for (const { link, held } of this.#threads) link.send({ type: "release", blocks: [...held] });
    this.#patience = setTimeout(() => this.#over.resolve(), this.#options.drainGraceMs);
    this.#endIfDrained();
  }

  #endIfDrained(): void {
    if (this.#isDraining && this.#threads.every(({ held }) => held.size === 0)) this.#endThreads();
  }

  #endThreads(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const { link, isReady } of this.#threads) {
      if (isReady) link.send({ type: "end" });
    }
    if (this.#threads.some(({ isReady }) => !isReady)) this.#over.resolve();
  }

  #lastOf(last: Final | FinalError): void {
    const isLast = ++this.#finals === this.#threads.length;
    if (last.type === "finalError") this.#failure ??= last;
    else this.#link.send(this.#withReadTimings({ ...last, more: !isLast || this.#failure !== undefined }));
    if (!isLast) return;
    if (this.#failure) this.#link.send(this.#failure);
    this.#over.resolve();
  }

  #threadEnded(end: LinkEnd): void {
    if (this.#isOver || this.#isEnding) return;
    const reason = messageOf(end.reason);
    this.#lose("A computing thread ended", { reason, computing: end.computing ?? -1 });
  }

  /** A thread has died, and this process ends for it. */
  #lose(what: string, end: { readonly reason: string; readonly computing: number }): void {
    const reason = withWorkerPermissions(end.reason);
    this.#link.send({ type: "threadLost", block: end.computing, reason });
    this.#over.reject(new WorkerError(`${what}: ${reason}`, {}));
  }

  /** Tells the manager of the block that has been computed the longest. */
  #watch(): void {
    let oldest: Computing | undefined;
    for (const { link } of this.#threads) {
      const computing = link.computing?.();
      if (computing && (oldest === undefined || computing.sinceMs < oldest.sinceMs)) oldest = computing;
    }
    if (oldest !== this.#told) this.#link.computing(oldest?.block ?? -1, oldest?.sinceMs);
    this.#told = oldest;
  }
}

/** A message whose error, if there is one, says how a worker gets a permission that it lacks. */
function explained<Message extends FromWorker>(message: Message): Message {
  if (!("error" in message)) return message;
  const { error } = message;
  return { ...message, error: { ...error, message: withWorkerPermissions(error.message) } };
}

function startReaders(
  { reading, job }: WorkerInit,
  { program: { threadUrl }, timers }: { readonly program: WorkerProgram; readonly timers: IntervalLog },
): ReaderPool | undefined {
  if (!reading) return undefined;
  return new ReaderPool({ ...reading, threadUrl, timers, job: headerOnly(job.header) });
}
