/**
 * A run whose workers do what the test says: the manager is real, the driver and its workers are not.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { BlockJob } from "../../core/block_job.ts";
import { checkConcurrency } from "../../core/checked_concurrency.ts";
import type { ConcurrencyStyle } from "../../core/concurrency_style.ts";
import type {
  Driver,
  DriverContext,
  EndCause,
  Fleet,
  FleetEvent,
  LinkEnd,
  LinkHandler,
  RemoteError,
  Replacement,
  ToWorker,
  WorkerLink,
  WorkerStatus,
} from "../../core/driver.ts";
import { ComputeWorkerManager } from "../../core/manager.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import { headerOnly, type Payload } from "../../core/payload.ts";
import { Timers } from "../../core/timers.ts";
import { MAP_PROGRAM } from "../../core/worker/map_thread.ts";

/** A connected worker. It says that it is ready, and its last word; blocks are the test's to answer. */
export class ScriptedWorker implements WorkerLink {
  /** Blocks that it was sent and has not answered, with their attempts. */
  readonly held: Map<number, number> = new Map();
  /** Why its link was closed. */
  closed: string | undefined;
  /** How often it was given blocks after it had begun to drain. */
  givenInVain = 0;
  readonly #handler = Promise.withResolvers<LinkHandler>();
  readonly #ready: boolean;
  #changed = Promise.withResolvers<void>();
  #computing: { block: number; sinceMs: number } | undefined;
  #isDraining = false;

  constructor(ready: boolean) {
    this.#ready = ready;
  }

  listen(handler: LinkHandler): void {
    this.#handler.resolve(handler);
  }

  send(message: ToWorker): void {
    if (this.closed !== undefined) return;
    if (message.type === "init" && this.#ready) this.#say({ type: "ready" });
    else if (message.type === "assign" && this.#isDraining) {
      // A manager that would give them back again and again must not keep the test from its end.
      if (++this.givenInVain < 100) {
        this.#say({ type: "released", blocks: message.items.map(({ block }) => block) });
      }
    } else if (message.type === "assign") {
      for (const { block, attempt } of message.items) this.held.set(block, attempt);
      this.#change();
    } else if (message.type === "release") {
      const [, ...waiting] = this.held.keys();
      const blocks = message.blocks.filter((block) => waiting.includes(block));
      for (const block of blocks) this.held.delete(block);
      this.#say({ type: "released", blocks });
    } else if (message.type === "end") {
      this.#say({ type: "final", payload: headerOnly(undefined), timings: [] });
    }
  }

  computing(): { block: number; sinceMs: number } | undefined {
    return this.#computing;
  }

  close(reason: string): void {
    if (this.closed !== undefined) return;
    this.closed = reason;
    this.#change();
    this.#handler.promise.then((handler) => handler.ended({ reason, unexpected: false }));
  }

  /** Waits until it holds a block. */
  async hasBlock(): Promise<number> {
    while (this.held.size === 0) {
      assert(this.closed === undefined, `it was closed: ${this.closed}`);
      await this.#changed.promise;
    }
    const [block] = this.held.keys();
    return block!;
  }

  /** From now on it says that it computes the block. */
  begin(block: number): void {
    this.#computing = { block, sinceMs: performance.now() };
  }

  /** Its connection breaks, or is mended. */
  async connected(isConnected: boolean): Promise<void> {
    (await this.#handler.promise).connected?.(isConnected);
  }

  /** Answers a block that it holds. */
  async answer(block: number, payload: Payload = headerOnly(block), elapsedMs = 1): Promise<void> {
    const attempt = this.held.get(block)!;
    this.held.delete(block);
    const items = [{ block, attempt, elapsedMs, payload }];
    await this.#say({ type: "results", items, timings: [] });
  }

  /** Its queue wishes its end: it hands back all but the block in hand, and whatever it is given from now on. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const [, ...waiting] = this.held.keys();
    for (const block of waiting) this.held.delete(block);
    await this.#say({ type: "released", blocks: waiting });
  }

  /** Its last word, without being asked for it. */
  async leave(): Promise<void> {
    await this.#say({ type: "final", payload: headerOnly(undefined), timings: [] });
  }

  /** Answers every block that it holds and will be sent, until its link is closed. */
  async serve(): Promise<void> {
    while (this.closed === undefined) {
      const changed = this.#changed.promise;
      for (const block of this.held.keys()) await this.answer(block);
      if (this.held.size === 0 && this.closed === undefined) await changed;
    }
  }

  /** Says that a block failed. */
  async fail(block: number, error: Partial<RemoteError> = {}): Promise<void> {
    const attempt = this.held.get(block)!;
    this.held.delete(block);
    const thrown = { name: "Error", message: "scripted", stack: "", phase: "compute" as const, ...error };
    await this.#say({ type: "blockError", block, attempt, error: thrown });
  }

  /** Ends without being asked to. */
  async die(end: Partial<LinkEnd> = {}): Promise<void> {
    this.closed = "it died";
    const handler = await this.#handler.promise;
    handler.ended({ reason: "the script says so", unexpected: true, ...end });
    this.#change();
  }

  async #say(message: Parameters<LinkHandler["message"]>[0]): Promise<void> {
    const handler = await this.#handler.promise;
    if (this.closed === undefined) handler.message(message);
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** What a scripted driver does differently from the plainest one. */
export interface Script {
  /** Its start, before it returns the fleet. */
  start?(context: DriverContext): Promise<void>;
  /** What it answers to `replace`; default: it connects a new worker. */
  replace?(worker: number): Replacement;
  /** What it answers to `grow`; without it the driver can't. */
  grow?(workers: number): { added: number; reason?: string };
  /** Its stop. */
  stop?(): Promise<void>;
}

/** A run with scripted workers. */
export class ScriptedRun {
  readonly manager: ComputeWorkerManager;
  readonly accepted: number[] = [];
  readonly notices: string[] = [];
  /** Workers that the driver was asked to put in the place of others. */
  readonly replaced: number[] = [];
  /** How many more workers the driver was asked for, each time. */
  readonly grown: number[] = [];
  /** Workers that the driver was asked to look after. */
  readonly checked: number[] = [];
  readonly #context = Promise.withResolvers<DriverContext>();
  readonly #news = new MessageQueue<FleetEvent>();
  readonly #replacements = new MessageQueue<number>();
  readonly #script: Script;
  readonly #states = new Map<number, WorkerStatus["state"]>();
  #job: BlockJob | undefined;
  #started = 0;

  constructor(script: Script = {}) {
    this.#script = script;
    this.manager = new ComputeWorkerManager(this.#driver());
  }

  /** Runs to the end of the run and shuts down; settles as the run does. */
  async run(
    blockCount: number,
    options: { style?: ConcurrencyStyle; job?: Partial<BlockJob>; signal?: AbortSignal } = {},
  ): Promise<void> {
    this.#job = {
      blockCount,
      program: MAP_PROGRAM,
      processor: "map",
      workerJob: headerOnly(undefined),
      leastAhead: 1,
      copiesAllowed: false,
      describeBlock: (block) => `block ${block}`,
      accept: (block) => void this.accepted.push(block),
      finished: () => undefined,
      ...options.job,
    };
    try {
      await this.manager.startWorkers({
        job: this.#job,
        concurrency: checkConcurrency({ numComputeWorkers: 2, ...options.style }, this.#driver()),
        runId: "scripted",
        timers: new Timers(),
        signal: options.signal,
        onNotice: (line) => this.notices.push(line),
      });
      await this.manager.run();
    } finally {
      await this.manager.shutdown();
    }
  }

  /** A worker connects. */
  async connect(
    worker: number,
    options: { ready?: boolean; nativeId?: string } = {},
  ): Promise<ScriptedWorker> {
    const link = new ScriptedWorker(options.ready ?? true);
    const context = await this.#context.promise;
    const nativeId = options.nativeId ?? `scripted.${++this.#started}`;
    this.#states.set(worker, "running");
    this.#news.push({ type: "started", worker, nativeId, host: Deno.hostname() });
    context.attach(worker, { nativeId, host: Deno.hostname(), pid: Deno.pid }, link);
    return link;
  }

  /** News of the end of a worker. */
  ended(worker: number, news: { cause?: EndCause; logTail?: string; exitCode?: number } = {}): void {
    this.#states.set(worker, "ended");
    this.#news.push({ type: "ended", worker, cause: "exit", ...news });
  }

  /** News of a worker that is not its end; settles when the manager has heard it. */
  async news(event: FleetEvent): Promise<void> {
    if (event.type === "refused") this.#states.set(event.worker, "ended");
    this.#news.push(event);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  /** The next worker that another is wanted for. */
  async wanted(): Promise<number> {
    return (await this.#replacements.receive())!;
  }

  #driver(): Driver {
    return {
      kind: "CW_SCRIPTED",
      computeWorkersReadDefault: true,
      inProcess: true,
      supportsSingleBlock: true,
      canInterrupt: true,
      canGrow: this.#script.grow !== undefined,
      available: () => Promise.resolve({ available: true }),
      start: async (spec, context) => {
        for (let worker = 0; worker < spec.workers; worker++) this.#states.set(worker, "queued");
        this.#context.resolve(context);
        await this.#script.start?.(context);
        return this.#fleet();
      },
    };
  }

  #fleet(): Fleet {
    const news = this.#news;
    const { grow } = this.#script;
    const stop = async () => {
      await this.#script.stop?.();
      news.close();
      return [];
    };
    return {
      workers: () => [...this.#states].map(([worker, state]) => ({ worker, state })),
      events: {
        async *[Symbol.asyncIterator]() {
          for (let event = await news.receive(); event; event = await news.receive()) yield event;
        },
      },
      replace: (worker) => {
        this.replaced.push(worker);
        this.#replacements.push(worker);
        this.#states.set(worker, "queued");
        return Promise.resolve(this.#script.replace?.(worker) ?? { replaced: true });
      },
      check: (worker) => void this.checked.push(worker),
      ...grow && {
        grow: (workers: number) => {
          this.grown.push(workers);
          const answer = grow(workers);
          const first = this.#states.size;
          for (let i = 0; i < answer.added; i++) this.#states.set(first + i, "queued");
          return Promise.resolve(answer);
        },
      },
      stop,
      [Symbol.asyncDispose]: async () => void await stop(),
    };
  }
}
