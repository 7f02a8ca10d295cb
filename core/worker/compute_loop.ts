/**
 * What a compute worker does from its first message to its last, in whatever kind of thread it runs.
 *
 * @module
 */
import type { ManagerLink } from "../driver.ts";
import type { Assignment, BlockResult, RemoteError, ToWorker } from "../messages.ts";
import { type Payload, payloadBytes } from "../payload.ts";
import { thrownFacts } from "../thrown_facts.ts";
import { IntervalLog } from "../timers.ts";
import type { BlockProcessor, Processors } from "./processor.ts";

/** Small results share a message: they wait for company until they are this old when a block is done. */
const FLUSH_AFTER_MS = 5;
const FLUSH_AFTER_BYTES = 1 << 20;

/** A block that was taken from the queue, its read perhaps under way. */
interface Begun {
  readonly item: Assignment;
  readonly input: Promise<ReadOutcome>;
  readonly startMs: number;
}

type ReadOutcome = { readonly value: unknown } | { readonly error: unknown };

/** Computes blocks until the manager says `end` or is gone. */
export async function runComputeLoop(link: ManagerLink, processors: Processors): Promise<void> {
  const first = await link.receive();
  if (first === undefined || first.type === "end") return;
  if (first.type !== "init") throw new TypeError(`a worker's first message is "init", not "${first.type}"`);
  const timers = new IntervalLog();
  let processor: BlockProcessor;
  try {
    const load = Object.hasOwn(processors, first.init.processor)
      ? processors[first.init.processor]
      : undefined;
    if (!load) throw new TypeError(`this worker has no processor "${first.init.processor}"`);
    processor = await (await load())({ init: first.init, timers });
  } catch (error) {
    link.send({ type: "initError", error: remoteError(error, "load") });
    return;
  }
  link.send({ type: "ready" });
  await using loop = new ComputeLoop(link, processor, timers);
  await loop.run();
}

class ComputeLoop implements AsyncDisposable {
  readonly #link: ManagerLink;
  readonly #processor: BlockProcessor;
  readonly #timers: IntervalLog;
  readonly #queue: Assignment[] = [];
  readonly #begun: Begun[] = [];
  #ending = false;
  #wake: (() => void) | undefined;
  /** Set once nothing more is heard, and with why, if it should be: the loop ends when its blocks are done. */
  #silence: { readonly error?: unknown } | undefined;
  #results: BlockResult[] = [];
  #resultBytes = 0;
  #oldestResultMs = 0;
  /** The longest of the last blocks' times, fading: what the next one may take. */
  #recentMs = Infinity;
  /** When the block before was done. */
  #freeSinceMs = 0;

  constructor(link: ManagerLink, processor: BlockProcessor, timers: IntervalLog) {
    this.#link = link;
    this.#processor = processor;
    this.#timers = timers;
  }

  async run(): Promise<void> {
    this.#listen().catch((error) => ({ error })).then((silence) => {
      this.#silence = silence ?? {};
      this.#wake?.();
    });
    while (!this.#ending || this.#queue.length > 0 || this.#begun.length > 0) {
      if (this.#link.closed) return;
      const next = this.#begin();
      if (next) {
        await this.#process(next);
        // Lets messages in: without it a synchronous function would keep this thread deaf until its queue is empty.
        await (this.#link.breathe?.() ?? new Promise<void>((resolve) => setImmediate(resolve)));
        continue;
      }
      // The queue may have run dry because its last blocks were taken back.
      this.#flush();
      if (this.#silence) {
        if ("error" in this.#silence) throw this.#silence.error;
        return;
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    this.#flush();
    let payload: Payload;
    try {
      payload = this.#processor.finish();
    } catch (error) {
      return this.#link.send({ type: "finalError", error: remoteError(error, "finish") });
    }
    this.#link.send({ type: "final", payload, timings: this.#timers.drain() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processor.close();
  }

  /** Hears the manager all the time: blocks that wait behind a function that waits can be taken back. */
  async #listen(): Promise<void> {
    for (let next = await this.#link.receive(); next !== undefined; next = await this.#link.receive()) {
      this.#hear(next);
      this.#wake?.();
    }
  }

  #hear(message: ToWorker): void {
    if (message.type === "assign") this.#queue.push(...message.items);
    else if (message.type === "release") this.#release(message.blocks);
    else if (message.type === "end") this.#ending = true;
  }

  #release(blocks: readonly number[]): void {
    const released = blocks.filter((block) => {
      const at = this.#queue.findIndex((item) => item.block === block);
      if (at >= 0) this.#queue.splice(at, 1);
      return at >= 0;
    });
    this.#link.send({ type: "released", blocks: released });
  }

  /** The block to compute now, with reads of the next ones set off. */
  #begin(): Begun | undefined {
    const next = this.#begun.shift() ?? this.#startRead();
    while (this.#begun.length < this.#processor.readAhead && this.#queue.length > 0) {
      this.#begun.push(this.#startRead()!);
    }
    return next;
  }

  #startRead(): Begun | undefined {
    const item = this.#queue.shift();
    return item && { item, input: this.#read(item), startMs: performance.now() };
  }

  async #read(item: Assignment): Promise<ReadOutcome> {
    try {
      return { value: await this.#processor.read(item.block, item.input) };
    } catch (error) {
      return { error };
    }
  }

  async #process({ item, input, startMs }: Begun): Promise<void> {
    this.#link.computing(item.block);
    const outcome = await input;
    let payload: Payload | undefined;
    if ("error" in outcome) this.#fail(item, outcome.error, "read");
    else {
      try {
        payload = await this.#processor.compute(item.block, outcome.value);
      } catch (error) {
        this.#fail(item, error, "compute");
      }
    }
    this.#link.computing(-1);
    const nowMs = performance.now();
    // One that was read ahead has waited since for those before it.
    const elapsedMs = nowMs - Math.max(startMs, this.#freeSinceMs);
    this.#freeSinceMs = nowMs;
    if (!payload) return;
    const ranDry = this.#queue.length === 0 && this.#begun.length === 0;
    if (this.#results.length === 0) this.#oldestResultMs = nowMs;
    this.#results.push({ block: item.block, attempt: item.attempt, elapsedMs, payload });
    this.#resultBytes += payloadBytes(payload);
    // A result must not wait for a long block behind it; whether that is one can only be guessed.
    const mayBeLong = Math.max(this.#recentMs, elapsedMs) >= FLUSH_AFTER_MS;
    this.#recentMs = this.#recentMs === Infinity ? elapsedMs : Math.max(elapsedMs, 0.9 * this.#recentMs);
    const late = nowMs - this.#oldestResultMs >= FLUSH_AFTER_MS;
    if (ranDry || mayBeLong || late || this.#resultBytes >= FLUSH_AFTER_BYTES) this.#flush();
  }

  #fail(item: Assignment, error: unknown, phase: RemoteError["phase"]): void {
    this.#flush();
    const { block, attempt } = item;
    this.#link.send({ type: "blockError", block, attempt, error: remoteError(error, phase) });
  }

  #flush(): void {
    if (this.#results.length === 0) return;
    const items = this.#results;
    this.#results = [];
    this.#resultBytes = 0;
    const timings = this.#timers.drain();
    this.#timers.interval("insert_computebuffer", () => this.#link.send({ type: "results", items, timings }));
  }
}

/** An error as it is sent to the manager. User code throws what it likes. */
export function remoteError(error: unknown, phase: RemoteError["phase"]): RemoteError {
  return { ...thrownFacts(error), phase };
}
