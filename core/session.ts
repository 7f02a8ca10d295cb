/**
 * One connection of one worker, in the manager.
 *
 * @module
 */
import type { WorkerErrorContext } from "./errors.ts";
import type { WorkerHello, WorkerLink } from "./messages.ts";
import { ReadAhead } from "./read_ahead.ts";

/**
 * Who is wanted in the place of a worker that was told to finish before the run's end: nobody; `successor`, a worker if
 * there is enough left to do for one; or `another`, in any case.
 */
export type Retirement = "nobody" | "successor" | "another";

/** A session: opened when a worker connects, closed when its connection ends. */
export class Session {
  /** The number by which the scheduler knows it. */
  readonly id: number;
  /** The worker's number. */
  readonly worker: number;
  /** The worker's word about itself. */
  readonly hello: WorkerHello;
  /** The connection. */
  readonly link: WorkerLink;
  /** How many blocks the worker may hold. */
  readonly readAhead: ReadAhead;
  /** Whether the worker has loaded the job. */
  ready = false;
  /** Whether its connection is broken and may come back. */
  away = false;
  /** Blocks that were its to be done first. */
  doneCount = 0;
  /** Whether it has said its last word. */
  hasReported = false;
  /** Since when it has had nothing to do, monotonic milliseconds; undefined while it has. */
  idleSinceMs: number | undefined;
  /** Whether the worker has been told to finish. */
  finishing = false;
  /** Who is wanted in its place, if it was told to finish before the run's end. */
  retirement: Retirement | undefined;
  /** Whether it was ended by us for the sake of a block, so that its end is no loss but wants a replacement. */
  interrupted = false;
  /** Whether the worker hands back what nobody has asked it for: it has been told to end, though not by us. */
  draining = false;
  readonly #askedBack = new Set<number>();

  constructor(
    id: number,
    worker: number,
    connection: { hello: WorkerHello; link: WorkerLink; leastAhead: number },
  ) {
    this.id = id;
    this.worker = worker;
    this.hello = connection.hello;
    this.link = connection.link;
    this.readAhead = new ReadAhead(connection.hello.threads ?? 1, connection.leastAhead);
  }

  /** Whether it may be given blocks. */
  get mayWork(): boolean {
    return this.ready && !this.away && !this.finishing && !this.interrupted && !this.draining;
  }

  /** Asks the worker for blocks that it has not begun. */
  askBack(blocks: readonly number[]): void {
    for (const block of blocks) this.#askedBack.add(block);
    this.link.send({ type: "release", blocks });
  }

  /** The worker has given blocks back. */
  gaveBack(blocks: readonly number[]): void {
    // Whatever else it were given would come back as well.
    for (const block of blocks) if (!this.#askedBack.delete(block)) this.draining = true;
  }

  /** A block's result has come, so that it can't be given back any more. */
  finished(block: number): void {
    this.#askedBack.delete(block);
  }

  /** Computing threads of its worker. */
  get threads(): number {
    return this.hello.threads ?? 1;
  }

  /** Where an error came from. */
  context(block?: string): WorkerErrorContext {
    const { nativeId, host } = this.hello;
    return { worker: this.worker, nativeId, host, ...block === undefined ? {} : { block } };
  }
}
