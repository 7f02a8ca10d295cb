/**
 * Makes the job that a manager runs: a function of one value, applied to a list of them.
 *
 * @module
 */
import type { BlockJob } from "./block_job.ts";
import { checkValues } from "./check_values.ts";
import { ConfigError } from "./errors.ts";
import { checkKnownKeys } from "./known_keys.ts";
import { loadMerge } from "./load_merge.ts";
import { MergedArgs } from "./merged_args.ts";
import { packValue, unpackValue } from "./pack_value.ts";
import type { Payload } from "./payload.ts";
import { userFunctionSpec } from "./user_function_spec.ts";
import { MAP_PROCESSOR, type MapJob, type MergedResult, type OwnArgsResult } from "./worker/map_processor.ts";
import { MAP_PROGRAM } from "./worker/map_thread.ts";
import { describeUserFunction, shippedHash, type UserFunctionSpec } from "./worker/user_function.ts";
import type { WorkerAccess } from "./worker_command.ts";

/** What {@linkcode makeBlockJob} takes. */
export interface BlockJobOptions<Block, Result> {
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
  /**
   * Takes a result: exactly once a block, in whatever order. While a returned promise is unsettled no further results are
   * taken than fit the output buffer (two a worker), so that a slow reader slows the workers down. What it throws ends the run.
   *
   * @param result what the function gave.
   * @param block the block's place in the list.
   * @param worker the number of the worker that computed it.
   */
  readonly onResult: (result: Result, block: number, worker: number) => void | Promise<void>;
  /** A block's name in messages. Default `block N`. */
  readonly describeBlock?: (block: number) => string;
  /** Ends the bundling of the module's code. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each line that the user should see while the job is made. Default `console.warn`. */
  readonly onNotice?: (line: string) => void;
}

/** Every key of {@linkcode BlockJobOptions}; the compiler keeps the two alike. */
const KEYS: Readonly<Record<keyof BlockJobOptions<unknown, unknown>, true>> = {
  userFunction: true,
  shipCode: true,
  blocks: true,
  otherArgs: true,
  onResult: true,
  describeBlock: true,
  signal: true,
  onNotice: true,
};

/**
 * Makes a job for `ComputeWorkerManager.startWorkers()`. The function's module is bundled here, and nothing is started.
 *
 * ```ts
 * import { CW_THREADS, getComputeWorkerManager, makeBlockJob } from "@blockfleet/blockfleet";
 *
 * const squares: number[] = [];
 * const job = await makeBlockJob({
 *   userFunction: (n: number) => n * n,
 *   blocks: [1, 2, 3],
 *   onResult: (square, block) => void (squares[block] = square),
 * });
 * const manager = await getComputeWorkerManager(CW_THREADS);
 * try {
 *   await manager.startWorkers({ job, concurrency: { numComputeWorkers: 2 } });
 *   await manager.run();
 * } finally {
 *   await manager.shutdown();
 * }
 * console.log(squares);
 * ```
 *
 * @throws {ConfigError} for options that can't work: a function that is not there or can't be shipped, other args that can't be
 * sent, a misspelt name.
 * @throws {AbortedError} if `signal` is aborted.
 */
export async function makeBlockJob<Block, Result>(
  options: BlockJobOptions<Block, Result>,
): Promise<BlockJob> {
  checkKnownKeys(options, KEYS, "makeBlockJob()");
  checkValues(options, {
    ...{ shipCode: "boolean", onResult: "function", describeBlock: "function" },
    ...{ signal: "abort signal", onNotice: "function" },
  });
  if (!Array.isArray(options.blocks)) throw new ConfigError("blocks must be a list");
  if (!options.onResult) throw new ConfigError("onResult is missing: it takes the results");
  const { shipCode, signal, otherArgs, onNotice = console.warn } = options;
  const spec = await userFunctionSpec(
    options.userFunction as string | URL | ((...args: never[]) => unknown),
    { shipCode, signal, onNotice },
  );
  const hasOtherArgs = otherArgs !== undefined;
  const packed = packValue(otherArgs, "otherArgs");
  const merge = hasOtherArgs ? await loadMerge(spec, { signal, onNotice }) : undefined;
  const job: MapJob = {
    userFunction: spec,
    hasOtherArgs,
    argsABlock: merge !== undefined,
    otherArgs: packed.header,
  };
  const merged = merge && new MergedArgs(structuredClone(otherArgs), merge);
  return new ListJob(options, { spec, merged, workerJob: { header: job, parts: packed.parts } });
}

class ListJob<Block, Result> implements BlockJob {
  readonly program = MAP_PROGRAM;
  readonly processor = MAP_PROCESSOR;
  readonly leastAhead = 1;
  readonly blockCount: number;
  readonly workerJob: Payload;
  readonly codeHash: string | undefined;
  readonly copiesAllowed: boolean;
  readonly loads: string;
  readonly access: WorkerAccess;
  readonly mergedArgs?: () => unknown;
  readonly #options: BlockJobOptions<Block, Result>;
  readonly #merged: MergedArgs | undefined;
  readonly #ownArgs: boolean;
  #argsChanged = false;

  constructor(
    options: BlockJobOptions<Block, Result>,
    { spec, merged, workerJob }: {
      readonly spec: UserFunctionSpec;
      readonly merged: MergedArgs | undefined;
      readonly workerJob: Payload;
    },
  ) {
    this.#options = options;
    this.blockCount = options.blocks.length;
    this.workerJob = workerJob;
    this.codeHash = shippedHash(spec);
    this.loads = describeUserFunction(spec);
    this.access = { read: modulePaths(spec), net: [], importsModule: spec.kind === "module" };
    this.#merged = merged;
    if (merged) this.mergedArgs = () => merged.total;
    this.#ownArgs = options.otherArgs !== undefined && merged === undefined;
    this.copiesAllowed = !this.#ownArgs;
  }

  get argsChanged(): boolean {
    return this.#argsChanged;
  }

  describeBlock(block: number): string {
    return this.#options.describeBlock?.(block) ?? `block ${block}`;
  }

  input(block: number): Payload {
    return packValue(this.#options.blocks[block], `blocks[${block}]`);
  }

  accept(block: number, payload: Payload, worker: number): void | Promise<void> {
    return this.#options.onResult(this.#unpack(block, payload) as Result, block, worker);
  }

  finished(_worker: number, last: Payload): unknown {
    return unpackValue(last);
  }

  #unpack(block: number, payload: Payload): unknown {
    if (this.#merged) {
      const { result: header, args, split } = payload.header as MergedResult;
      const result = unpackValue({ header, parts: payload.parts.slice(0, split) });
      this.#merged.add(block, unpackValue({ header: args, parts: payload.parts.slice(split) }));
      return result;
    }
    if (!this.#ownArgs) return unpackValue(payload);
    const { result: header, argsChanged } = payload.header as OwnArgsResult;
    this.#argsChanged ||= argsChanged === true;
    return unpackValue({ header, parts: payload.parts });
  }
}

/** What a confined worker must read to import a module by its path: by the name that was given, and the real one. */
function modulePaths(spec: UserFunctionSpec): string[] {
  if (spec.kind !== "module" || !spec.url.startsWith("file:")) return [];
  const path = decodeURIComponent(new URL(spec.url).pathname);
  return [...new Set([path, Deno.realPathSync(path)])];
}
