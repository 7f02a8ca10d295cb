/**
 * `mapBlocks()`: the engine of `apply()` for any list of values.
 *
 * @module
 */
import type { BlockJob } from "./block_job.ts";
import { checkValues } from "./check_values.ts";
import { checkConcurrency } from "./checked_concurrency.ts";
import type { ConcurrencyStyle } from "./concurrency_style.ts";
import { ConfigError } from "./errors.ts";
import { CW_NONE } from "./kinds.ts";
import { ComputeWorkerManager } from "./manager.ts";
import { MergedArgs } from "./merged_args.ts";
import { MessageQueue } from "./message_queue.ts";
import { packValue, unpackValue } from "./pack_value.ts";
import type { Payload } from "./payload.ts";
import { getDriver } from "./registry.ts";
import { Timers } from "./timers.ts";
import { loadMerge } from "./load_merge.ts";
import { userFunctionSpec } from "./user_function_spec.ts";
import { MAP_PROCESSOR, type MapJob, type MergedResult, type OwnArgsResult } from "./worker/map_processor.ts";
import { MAP_PROGRAM } from "./worker/map_thread.ts";
import { describeUserFunction, shippedHash } from "./worker/user_function.ts";

/** The arguments of `mapBlocks()`. */
export interface MapBlocksOptions<Block, Result> {
  /**
   * The function of one block: a module's path or URL, with `#name` for an export other than the default, or a function
   * that uses nothing but its arguments and globals. It may run more than once for a block, if a worker is lost.
   */
  // deno-lint-ignore no-explicit-any -- other args are of the user's own type
  readonly userFunction: string | URL | ((block: Block, otherArgs?: any) => Result | Promise<Result>);
  /**
   * Send the workers the module's code with all that it imports, so that they need no file of it. Default true; with
   * false they import the module by its URL.
   */
  readonly shipCode?: boolean;
  /** The blocks: plain data and typed arrays. */
  readonly blocks: readonly Block[];
  /** Plain data; every worker gets a copy. */
  readonly otherArgs?: unknown;
  /** Everything about workers. */
  readonly concurrency?: ConcurrencyStyle;
  /** A name for the run. */
  readonly jobName?: string;
  /** Ends the run. */
  readonly signal?: AbortSignal;
  /** Called with each line that the user should see. Default `console.warn`. */
  readonly onNotice?: (line: string) => void;
}

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
  /** Workers: their kind, how many were started and how many were lost. */
  readonly workers: { readonly kind: string; readonly started: number; readonly lost: number };
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
  checkValues(options, {
    ...{ shipCode: "boolean", jobName: "text", signal: "abort signal", onNotice: "function" },
    concurrency: "object",
  });
  const driver = await getDriver(options.concurrency?.computeWorkerKind ?? CW_NONE);
  const concurrency = checkConcurrency(options.concurrency ?? {}, driver);
  if (!Array.isArray(options.blocks)) throw new ConfigError("blocks must be a list");
  const onNotice = options.onNotice ?? console.warn;
  for (const warning of concurrency.warnings) onNotice(warning);
  const run = await MapRun.prepare<Block, Result>(options, onNotice);
  const timers = new Timers();
  const manager = new ComputeWorkerManager(driver);
  manager.setJobName(options.jobName);
  const startMs = performance.now();
  try {
    await manager.startWorkers({
      job: run,
      concurrency,
      runId: crypto.randomUUID(),
      timers,
      signal: options.signal,
      onNotice,
    });
    yield* run.results(manager.run());
  } finally {
    await manager.shutdown();
    timers.add("walltime", (performance.now() - startMs) / 1000);
  }
  const { blocks, workers } = manager.counts();
  return {
    timings: timers,
    otherArgsList: run.merged ? [run.merged.total] : manager.makeOutObjList(),
    blocks: { done: blocks.done, retried: blocks.retried },
    workers: { kind: driver.kind, ...workers },
  };
}

interface Delivered<Result> {
  readonly mapped: MappedBlock<Result>;
  readonly taken: () => void;
}

class MapRun<Block, Result> implements BlockJob {
  readonly program = MAP_PROGRAM;
  readonly processor = MAP_PROCESSOR;
  readonly leastAhead = 1;
  readonly blockCount: number;
  readonly workerJob: Payload;
  readonly codeHash: string | undefined;
  readonly copiesAllowed: boolean;
  readonly merged: MergedArgs | undefined;
  readonly loads: string;
  readonly #blocks: readonly Block[];
  readonly #ownArgs: boolean;
  #argsChanged = false;
  readonly #queue = new MessageQueue<Delivered<Result>>();

  private constructor(
    options: MapBlocksOptions<Block, Result>,
    workerJob: Payload,
    made: { merged: MergedArgs | undefined; codeHash: string | undefined; loads: string },
  ) {
    this.loads = made.loads;
    this.#blocks = options.blocks;
    this.blockCount = options.blocks.length;
    this.workerJob = workerJob;
    this.merged = made.merged;
    this.codeHash = made.codeHash;
    this.#ownArgs = options.otherArgs !== undefined && made.merged === undefined;
    this.copiesAllowed = !this.#ownArgs;
  }

  static async prepare<Block, Result>(
    options: MapBlocksOptions<Block, Result>,
    onNotice: (line: string) => void,
  ): Promise<MapRun<Block, Result>> {
    const { shipCode, signal } = options;
    const spec = await userFunctionSpec(
      options.userFunction as string | URL | ((...args: never[]) => unknown),
      { shipCode, signal, onNotice },
    );
    const hasOtherArgs = options.otherArgs !== undefined;
    const packed = packValue(options.otherArgs, "otherArgs");
    const merge = hasOtherArgs ? await loadMerge(spec, { signal, onNotice }) : undefined;
    const job: MapJob = {
      userFunction: spec,
      hasOtherArgs,
      argsABlock: merge !== undefined,
      otherArgs: packed.header,
    };
    const merged = merge && new MergedArgs(structuredClone(options.otherArgs), merge);
    const codeHash = shippedHash(spec);
    const loads = describeUserFunction(spec);
    return new MapRun<Block, Result>(options, { header: job, parts: packed.parts }, {
      merged,
      codeHash,
      loads,
    });
  }

  get argsChanged(): boolean {
    return this.#argsChanged;
  }

  describeBlock(block: number): string {
    return `block ${block}`;
  }

  input(block: number): Payload {
    return packValue(this.#blocks[block], `blocks[${block}]`);
  }

  accept(block: number, payload: Payload): Promise<void> {
    let result: unknown;
    if (this.merged) {
      const { result: header, args, split } = payload.header as MergedResult;
      result = unpackValue({ header, parts: payload.parts.slice(0, split) });
      this.merged.add(block, unpackValue({ header: args, parts: payload.parts.slice(split) }));
    } else if (this.#ownArgs) {
      const { result: header, argsChanged } = payload.header as OwnArgsResult;
      result = unpackValue({ header, parts: payload.parts });
      this.#argsChanged ||= argsChanged === true;
    } else result = unpackValue(payload);
    return new Promise((taken) =>
      this.#queue.push({ mapped: { index: block, result: result as Result }, taken })
    );
  }

  finished(_worker: number, last: Payload): unknown {
    return unpackValue(last);
  }

  /** Results as they come, until the run is over. */
  async *results(run: Promise<void>): AsyncGenerator<MappedBlock<Result>> {
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
