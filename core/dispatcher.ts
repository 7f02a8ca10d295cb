/**
 * The heart of a run: gives blocks to workers as they ask, takes their results, and deals with errors and losses.
 *
 * @module
 */
import type { BlockJob } from "./block_job.ts";
import type { CheckedConcurrency } from "./concurrency_style.ts";
import type { DispatcherHooks } from "./dispatcher_hooks.ts";
import { BlockfleetError, messageOf, TimeoutExceededError, WorkerError } from "./errors.ts";
import { lossNotice, tooManyLosses } from "./loss_messages.ts";
import type {
  Assignment,
  BlockResult,
  FromWorker,
  LinkEnd,
  RemoteError,
  WorkerHello,
  WorkerLink,
} from "./messages.ts";
import { type Payload, payloadBytes } from "./payload.ts";
import { blockFailure, describeWorker, initFailure } from "./remote_failure.ts";
import { type Grant, type LossVerdict, Scheduler } from "./scheduler.ts";
import { Session } from "./session.ts";
import { StallWatches } from "./stall_watches.ts";
import type { Timers } from "./timers.ts";

/** Workers may be told to finish and take this long for their last word. */
const LAST_WORD_MS = 10_000;

/** Runs one job over the workers that are attached to it. */
export class Dispatcher {
  readonly #job: BlockJob;
  readonly #concurrency: CheckedConcurrency;
  readonly #timers: Timers;
  readonly #hooks: DispatcherHooks;
  readonly #scheduler: Scheduler;
  readonly #sessions = new Map<number, Session>();
  /** Those that could hold more if more results were taken. */
  readonly #heldBack = new Set<Session>();
  readonly #completion = Promise.withResolvers<void>();
  readonly #watches: StallWatches;
  readonly #expected: number;
  #barrier: boolean;
  #over = false;
  #replacing = 0;
  #lost = 0;
  #connected = 0;
  #readyCount = 0;
  #unsettled = 0;
  #settledCount = 0;
  #reading = 0;
  #readCount = 0;
  #sentCount = 0;
  #resultCount = 0;
  #idleSinceMs = performance.now();

  /** @param options `expected` is the number of workers that the barrier waits for. */
  constructor(
    job: BlockJob,
    concurrency: CheckedConcurrency,
    options: { timers: Timers; hooks: DispatcherHooks; expected: number },
  ) {
    this.#job = job;
    this.#concurrency = concurrency;
    this.#timers = options.timers;
    this.#hooks = options.hooks;
    this.#expected = options.expected;
    this.#barrier = concurrency.timeouts.computeBarrierTimeout !== undefined;
    this.#watches = new StallWatches(concurrency.timeouts);
    this.#scheduler = new Scheduler({
      blockCount: job.blockCount,
      maxBlockErrors: concurrency.maxBlockErrors,
      maxBlockLosses: concurrency.maxBlockLosses,
      maxWorkerLosses: concurrency.maxWorkerLosses,
      copies: concurrency.copies && job.copiesAllowed,
      workers: options.expected,
      done: job.done ?? [],
    });
    this.#completion.promise.catch(() => {}); // whoever runs the job waits for it; it may fail before they do
    this.#completeIfDone();
  }

  /** Settles when every block is done and accepted, or with the first error. */
  get completion(): Promise<void> {
    return this.#completion.promise;
  }

  /** Whether the run is over: done or failed. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Whether any worker has ever connected. */
  get everConnected(): boolean {
    return this.#connected > 0;
  }

  /** Blocks done, those taken from an earlier run, and those handed out again. */
  get counts(): { done: number; resumed: number; retried: number } {
    const { doneCount, resumedCount, retriedCount } = this.#scheduler;
    return { done: doneCount, resumed: resumedCount, retried: retriedCount };
  }

  /** Workers lost. */
  get lostCount(): number {
    return this.#lost;
  }

  /** A worker has connected. Must be called before any of its messages is due. */
  attach(worker: number, hello: WorkerHello, link: WorkerLink): void {
    if (this.#over) return link.close("the run is over");
    for (const older of this.#sessions.values()) {
      if (older.worker === worker) this.#drop(older, "a newer session has taken its place");
    }
    const session = new Session(this.#scheduler.open(hello.threads), worker, {
      hello,
      link,
      leastAhead: this.#job.leastAhead,
    });
    this.#sessions.set(session.id, session);
    this.#connected++;
    link.listen({
      message: (message) => this.#guard(() => this.#hear(session, message)),
      ended: (end) => this.#guard(() => this.#ended(session, end)),
    });
    link.send({
      type: "init",
      init: {
        worker,
        session: session.id,
        processor: this.#job.processor,
        job: this.#job.workerJob,
      },
    });
  }

  /** Ends the run with an error; the first one counts. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    for (const session of this.#sessions.values()) session.link.close("the run has failed");
    this.#completion.reject(error);
  }

  /** A replacement is under way (+1) or has connected or been refused (-1): suspected blocks wait for a fresh worker. */
  replacing(change: 1 | -1): void {
    this.#replacing += change;
    if (this.#replacing === 0 && this.#scheduler.hasSuspects) this.#guard(() => this.#pumpAll());
  }

  /** Whether a worker is connected. */
  isConnected(worker: number): boolean {
    for (const session of this.#sessions.values()) if (session.worker === worker) return true;
    return false;
  }

  /** What the driver knows of the end of a worker whose connection may not have noticed. */
  workerEnded(worker: number, end: { readonly reason: string; readonly blame: boolean }): void {
    this.#guard(() => {
      for (const session of [...this.#sessions.values()]) {
        if (session.worker !== worker) continue;
        const computing = session.link.computing?.()?.block;
        const known = computing === undefined ? {} : { computing };
        this.#ended(session, { reason: end.reason, unexpected: end.blame, ...known });
        session.link.close("it has ended");
      }
    });
  }

  /** A worker has ended before it connected. Fails the run if too many were lost since a block was last done. */
  lostUnconnected(reason: string): void {
    if (this.#over) return;
    this.#lost++;
    if (this.#scheduler.countLoss()) {
      this.fail(new WorkerError(`${tooManyLosses(this.#concurrency.maxWorkerLosses)}: ${reason}`, {}));
    }
  }

  /** Looks at the clock: timeouts, and blocks that have become slow enough to copy. Called a few times a second. */
  tick(nowMs: number = performance.now()): void {
    this.#guard(() => {
      if (this.#over) return;
      this.#checkBlockTimeout();
      const ready = [...this.#sessions.values()].filter((session) => session.ready);
      const held = (session: Session) => this.#scheduler.heldCount(session.id);
      this.#watches.check({
        nowMs,
        workersMissing: this.#barrier,
        noWorker: ready.length === 0,
        connected: this.#connected,
        starved: this.#reading > 0 &&
          ready.some((session) => held(session) > 0 && !session.link.computing?.()),
        readCount: this.#readCount,
        inputsFull: this.#job.input !== undefined && this.#reading === 0 && ready.length > 0 &&
          this.#scheduler.hasPending &&
          ready.every((session) => held(session) >= session.readAhead.capacity),
        sentCount: this.#sentCount,
        outputFull: this.#outputFull,
        settledCount: this.#settledCount,
        computing: ready.some((session) => held(session) > 0),
        resultCount: this.#resultCount,
      });
      for (const session of ready) if (held(session) === 0) this.#pump(session);
    });
  }

  /** After the last block: lets workers say their last word, without waiting for those that compute losing copies. */
  async finish(): Promise<void> {
    if (this.#sessions.size === 0) return;
    for (const session of [...this.#sessions.values()]) {
      if (session.ready && !session.interrupted && this.#scheduler.heldCount(session.id) === 0) {
        session.finishing = true;
        session.link.send({ type: "end" });
      } else this.#drop(session, "the run is done");
    }
    if (this.#sessions.size > 0) {
      const allGone = Promise.withResolvers<void>();
      this.#sessionGone = () => this.#sessions.size === 0 && allGone.resolve();
      const patience = setTimeout(allGone.resolve, LAST_WORD_MS);
      await allGone.promise;
      clearTimeout(patience);
    }
    for (const session of this.#sessions.values()) {
      this.#hooks.notice(`${describeWorker(session.context())} did not report at its end`);
      session.link.close("it did not report at its end");
    }
  }
  #sessionGone: () => unknown = () => {};

  // An error in handling a message is the run's, not the link's.
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  #hear(session: Session, message: FromWorker): void {
    if (!this.#sessions.has(session.id)) return;
    if (message.type === "final") return this.#last(session, message);
    if (this.#over) return;
    switch (message.type) {
      case "ready":
        session.ready = true;
        this.#readyCount++;
        if (this.#barrier && this.#readyCount >= this.#expected) this.#barrier = false;
        this.#hooks.progress(this.#scheduler.doneCount, this.#job.blockCount, this.#readyCount);
        return this.#barrier ? undefined : this.#pumpAll();
      case "initError":
        throw initFailure(message.error, session.context());
      case "results":
        this.#timers.addAll(message.timings);
        return this.#results(session, message.items);
      case "blockError":
        return this.#blockError(session, message);
      case "threadLost": {
        const { block, reason } = message;
        this.#ended(session, { reason, unexpected: true, ...block < 0 ? {} : { computing: block } });
        return session.link.close("its thread is lost");
      }
      case "released":
        this.#scheduler.giveBack(session.id, message.blocks);
        return this.#pumpAll();
    }
  }

  #results(session: Session, items: readonly BlockResult[]): void {
    const nowMs = performance.now();
    this.#timers.add("pop_computebuffer", (nowMs - this.#idleSinceMs) / 1000);
    this.#resultCount++;
    for (const { block, attempt, elapsedMs, payload } of items) {
      const acceptance = this.#scheduler.finish(session.id, block, { attempt, elapsedMs, nowMs });
      session.readAhead.finished(block, { elapsedMs, bytes: payloadBytes(payload), nowMs });
      if (acceptance !== "first") continue;
      const settled = this.#job.accept(block, payload, session.worker);
      if (settled instanceof Promise) this.#settle(settled);
    }
    this.#hooks.progress(this.#scheduler.doneCount, this.#job.blockCount, this.#readyCount);
    this.#pump(session);
    this.#completeIfDone();
    this.#idleSinceMs = performance.now();
  }

  #settle(settled: Promise<void>): void {
    this.#unsettled++;
    settled.then(() => {
      this.#unsettled--;
      this.#settledCount++;
      this.#guard(() => this.#pumpHeldBack());
      this.#completeIfDone();
    }, (error) => this.fail(error));
  }

  // Buffers hold twice the number of workers' blocks.
  get #outputFull(): boolean {
    return this.#unsettled >= 2 * this.#expected;
  }

  /** Blocks that may be handed out: without limit as long as results are taken as they come. */
  get #outputRoom(): number {
    if (this.#unsettled === 0) return Infinity;
    return Math.max(0, 2 * this.#expected - this.#unsettled - this.#scheduler.heldTotal);
  }

  #pumpHeldBack(): void {
    for (const session of [...this.#heldBack]) {
      if (this.#outputRoom === 0) return;
      this.#heldBack.delete(session);
      this.#pump(session);
    }
  }

  #blockError(session: Session, failure: { block: number; attempt: number; error: RemoteError }): void {
    const { block, attempt, error } = failure;
    const verdict = this.#scheduler.fail(session.id, block, { attempt, nowMs: performance.now() });
    if (verdict === "ignored") return this.#pump(session);
    const seen = blockFailure(error, session.context(this.#job.describeBlock(block)));
    if (verdict === "fatal") throw seen;
    this.#hooks.notice(`${seen.message}; trying again`);
    this.#pumpAll();
  }

  #last(session: Session, last: Extract<FromWorker, { type: "final" }>): void {
    this.#timers.addAll(last.timings);
    this.#hooks.lastWord(session.worker, last.payload);
    if (last.more) return;
    const isDrained = !session.finishing && !this.#over;
    this.#drop(session, isDrained ? "it was asked to end" : "the run is done");
    if (!isDrained) return;
    this.#hooks.notice(`${describeWorker(session.context())} was asked to end, and handed its blocks back`);
    this.#hooks.lost(session.worker);
    this.#pumpAll();
  }

  #drop(session: Session, reason: string): void {
    this.#forget(session);
    this.#scheduler.close(session.id);
    session.link.close(reason);
  }

  #ended(session: Session, end: LinkEnd): void {
    if (!this.#forget(session)) return;
    if (session.finishing) {
      return this.#hooks.notice(
        `${describeWorker(session.context())} ended before it reported: ${messageOf(end.reason)}`,
      );
    }
    if (this.#over) return;
    if (session.interrupted) this.#scheduler.close(session.id);
    else {
      // Whoever wished its end, it was not us: a walltime or a cancelled job blames no block but is a loss all the same.
      const { computing } = end;
      const blame = end.unexpected && end.cause !== "lost";
      const loss = { blame, ...computing === undefined ? {} : { computing } };
      this.#lost++;
      this.#explainLoss(session, this.#scheduler.close(session.id, loss), messageOf(end.reason));
    }
    this.#hooks.lost(session.worker);
    this.#pumpAll();
  }

  #explainLoss(session: Session, verdict: LossVerdict, reason: string): void {
    const { blamed } = verdict;
    const block = blamed === undefined ? undefined : this.#job.describeBlock(blamed);
    this.#hooks.notice(lossNotice({
      ...{ verdict, reason, context: session.context(block) },
      times: blamed === undefined ? 0 : this.#scheduler.lossesOf(blamed),
      maxWorkerLosses: this.#concurrency.maxWorkerLosses,
    }));
  }

  #checkBlockTimeout(): void {
    const seconds = this.#concurrency.timeouts.blockTimeout;
    if (seconds === undefined) return;
    for (const session of [...this.#sessions.values()]) {
      const computing = session.link.computing?.();
      if (!computing || performance.now() - computing.sinceMs <= seconds * 1000) continue;
      const { block } = computing;
      const described = this.#job.describeBlock(block);
      const error = new TimeoutExceededError(
        "blockTimeout",
        seconds,
        `${described} on worker ${session.worker}`,
      );
      const attempt = this.#scheduler.attemptOf(session.id, block);
      if (attempt === undefined) continue;
      const verdict = this.#scheduler.fail(session.id, block, { attempt, nowMs: performance.now() });
      if (verdict === "fatal") throw error;
      const again = verdict === "retry" ? " and the block tried again" : "";
      this.#hooks.notice(`${error.message}; its worker is ended${again}`);
      session.interrupted = true;
      session.link.close("blockTimeout ran out");
    }
  }

  /** Takes a session away; whether it was still there. */
  #forget(session: Session): boolean {
    if (!this.#sessions.delete(session.id)) return false;
    if (session.ready) this.#readyCount--;
    this.#heldBack.delete(session);
    this.#sessionGone();
    return true;
  }

  // Those with nothing to do come first: what one worker gave back is for them, and not for it again.
  #pumpAll(): void {
    const sessions = [...this.#sessions.values()];
    const idle = sessions.filter(({ id }) => this.#scheduler.heldCount(id) === 0);
    for (const session of idle) this.#pump(session);
    for (const session of sessions) this.#pump(session);
  }

  /** Gives a worker what it may hold. */
  #pump(session: Session): void {
    if (!session.ready || session.interrupted || this.#over || this.#barrier) return;
    const heldBefore = this.#scheduler.heldCount(session.id);
    const nowMs = performance.now();
    const freshComing = this.#replacing > 0;
    const { capacity } = session.readAhead;
    const most = Math.min(capacity, heldBefore + this.#outputRoom);
    if (most < capacity) this.#heldBack.add(session);
    if (most === heldBefore) return;
    const grants = this.#scheduler.take(session.id, most, { nowMs, freshComing });
    if (grants.length === 0) {
      if (heldBefore === 0) this.#askForRelease(session);
      return;
    }
    const items: Assignment[] = [];
    const taken = new Map<number, number[]>();
    for (const { block, attempt, takenFrom } of grants) {
      if (takenFrom !== undefined) taken.set(takenFrom, [...taken.get(takenFrom) ?? [], block]);
      const input = this.#job.input?.(block);
      if (input instanceof Promise) this.#read(session, { block, attempt }, input);
      else items.push(input ? { block, attempt, input } : { block, attempt });
    }
    for (const [from, blocks] of taken) this.#sessions.get(from)?.link.send({ type: "release", blocks });
    if (items.length === 0) return;
    this.#sentCount += items.length;
    session.readAhead.sent(items[0]!.block, { heldBefore, nowMs });
    session.link.send({ type: "assign", items });
    for (const { block } of items) this.#scheduler.sent(session.id, block, nowMs);
  }

  async #read(session: Session, { block, attempt }: Grant, input: Promise<Payload>): Promise<void> {
    this.#reading++;
    try {
      const payload = await this.#timers.interval("pop_readbuffer", () => input);
      this.#readCount++;
      if (this.#over || !this.#sessions.has(session.id)) return;
      session.link.send({ type: "assign", items: [{ block, attempt, input: payload }] });
      this.#scheduler.sent(session.id, block, performance.now());
      this.#sentCount++;
    } catch (error) {
      this.#guard(() => {
        if (this.#over || !this.#sessions.has(session.id)) return;
        const { name, message, stack } = error instanceof Error ? error : new BlockfleetError(String(error));
        this.#blockError(session, {
          block,
          attempt,
          error: { name, message, stack: stack ?? "", phase: "read" },
        });
      });
    } finally {
      this.#reading--;
    }
  }

  #askForRelease(idle: Session): void {
    const request = this.#scheduler.blocksToRelease(idle.id);
    if (request) this.#sessions.get(request.session)?.link.send({ type: "release", blocks: request.blocks });
  }

  #completeIfDone(): void {
    if (this.#over || !this.#scheduler.complete || this.#unsettled > 0) return;
    this.#over = true;
    this.#completion.resolve();
  }
}
