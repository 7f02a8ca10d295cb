/**
 * Workers that live in this process: a fleet over links that are started by a function.
 *
 * @module
 */
import type {
  DriverContext,
  Fleet,
  FleetEvent,
  FleetSpec,
  Replacement,
  StopOptions,
  WorkerErrorReport,
  WorkerStatus,
} from "./driver.ts";
import { MessageQueue } from "./message_queue.ts";
import type { LinkEnd, LinkHandler, WorkerLink } from "./messages.ts";
import { workerName } from "./worker_name.ts";

/** Starts one worker; calls `alive` when it is ready to be spoken to. */
export type StartLink = (worker: number, name: string, alive: () => void) => WorkerLink;

interface LocalWorker {
  readonly link: WatchedLink;
  readonly nativeId: string;
  started: boolean;
  end: LinkEnd | undefined;
}

/** A fleet of workers in this process. */
export class LocalFleet implements Fleet {
  readonly #spec: FleetSpec;
  readonly #context: DriverContext;
  readonly #start: StartLink;
  readonly #workers = new Map<number, LocalWorker>();
  readonly #events = new MessageQueue<FleetEvent>();
  /** Whatever else a thread has to say comes over its link. */
  readonly #reports: WorkerErrorReport[] = [];
  #starts = 0;

  constructor(spec: FleetSpec, context: DriverContext, start: StartLink) {
    this.#spec = spec;
    this.#context = context;
    this.#start = start;
    for (let worker = 0; worker < spec.workers; worker++) this.#startWorker(worker);
  }

  get events(): AsyncIterable<FleetEvent> {
    return this.#events;
  }

  workers(): WorkerStatus[] {
    return [...this.#workers].map(([worker, { nativeId, started, end }]) => ({
      worker,
      nativeId,
      ...end ? { state: "ended", reason: end.reason } : { state: started ? "running" : "starting" },
    }));
  }

  async replace(worker: number, signal: AbortSignal): Promise<Replacement> {
    const old = this.#workers.get(worker);
    old?.link.close("it is being replaced");
    await old?.link.gone;
    if (signal.aborted) return { replaced: false, reason: "the run is over" };
    this.#startWorker(worker);
    return { replaced: true };
  }

  grow(workers: number, signal: AbortSignal): Promise<{ added: number; reason?: string }> {
    if (signal.aborted) return Promise.resolve({ added: 0, reason: "the run is over" });
    const first = this.#workers.size;
    for (let i = 0; i < workers; i++) this.#startWorker(first + i);
    return Promise.resolve({ added: workers });
  }

  async stop(options: StopOptions): Promise<WorkerErrorReport[]> {
    const reason = options.finished ? "the run is done" : "the run has ended";
    for (const { link } of this.#workers.values()) link.close(reason);
    await Promise.all([...this.#workers.values()].map(({ link }) => link.gone));
    this.#events.close();
    return this.#reports.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ finished: false });
  }

  #startWorker(worker: number): void {
    const name = workerName(this.#spec.jobName, worker);
    const nativeId = `${name}.${++this.#starts}`;
    const alive = () => {
      entry.started = true;
      this.#events.push({ type: "started", worker, nativeId, host: Deno.hostname() });
      this.#context.attach(worker, { nativeId, host: Deno.hostname(), pid: Deno.pid }, entry.link);
    };
    const ended = (end: LinkEnd) => {
      entry.end = end;
      // One that is not unexpected was asked for by the manager itself, and needs no explanation.
      const how = end.unexpected ? { cause: "exit" } as const : { cause: "exit", exitCode: 0 } as const;
      if (end.computesOn) {
        const text = "it can't be ended while the user function runs, and computes on until that returns";
        this.#reports.push({ worker, nativeId, text });
      }
      this.#events.push({ type: "ended", worker, nativeId, ...how, logTail: end.reason });
    };
    const entry: LocalWorker = {
      link: new WatchedLink(this.#start(worker, name, alive), ended),
      nativeId,
      started: false,
      end: undefined,
    };
    this.#workers.set(worker, entry);
  }
}

/** A link that also tells its fleet when it ends, connected or not. */
class WatchedLink implements WorkerLink {
  readonly gone: Promise<void>;
  readonly #link: WorkerLink;
  #handler: LinkHandler | undefined;
  #end: LinkEnd | undefined;

  constructor(link: WorkerLink, ended: (end: LinkEnd) => void) {
    this.#link = link;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    link.listen({
      message: (message) => this.#handler?.message(message),
      ended: (end) => {
        this.#end = end;
        resolve();
        ended(end);
        this.#handler?.ended(end);
      },
    });
  }

  listen(handler: LinkHandler): void {
    this.#handler = handler;
    if (this.#end) handler.ended(this.#end);
  }

  send: WorkerLink["send"] = (message) => this.#link.send(message);
  computing: NonNullable<WorkerLink["computing"]> = () => this.#link.computing?.();
  close: WorkerLink["close"] = (reason) => this.#link.close(reason);
}
