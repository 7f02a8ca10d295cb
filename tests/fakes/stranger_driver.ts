/**
 * A driver as a stranger would write it, on the public driver interface alone: workers that take turns in this thread.
 *
 * @module
 */
import type {
  CleanupReport,
  Driver,
  DriverContext,
  Fleet,
  FleetEvent,
  FleetSpec,
  LinkEnd,
  LinkHandler,
  ManagerLink,
  Preview,
  Replacement,
  ToWorker,
  WorkerErrorReport,
  WorkerLink,
  WorkerStatus,
} from "../../core/driver.ts";

/** The driver. */
export const driver: Driver = {
  kind: "CW_STRANGER",
  computeWorkersReadDefault: true,
  inProcess: true,
  supportsSingleBlock: false,
  canInterrupt: false,
  available: () => Promise.resolve({ available: true }),
  start: (spec, context) => Promise.resolve(new TurnFleet(spec, context)),
  preview: ({ workers }): Promise<Preview> =>
    Promise.resolve({ steps: [{ title: "Workers", text: `${workers} that take turns in this thread` }] }),
  cleanup: (): Promise<CleanupReport> => Promise.resolve({ removed: [], failed: [] }),
};

/** Values that one side puts in and the other waits for. */
class Mailbox<T> {
  readonly #values: T[] = [];
  #open = true;
  #changed = Promise.withResolvers<void>();

  put(value: T): void {
    if (this.#open) this.#values.push(value);
    this.#changed.resolve();
  }

  close(): void {
    this.#open = false;
    this.#changed.resolve();
  }

  poll(): T | undefined {
    return this.#values.shift();
  }

  async take(): Promise<T | undefined> {
    while (this.#values.length === 0 && this.#open) {
      await this.#changed.promise;
      this.#changed = Promise.withResolvers();
    }
    return this.poll();
  }
}

class TurnLink implements WorkerLink {
  readonly gone: Promise<void>;
  readonly #inbox = new Mailbox<ToWorker>();
  readonly #ended: (end: LinkEnd) => void;
  #handler: LinkHandler | undefined;
  #end: LinkEnd | undefined;
  #reason: string | undefined;

  constructor(spec: FleetSpec, callbacks: { alive(): void; ended(end: LinkEnd): void }) {
    this.#ended = callbacks.ended;
    this.gone = this.#run(spec, callbacks.alive);
  }

  listen(handler: LinkHandler): void {
    this.#handler = handler;
    if (this.#end) handler.ended(this.#end);
  }

  send(message: ToWorker): void {
    this.#inbox.put(message);
  }

  close(reason: string): void {
    this.#reason ??= reason;
    this.#inbox.close();
  }

  async #run(spec: FleetSpec, alive: () => void): Promise<void> {
    await Promise.resolve();
    const isClosed = () => this.#reason !== undefined;
    const link: ManagerLink = {
      send: (message) => {
        if (!isClosed()) this.#handler?.message(message);
      },
      receive: () => this.#inbox.take(),
      get closed() {
        return isClosed();
      },
      computing: () => {},
    };
    try {
      if (!isClosed()) {
        alive();
        await spec.program.runHere(link);
      }
      this.#end = { reason: this.#reason ?? "it had no more to do", unexpected: false };
    } catch (error) {
      this.#end = { reason: String(error), unexpected: true };
    }
    this.#ended(this.#end);
    this.#handler?.ended(this.#end);
  }
}

class TurnFleet implements Fleet {
  readonly events: AsyncIterable<FleetEvent>;
  readonly #spec: FleetSpec;
  readonly #context: DriverContext;
  readonly #news = new Mailbox<FleetEvent>();
  readonly #workers = new Map<number, { link: TurnLink; status: WorkerStatus }>();
  readonly #exit = Deno.exit;
  #turns = 0;

  constructor(spec: FleetSpec, context: DriverContext) {
    this.#spec = spec;
    this.#context = context;
    this.events = this.#events();
    Deno.exit = () => {
      throw new Error("Deno.exit() is not for user functions");
    };
    for (let worker = 0; worker < spec.workers; worker++) this.#start(worker);
  }

  workers(): WorkerStatus[] {
    return [...this.#workers.values()].map(({ status }) => status);
  }

  async replace(worker: number, signal: AbortSignal): Promise<Replacement> {
    const old = this.#workers.get(worker);
    old?.link.close("it is being replaced");
    await old?.link.gone;
    if (signal.aborted) return { replaced: false, reason: "the run is over" };
    this.#start(worker);
    return { replaced: true };
  }

  async stop(): Promise<WorkerErrorReport[]> {
    for (const { link } of this.#workers.values()) link.close("the run is over");
    await Promise.all([...this.#workers.values()].map(({ link }) => link.gone));
    this.#news.close();
    Deno.exit = this.#exit;
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async *#events(): AsyncGenerator<FleetEvent> {
    for (let event = await this.#news.take(); event; event = await this.#news.take()) yield event;
  }

  #start(worker: number): void {
    const nativeId = `turn-${++this.#turns}`;
    const host = Deno.hostname();
    const setStatus = (state: WorkerStatus["state"], reason?: string) => {
      const entry = this.#workers.get(worker);
      if (entry?.link === link) {
        entry.status = { worker, nativeId, state, ...reason === undefined ? {} : { reason } };
      }
    };
    const link = new TurnLink(this.#spec, {
      alive: () => {
        setStatus("running");
        this.#news.put({ type: "started", worker, nativeId, host });
        this.#context.attach(worker, { nativeId, host, pid: Deno.pid }, link);
      },
      ended: ({ unexpected, reason }) => {
        setStatus("ended", reason);
        this.#news.put({ type: "ended", worker, cause: unexpected ? "exit" : "cancelled", logTail: reason });
      },
    });
    this.#workers.set(worker, { link, status: { worker, nativeId, state: "starting" } });
  }
}
