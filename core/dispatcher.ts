/**
 * The heart of a run: takes what workers say, and deals with results, errors and losses.
 *
 * @module
 */
import { type AllocationNews, Allocations } from "./allocations.ts";
import type { BlockJob } from "./block_job.ts";
import { BlockTimeout } from "./block_timeout.ts";
import { releaseBuffers } from "./channel/buffer_pool.ts";
import type { CheckedConcurrency } from "./checked_concurrency.ts";
import type { DispatcherHooks } from "./dispatcher_hooks.ts";
import { Departures, type UnheardEnd } from "./departures.ts";
import { HandOut } from "./hand_out.ts";
import { LoadingWatch } from "./loading_watch.ts";
import type { BlockResult, FromWorker, RemoteError, WorkerHello, WorkerLink } from "./messages.ts";
import { OutputBuffer } from "./output_buffer.ts";
import { payloadBytes } from "./payload.ts";
import { blockFailure, initFailure } from "./remote_failure.ts";
import { RunClock } from "./run_clock.ts";
import { Scheduler } from "./scheduler.ts";
import { Session } from "./session.ts";
import { SessionList } from "./session_list.ts";
import { StallWatches } from "./stall_watches.ts";
import type { Timers } from "./timers.ts";

/** What is left to do. */
export interface Workload {
  /** Blocks that are not done. */
  readonly remaining: number;
  /** Those of them that nobody has. */
  readonly waiting: number;
  /** What a block takes, milliseconds; before the first is done, what the oldest one in hand has taken; 0 before that. */
  readonly blockMs: number;
}

/** What a dispatcher takes beside job and workers. */
export interface DispatcherOptions {
  /** The run's timers. */
  readonly timers: Timers;
  /** The manager. */
  readonly hooks: DispatcherHooks;
  /** Workers that are asked for at the start; the barrier waits for them. */
  readonly expected: number;
  /** Losses since a block was last done, before the run fails. */
  readonly maxWorkerLosses: number;
}

/** Runs one job over the workers that are attached to it. */
export class Dispatcher {
  readonly #job: BlockJob;
  readonly #singleBlock: boolean;
  readonly #timers: Timers;
  readonly #hooks: DispatcherHooks;
  readonly #scheduler: Scheduler;
  readonly #sessions = new SessionList();
  readonly #allocations = new Allocations();
  readonly #output: OutputBuffer;
  readonly #handOut: HandOut;
  readonly #departures: Departures;
  readonly #completion = Promise.withResolvers<void>();
  readonly #watches: StallWatches;
  readonly #blockTimeout: BlockTimeout;
  readonly #loading: LoadingWatch;
  readonly #clock = new RunClock(performance.now());
  #expected: number;
  #barrier: boolean;
  #over = false;
  #replacing = 0;
  #resultCount = 0;
  #idleSinceMs = performance.now();

  /** A run that begins when the first worker is attached. */
  constructor(job: BlockJob, concurrency: CheckedConcurrency, options: DispatcherOptions) {
    this.#job = job;
    this.#singleBlock = concurrency.singleBlock;
    this.#timers = options.timers;
    this.#hooks = options.hooks;
    this.#expected = options.expected;
    this.#barrier = concurrency.timeouts.computeBarrierTimeout !== undefined;
    this.#loading = new LoadingWatch(job.loads ?? "the job");
    this.#watches = new StallWatches(concurrency.timeouts, () => options.hooks.queueReasons());
    this.#blockTimeout = new BlockTimeout(concurrency.timeouts.blockTimeout, {
      describeBlock: (block) => job.describeBlock(block),
      failed: ({ id }, block) => {
        const attempt = this.#scheduler.attemptOf(id, block);
        if (attempt === undefined) return undefined;
        return this.#scheduler.fail(id, block, { attempt, nowMs: performance.now() });
      },
      notice: (line) => options.hooks.notice(line),
    });
    this.#scheduler = new Scheduler({
      blockCount: job.blockCount,
      maxBlockErrors: concurrency.maxBlockErrors,
      maxBlockLosses: concurrency.maxBlockLosses,
      maxWorkerLosses: options.maxWorkerLosses,
      copies: concurrency.copies && job.copiesAllowed && !concurrency.singleBlock,
      workers: options.expected,
      done: job.done ?? [],
      order: job.order,
    });
    this.#output = new OutputBuffer(options.expected, {
      taken: () => {
        this.#guard(() => this.#handOut.pumpHeldBack());
        this.#completeIfDone();
      },
      failed: (error) => this.fail(error),
    });
    const shared = {
      ...{ job, timers: options.timers, allocations: this.#allocations },
      ...{ scheduler: this.#scheduler, sessions: this.#sessions },
    };
    this.#departures = new Departures({
      ...shared,
      ...{ hooks: options.hooks, maxWorkerLosses: options.maxWorkerLosses },
      isOver: () => this.#over,
      freed: () => this.#handOut.pumpAll(),
    });
    this.#handOut = new HandOut({
      ...shared,
      ...{ output: this.#output, singleBlock: concurrency.singleBlock },
      isPaused: () => this.#over || this.#barrier,
      isFreshComing: () => this.#replacing > 0,
      readFailed: (session, failure) =>
        this.#guard(() => this.#over ? undefined : this.#blockError(session, failure)),
      retire: (session, retirement) => this.#departures.retire(session, retirement),
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
    return this.#sessions.connectedCount > 0;
  }

  /** Blocks done, those taken from an earlier run, and those handed out again. */
  get counts(): { done: number; resumed: number; retried: number } {
    const { doneCount, resumedCount, retriedCount } = this.#scheduler;
    return { done: doneCount, resumed: resumedCount, retried: retriedCount };
  }

  /** Workers that the run has or waits for. */
  get expected(): number {
    return this.#expected;
  }

  /** Workers lost. */
  get lostCount(): number {
    return this.#departures.lostCount;
  }

  /** What is left to do. */
  workload(nowMs: number = performance.now()): Workload {
    const { doneCount, waitingCount, times, oldestBegunMs } = this.#scheduler;
    const blockMs = times.mean() ?? (oldestBegunMs === undefined ? 0 : nowMs - oldestBegunMs);
    return { remaining: this.#job.blockCount - doneCount, waiting: waitingCount, blockMs };
  }

  /** A worker has connected. Must be called before any of its messages is due. */
  attach(worker: number, hello: WorkerHello, link: WorkerLink): void {
    if (this.#over) return link.close("the run is over");
    for (const older of this.#sessions.of(worker)) {
      this.#departures.drop(older, "a newer session has taken its place");
    }
    const session = new Session(this.#scheduler.open(hello.threads), worker, {
      ...{ hello, link, leastAhead: this.#job.leastAhead },
    });
    this.#sessions.add(session);
    const { processor, workerJob: job, reading } = this.#job;
    link.listen({
      message: (message) => this.#guard(() => this.#hear(session, message)),
      ended: (end) => this.#guard(() => this.#departures.ended(session, end)),
      connected: (isConnected) => this.#guard(() => this.#connected(session, isConnected)),
    });
    link.send({ type: "init", init: { worker, session: session.id, processor, job, reading } });
  }

  /** Ends the run with an error; the first one counts. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    for (const session of this.#sessions) session.link.close("the run has failed");
    this.#completion.reject(error);
  }

  /** A replacement is under way (+1) or has connected or been refused (-1): suspected blocks wait for a fresh worker. */
  replacing(change: 1 | -1): void {
    this.#replacing += change;
    if (this.#replacing === 0 && this.#scheduler.hasSuspects) this.#guard(() => this.#handOut.pumpAll());
  }

  /** More workers have been asked for, or some will not come. */
  expect(change: number): void {
    this.#expected += change;
    this.#scheduler.expect(this.#expected);
    this.#output.expect(Math.max(1, this.#expected));
    this.#guard(() => this.#liftBarrier());
  }

  /** The session of a worker that is connected; by that native id, if one is given. */
  sessionOf(worker: number, nativeId?: string): number | undefined {
    const sessions = this.#sessions.of(worker);
    return sessions.find(({ hello }) => (nativeId ?? hello.nativeId) === hello.nativeId)?.id;
  }

  /** The driver has said how long a worker has left. */
  noteAllocation(worker: number, news: AllocationNews): void {
    this.#allocations.note(worker, news, performance.now());
  }

  /** What the driver knows of the end of a worker whose connection may not have noticed. */
  workerEnded(session: number, end: UnheardEnd): void {
    this.#guard(() => this.#departures.endedUnheard(session, end));
  }

  /** The end of a worker that is gone was its walltime's: fails the run for a block that can't be done in one. */
  endedByWalltime(worker: number): void {
    this.#guard(() => this.#departures.endedByWalltime(worker));
  }

  /** A worker has ended before it connected. Fails the run if too many were lost since a block was last done. */
  lostUnconnected(reason: string): void {
    if (!this.#over) this.#guard(() => this.#departures.lostUnconnected(reason));
  }

  /** Ends workers that have had nothing to do for so long, milliseconds, but keeps `keep` of those that are ready. */
  retireIdle(keep: number, options: { readonly idleMs: number; readonly nowMs: number }): void {
    this.#guard(() => this.#departures.retireIdle(keep, options));
  }

  /** Looks at the clock: timeouts, and blocks that have become slow enough to copy. Called a few times a second. */
  tick(nowMs: number): void {
    this.#guard(() => {
      if (this.#over) return;
      const runMs = this.#clock.tick(nowMs);
      this.#blockTimeout.check(this.#sessions, { nowMs, runMs });
      this.#checkStalls(runMs);
      const slow = this.#loading.check(this.#sessions, runMs);
      if (slow !== undefined) this.#hooks.notice(slow);
      for (const session of this.#sessions.ready) {
        if (this.#scheduler.heldCount(session.id) === 0) this.#handOut.pump(session);
        else this.#handOut.takeBackLate(session, nowMs);
      }
    });
  }

  /** After the last block: lets workers say their last word, without waiting for those that compute losing copies. */
  finish(): Promise<void> {
    return this.#departures.finish();
  }

  #checkStalls(runMs: number): void {
    const { ready, connectedCount: connected } = this.#sessions;
    const held = (session: Session) => this.#scheduler.heldCount(session.id);
    const { reading, readCount, sentCount } = this.#handOut;
    this.#watches.check({
      ...{ nowMs: runMs, connected, readCount, sentCount },
      workersMissing: this.#barrier,
      noWorker: ready.length === 0,
      starved: reading > 0 && ready.some((session) => held(session) > 0 && !session.link.computing?.()),
      inputsFull: this.#job.input !== undefined && reading === 0 && ready.length > 0 &&
        this.#scheduler.hasPending &&
        ready.every((session) => held(session) >= session.readAhead.capacity),
      outputFull: this.#output.isFull,
      settledCount: this.#output.takenCount,
      computing: ready.some(({ id, away }) => !away && this.#scheduler.hasBegun(id)),
      resultCount: this.#resultCount,
    });
  }

  // An error in handling a message is the run's, not the link's.
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  #hear(session: Session, message: FromWorker): void {
    if (!this.#sessions.has(session)) return;
    if (message.type === "final") return this.#departures.last(session, message);
    if (message.type === "finalError") return this.#departures.lastFailed(session, message.error);
    if (this.#over) return;
    switch (message.type) {
      case "ready":
        this.#sessions.markReady(session);
        this.#progress();
        this.#liftBarrier();
        return this.#handOut.pump(session);
      case "initError":
        throw initFailure(message.error, session.context());
      case "results":
        this.#timers.addAll(message.timings);
        return this.#results(session, message.items);
      case "blockError":
        return this.#blockError(session, message);
      case "threadLost": {
        const { block, reason } = message;
        this.#departures.ended(session, {
          reason,
          unexpected: true,
          ...block < 0 ? {} : { computing: block },
        });
        return session.link.close("its thread is lost");
      }
      case "released":
        session.gaveBack(message.blocks);
        this.#scheduler.giveBack(session.id, message.blocks);
        // Where copies may run, those who asked have the blocks already.
        return this.#scheduler.hasPending ? this.#handOut.pumpAll() : this.#handOut.pump(session);
    }
  }

  #liftBarrier(): void {
    if (!this.#barrier || this.#over || this.#sessions.readyCount < this.#expected) return;
    this.#barrier = false;
    this.#handOut.pumpAll();
  }

  #progress(): void {
    this.#hooks.progress(this.#scheduler.doneCount, this.#job.blockCount, this.#sessions.readyCount);
  }

  #connected(session: Session, isConnected: boolean): void {
    if (!this.#sessions.has(session) || this.#over || session.away === !isConnected) return;
    session.away = !isConnected;
    this.#scheduler.setAway(session.id, !isConnected);
    if (!isConnected) this.#hooks.disconnected(session.worker);
    this.#handOut.pumpAll();
  }

  #results(session: Session, items: readonly BlockResult[]): void {
    const nowMs = performance.now();
    this.#timers.add("pop_computebuffer", (nowMs - this.#idleSinceMs) / 1000);
    this.#resultCount++;
    for (const { block, attempt, elapsedMs, payload } of items) {
      const acceptance = this.#scheduler.finish(session.id, block, { attempt, elapsedMs, nowMs });
      session.readAhead.finished(block, { elapsedMs, bytes: payloadBytes(payload), nowMs });
      session.finished(block);
      if (acceptance !== "first") {
        releaseBuffers(payload);
        continue;
      }
      session.doneCount++;
      const taken = this.#job.accept(block, payload, session.worker);
      if (taken instanceof Promise) this.#output.add(taken);
    }
    this.#progress();
    this.#handOut.pump(session);
    this.#completeIfDone();
    this.#idleSinceMs = performance.now();
  }

  #blockError(session: Session, failure: { block: number; attempt: number; error: RemoteError }): void {
    const { block, attempt, error } = failure;
    const verdict = this.#scheduler.fail(session.id, block, { attempt, nowMs: performance.now() });
    if (verdict === "ignored") return this.#handOut.pump(session);
    const seen = blockFailure(error, session.context(this.#job.describeBlock(block)));
    if (verdict === "fatal") throw seen;
    this.#hooks.notice(`${seen.message}; trying again`);
    // It had its one block, which now needs another worker.
    if (this.#singleBlock) this.#departures.retire(session, "another");
    this.#handOut.pumpAll();
  }

  #completeIfDone(): void {
    if (this.#over || !this.#scheduler.complete || !this.#output.isEmpty) return;
    this.#over = true;
    this.#completion.resolve();
  }
}
