/**
 * Read workers: threads that gather what blocks need, ahead of whoever computes them.
 *
 * @module
 */
import { WorkerError } from "./errors.ts";
import type { FromWorker, LinkEnd, WorkerLink } from "./messages.ts";
import type { Payload } from "./payload.ts";
import { initFailure } from "./remote_failure.ts";
import { startThread } from "./thread.ts";
import type { IntervalList, Timers } from "./timers.ts";
import { THREAD_NAME_PREFIX } from "./worker_name.ts";

/** What read workers run. */
export interface ReaderPoolOptions {
  /** The module to start threads with. */
  readonly threadUrl: URL;
  /** The processor whose results are what blocks need. */
  readonly processor: string;
  /** What the processor is told once; copied for every thread. */
  readonly job: Payload;
  /** Threads. */
  readonly threads: number;
  /** Where their intervals are counted; their waits for room as `insert_readbuffer`. */
  readonly timers: Pick<Timers, "addAll">;
}

interface Reader {
  readonly link: WorkerLink;
  readonly pending: Map<number, PromiseWithResolvers<Payload>>;
  /** The block that it was asked for last. */
  last: number;
  readonly gone: Promise<void>;
  readonly finished: PromiseWithResolvers<void>;
}

/** How much longer the queue of a thread may be, so that it has the neighbour of what it read last. */
const NEIGHBOUR_BONUS = 2;

/** A pool of read workers. Reads go to the thread with the fewest under way, or to the one that read the block before. */
export class ReaderPool {
  readonly #readers: Reader[];
  readonly #timers: Pick<Timers, "addAll">;
  #failure: Error | undefined;

  constructor(options: ReaderPoolOptions) {
    this.#timers = options.timers;
    this.#readers = Array.from({ length: options.threads }, (_, index) => this.#start(options, index));
  }

  /** Reads what a block needs; rejects with the error of the read. */
  read(block: number): Promise<Payload> {
    if (this.#failure) return Promise.reject(this.#failure);
    const cost = ({ pending, last }: Reader) => pending.size - (last === block - 1 ? NEIGHBOUR_BONUS : 0);
    const reader = this.#readers.reduce((best, other) => cost(other) < cost(best) ? other : best);
    const read = reader.pending.get(block);
    // A copy of a block may be wanted while its first read is under way.
    if (read) return read.promise.then(copyPayload);
    const pending = Promise.withResolvers<Payload>();
    reader.pending.set(block, pending);
    reader.last = block;
    reader.link.send({ type: "assign", items: [{ block, attempt: 1 }] });
    return pending.promise;
  }

  /** Stops the threads. */
  async close(): Promise<void> {
    for (const { link, pending, finished } of this.#readers) {
      if (pending.size > 0 || this.#failure) link.close("reading is over");
      else link.send({ type: "end" });
      await finished.promise;
      link.close("reading is over");
    }
    await Promise.all(this.#readers.map(({ gone }) => gone));
  }

  #start({ threadUrl, processor, job }: ReaderPoolOptions, index: number): Reader {
    const gone = Promise.withResolvers<void>();
    const reader: Reader = {
      link: startThread(threadUrl, `${THREAD_NAME_PREFIX}read_${index}`),
      pending: new Map(),
      last: -1,
      gone: gone.promise,
      finished: Promise.withResolvers(),
    };
    reader.link.listen({
      message: (message) => this.#hear(reader, index, message),
      ended: (end) => {
        this.#ended(reader, index, end);
        gone.resolve();
      },
    });
    const init = { worker: index, session: index + 1, processor, job };
    reader.link.send({ type: "init", init });
    return reader;
  }

  #hear(reader: Reader, index: number, message: FromWorker): void {
    if (message.type === "results") {
      this.#count(message.timings);
      for (const { block, payload } of message.items) this.#settle(reader, block)?.resolve(payload);
    } else if (message.type === "blockError") {
      const { name, message: text, stack } = message.error;
      const error = Object.assign(new Error(text), { name, stack });
      this.#settle(reader, message.block)?.reject(error);
    } else if (message.type === "initError") {
      this.#fail(initFailure(message.error, { worker: index }));
    } else if (message.type === "final") {
      this.#count(message.timings);
      reader.finished.resolve();
    }
  }

  #count(timings: IntervalList): void {
    this.#timers.addAll(timings, { insert_computebuffer: "insert_readbuffer" });
  }

  #settle(reader: Reader, block: number): PromiseWithResolvers<Payload> | undefined {
    const pending = reader.pending.get(block);
    reader.pending.delete(block);
    return pending;
  }

  #ended(reader: Reader, index: number, end: LinkEnd): void {
    reader.finished.resolve();
    this.#fail(new WorkerError(`read worker ${index} ended: ${end.reason}`, { worker: index }));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { pending } of this.#readers) {
      for (const read of pending.values()) read.reject(this.#failure);
      pending.clear();
    }
  }
}

function copyPayload({ header, parts }: Payload): Payload {
  return { header, parts: parts.map((part) => part.slice()) };
}
