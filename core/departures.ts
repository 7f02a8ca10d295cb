/**
 * How workers leave a run: lost, asked to end by their queue, of no more use, or at the run's end.
 *
 * @module
 */
import type { Allocations } from "./allocations.ts";
import type { BlockJob } from "./block_job.ts";
import type { DispatcherHooks } from "./dispatcher_hooks.ts";
import { messageOf, WorkerError } from "./errors.ts";
import { lossNotice, tooManyLosses } from "./loss_messages.ts";
import type { FromWorker, LinkEnd, RemoteError } from "./messages.ts";
import { describeWorker, finalFailure } from "./remote_failure.ts";
import type { Scheduler } from "./scheduler.ts";
import type { LossVerdict } from "./scheduler_types.ts";
import type { Retirement, Session } from "./session.ts";
import type { SessionList } from "./session_list.ts";
import type { Timers } from "./timers.ts";

/** Workers may be told to finish and take this long for their last word. */
const LAST_WORD_MS = 10_000;

/** What departures take. */
export interface DepartureParts {
  /** The job. */
  readonly job: BlockJob;
  /** The accounts of the blocks. */
  readonly scheduler: Scheduler;
  /** The open sessions. */
  readonly sessions: SessionList;
  /** How long workers have left. */
  readonly allocations: Allocations;
  /** The run's timers. */
  readonly timers: Timers;
  /** The manager. */
  readonly hooks: DispatcherHooks;
  /** Losses since a block was last done, before the run fails. */
  readonly maxWorkerLosses: number;
  /** Whether the run is over: done or failed. */
  isOver(): boolean;
  /** Blocks may be waiting that the worker had. */
  freed(): void;
}

/** The end of a worker, as its driver tells it. */
export interface UnheardEnd {
  /** For people. */
  readonly reason: string;
  /** Whether nothing else explains it than the block in hand. */
  readonly blame: boolean;
}

/** Takes leave of workers. What it throws is the run's error. */
export class Departures {
  readonly #parts: DepartureParts;
  #lostCount = 0;

  /** Nobody has left yet. */
  constructor(parts: DepartureParts) {
    this.#parts = parts;
  }

  /** Workers lost. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** Ends a session that nobody misses. */
  drop(session: Session, reason: string): void {
    const { sessions, scheduler } = this.#parts;
    sessions.remove(session);
    scheduler.close(session.id);
    session.link.close(reason);
    this.#noteMissingArgs(session);
  }

  /** Tells a worker that holds nothing to finish before the run's end: that is no loss. */
  retire(session: Session, retirement: Retirement): void {
    if (session.finishing) return;
    session.finishing = true;
    session.retirement = retirement;
    session.link.send({ type: "end" });
  }

  /** Retires workers that have had nothing to do for so long, milliseconds, but keeps `keep` of those that are ready. */
  retireIdle(keep: number, options: { readonly idleMs: number; readonly nowMs: number }): void {
    const { sessions, scheduler } = this.#parts;
    if (this.#parts.isOver() || scheduler.waitingCount > 0) return;
    const working = sessions.ready.filter(({ finishing, draining }) => !finishing && !draining);
    let spare = working.length - keep;
    // The last ones that came go first.
    for (const session of working.reverse()) {
      if (spare <= 0) return;
      const { idleSinceMs = Infinity } = session;
      if (!session.mayWork || options.nowMs - idleSinceMs < options.idleMs) continue;
      this.retire(session, "nobody");
      spare--;
    }
  }

  /** A worker's last word. */
  last(session: Session, last: Extract<FromWorker, { type: "final" }>): void {
    const { timers, hooks } = this.#parts;
    timers.addAll(last.timings);
    hooks.lastWord(session.worker, last.payload);
    if (last.more) return;
    this.#reported(session);
  }

  /** A worker could not say its last word. Its blocks are done, so that nothing but its copy of other args is missing. */
  lastFailed(session: Session, error: RemoteError): void {
    this.#parts.hooks.notice(
      `${finalFailure(error, session.context()).message}. Its copy of other args is missing`,
    );
    this.#reported(session);
  }

  /**
   * A worker's connection has ended.
   *
   * @throws {WorkerError} if the run can't go on for it.
   */
  ended(session: Session, end: LinkEnd): void {
    const { sessions, scheduler, allocations, hooks } = this.#parts;
    if (!sessions.remove(session)) return;
    if (session.finishing) {
      scheduler.close(session.id);
      if (this.#parts.isOver() && session.retirement !== undefined) return;
      const who = describeWorker(session.context());
      hooks.notice(`${who} ended before it reported: ${messageOf(end.reason)}`);
      this.#noteMissingArgs(session);
      return this.#retired(session);
    }
    if (this.#parts.isOver()) return;
    allocations.gone(session.worker, scheduler.begunAlone(session.id));
    if (session.interrupted) scheduler.close(session.id);
    else {
      // Whoever wished its end, it was not us: a walltime or a cancelled job blames no block but is a loss all the same.
      const { computing } = end;
      const blame = end.unexpected && end.cause !== "lost";
      const loss = { blame, ...computing === undefined ? {} : { computing } };
      this.#lostCount++;
      this.#explainLoss(session, { ...end, verdict: scheduler.close(session.id, loss) });
    }
    this.#noteMissingArgs(session);
    hooks.gone(session.worker, "another");
    this.#parts.freed();
  }

  /** What the driver knows of the end of a worker whose connection may not have noticed; its session may be over. */
  endedUnheard(id: number, end: UnheardEnd): void {
    const session = this.#parts.sessions.get(id);
    if (!session) return;
    const computing = session.link.computing?.()?.block;
    const known = computing === undefined ? {} : { computing };
    this.ended(session, { reason: end.reason, unexpected: end.blame, ...known });
    session.link.close("it has ended");
  }

  /**
   * The end of a worker that is gone was its walltime's.
   *
   * @throws {WorkerError} for a block that can't be done in one.
   */
  endedByWalltime(worker: number): void {
    const { allocations, scheduler, job } = this.#parts;
    for (const { block, walltimeSeconds } of allocations.endedByWalltime(worker)) {
      if (scheduler.isDone(block)) continue;
      const what = job.describeBlock(block);
      const wrong = `${what} needs more than the walltime of ${walltimeSeconds} s`;
      throw new WorkerError(`${wrong}: ask for more, or use a smaller window`, { worker, block: what });
    }
  }

  /**
   * A worker has ended before it connected.
   *
   * @throws {WorkerError} if too many were lost since a block was last done.
   */
  lostUnconnected(reason: string): void {
    this.#lostCount++;
    if (this.#parts.scheduler.countLoss()) {
      throw new WorkerError(`${tooManyLosses(this.#parts.maxWorkerLosses)}: ${reason}`, {});
    }
  }

  /**
   * After the last block: lets workers say their last word, without waiting for those that compute losing copies.
   */
  async finish(): Promise<void> {
    const { sessions, scheduler, hooks } = this.#parts;
    for (const session of sessions) {
      if (session.finishing) continue;
      if (session.ready && !session.interrupted && scheduler.heldCount(session.id) === 0) {
        session.finishing = true;
        session.link.send({ type: "end" });
      } else this.drop(session, "the run is done");
    }
    await sessions.empty(LAST_WORD_MS);
    for (const session of sessions) {
      hooks.notice(`${describeWorker(session.context())} did not report at its end`);
      this.#noteMissingArgs(session);
      session.link.close("it did not report at its end");
    }
  }

  #reported(session: Session): void {
    session.hasReported = true;
    const isDrained = !session.finishing && !this.#parts.isOver();
    this.drop(session, isDrained ? "it was asked to end" : "the run is done");
    if (isDrained) {
      const who = describeWorker(session.context());
      this.#parts.hooks.notice(`${who} was asked to end, and handed its blocks back`);
      session.retirement = "successor";
    }
    this.#retired(session);
  }

  #retired({ worker, retirement }: Session): void {
    if (retirement === undefined || this.#parts.isOver()) return;
    this.#parts.allocations.gone(worker, []);
    this.#parts.hooks.gone(worker, retirement);
    this.#parts.freed();
  }

  /** What its blocks have left in its copy of other args is gone with it. */
  #noteMissingArgs(session: Session): void {
    const { job, hooks } = this.#parts;
    const { hasReported, doneCount } = session;
    if (!job.argsChanged || hasReported || doneCount === 0) return;
    session.hasReported = true;
    const who = describeWorker(session.context());
    hooks.notice(
      `The copy of other args of ${who} is missing: it ended before it could send what ${doneCount} block(s) left in it. ` +
        "Export mergeOtherArgs from the user function's module to lose none",
    );
  }

  /** The block in hand is named, whether it is blamed or not. */
  #explainLoss(
    session: Session,
    { verdict, ...end }: Pick<LinkEnd, "reason" | "computing"> & { verdict: LossVerdict },
  ): void {
    const { job, scheduler, hooks, maxWorkerLosses } = this.#parts;
    const { blamed } = verdict;
    const block = blamed === undefined ? undefined : job.describeBlock(blamed);
    const inHand = blamed ?? end.computing ?? -1;
    hooks.notice(lossNotice({
      verdict,
      reason: messageOf(end.reason),
      maxWorkerLosses,
      context: session.context(block),
      inHand: inHand < 0 ? undefined : job.describeBlock(inHand),
      times: blamed === undefined ? 0 : scheduler.deathsOf(blamed),
    }));
  }
}
