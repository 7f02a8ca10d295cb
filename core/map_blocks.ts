/**
 * `mapBlocks()`: the engine of `apply()` for any list of values.
 *
 * @module
 */
import { checkValues } from "./check_values.ts";
import { checkConcurrency } from "./checked_concurrency.ts";
import type { ConcurrencyStyle } from "./concurrency_style.ts";
import { CW_NONE } from "./kinds.ts";
import { ComputeWorkerManager } from "./manager.ts";
import { checkKnownKeys } from "./known_keys.ts";
import { type BlockJobOptions, makeBlockJob } from "./make_block_job.ts";
import { MessageQueue } from "./message_queue.ts";
import { getDriver } from "./registry.ts";
import { Timers } from "./timers.ts";

/** The arguments of `mapBlocks()`. */
export interface MapBlocksOptions<Block, Result>
  extends Pick<BlockJobOptions<Block, Result>, "userFunction" | "shipCode" | "blocks" | "otherArgs"> {
  /** Everything about workers. */
  readonly concurrency?: ConcurrencyStyle;
  /** A name for the run. */
  readonly jobName?: string;
  /** Ends the run. */
  readonly signal?: AbortSignal;
  /** Called with each line that the user should see. Default `console.warn`. */
  readonly onNotice?: (line: string) => void;
}

/** Every key of {@linkcode MapBlocksOptions}; the compiler keeps the two alike. */
const KEYS: Readonly<Record<keyof MapBlocksOptions<unknown, unknown>, true>> = {
  userFunction: true,
  shipCode: true,
  blocks: true,
  otherArgs: true,
  concurrency: true,
  jobName: true,
  signal: true,
  onNotice: true,
};

/** One result. */
export interface MappedBlock<Result> {
  /** The block's place in the list. */
  readonly index: number;
  /** What the function gave. */
  readonly result: Result;
}

/** What a run of `mapBlocks()` did: the return value of its generator. */
export interface MapBlocksSummary {
  /** Timers of the run. */
  readonly timings: Timers;
  /** Each worker's copy of other args, or the merged one alone. */
  readonly otherArgsList: unknown[];
  /** Blocks done, and handed out again after an error or a loss. */
  readonly blocks: { readonly done: number; readonly retried: number };
  /** Workers: their kind, and how many ran (one and those in its place are one), were started, and were lost. */
  readonly workers: {
    readonly kind: string;
    readonly ran: number;
    readonly started: number;
    readonly lost: number;
  };
}

/**
 * Applies a function to every block of a list on any kind of worker; results come as they are ready, each once. No
 * more blocks are handed out while results wait to be taken; leaving the loop early ends the run.
 *
 * ```ts
 * import { CW_THREADS, mapBlocks } from "@blockfleet/blockfleet";
 *
 * const squares = mapBlocks({
 *   userFunction: (n: number) => n * n,
 *   blocks: [1, 2, 3],
 *   concurrency: { computeWorkerKind: CW_THREADS, numComputeWorkers: 2 },
 * });
 * for await (const { index, result } of squares) console.log(index, result);
 * ```
 *
 * @throws {ConfigError} for options that can't work, before anything starts; later the first error of the run.
 */
export async function* mapBlocks<Block, Result>(
  options: MapBlocksOptions<Block, Result>,
): AsyncGenerator<MappedBlock<Result>, MapBlocksSummary> {
  checkKnownKeys(options, KEYS, "mapBlocks()");
  checkValues(options, {
    ...{ shipCode: "boolean", jobName: "text", signal: "abort signal", onNotice: "function" },
    concurrency: "object",
  });
  const driver = await getDriver(options.concurrency?.computeWorkerKind ?? CW_NONE);
  const concurrency = checkConcurrency(options.concurrency ?? {}, driver);
  const { onNotice = console.warn, signal, jobName, concurrency: _checked, ...given } = options;
  for (const warning of concurrency.warnings) onNotice(warning);
  const results = new ResultStream<Result>();
  const job = await makeBlockJob<Block, Result>({
    ...{ ...given, signal, onNotice },
    onResult: (result, block) => results.push(result, block),
  });
  const timers = new Timers();
  const manager = new ComputeWorkerManager(driver);
  manager.setJobName(jobName);
  const startMs = performance.now();
  try {
    await manager.startWorkers({ job, concurrency, timers, signal, onNotice });
    yield* results.until(manager.run());
  } finally {
    await manager.shutdown();
    timers.add("walltime", (performance.now() - startMs) / 1000);
  }
  const { blocks, workers } = manager.counts();
  return {
    timings: timers,
    otherArgsList: manager.makeOutObjList(),
    blocks: { done: blocks.done, retried: blocks.retried },
    workers: { kind: driver.kind, ...workers },
  };
}

interface Delivered<Result> {
  readonly mapped: MappedBlock<Result>;
  readonly taken: () => void;
}

/** Results on their way from the manager to the loop of the user. */
class ResultStream<Result> {
  readonly #queue = new MessageQueue<Delivered<Result>>();

  /** Settles when the result has been taken. */
  push(result: Result, index: number): Promise<void> {
    return new Promise((taken) => this.#queue.push({ mapped: { index, result }, taken }));
  }

  /** Results as they come, until the run is over. */
  async *until(run: Promise<void>): AsyncGenerator<MappedBlock<Result>> {
    const over = run.finally(() => this.#queue.close());
    over.catch(() => {}); // awaited below, after the results that came before its error
    for (let next = await this.#queue.receive(); next !== undefined; next = await this.#queue.receive()) {
      // Taken before it is yielded: a reader that leaves the loop must not leave the run waiting for it.
      next.taken();
      yield next.mapped;
    }
    await over;
  }
}
