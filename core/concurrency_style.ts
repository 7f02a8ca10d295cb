/**
 * How a run's workers are chosen: RIOS's ConcurrencyStyle, and the combinations that make no sense.
 *
 * @module
 */
import type { ChannelStyle } from "./channel_style.ts";
import type { Driver } from "./driver.ts";
import { ConfigError } from "./errors.ts";
import { checkKnownKeys } from "./known_keys.ts";
import { type ComputeWorkerKind, CW_AWSBATCH, CW_NONE, CW_SUBPROC, CW_THREADS } from "./kinds.ts";

/** What the user says of the workers. Everything has a default; the default kind is `CW_NONE`, as in RIOS. */
export interface ConcurrencyStyle {
  /** The kind of compute worker. Default `CW_NONE`. */
  readonly computeWorkerKind?: ComputeWorkerKind;
  /** Compute workers. Default 0. */
  readonly numComputeWorkers?: number;
  /**
   * Compute workers to begin with and to keep, while there may be up to `numComputeWorkers` of them as blocks left and
   * their times ask for it. Default `numComputeWorkers`.
   */
  readonly minComputeWorkers?: number;
  /** Read threads: in this process, or in each worker that reads for itself. Default 0. */
  readonly numReadWorkers?: number;
  /** Whether compute workers read their own inputs. Default: the driver's, true for all built-in kinds. */
  readonly computeWorkersRead?: boolean;
  /** One job for every block (batch queues only). Default false. */
  readonly singleBlockComputeWorkers?: boolean;
  /** Whether workers see this machine's temporary files. Default true. */
  readonly haveSharedTemp?: boolean;
  /** The driver's own dictionary. */
  readonly computeWorkerExtraParams?: Readonly<Record<string, unknown>>;
  /** Seconds that a full input buffer may stand still with a read block waiting to go in. Default none. */
  readonly readBufferInsertTimeout?: number;
  /** Seconds that a compute worker may wait for its input while no read makes progress. Default none. */
  readonly readBufferPopTimeout?: number;
  /** Seconds that a full output buffer may stand still with a result waiting to go in. Default none. */
  readonly computeBufferInsertTimeout?: number;
  /** Seconds that the writer may wait for the next result while blocks are being computed. Default none. */
  readonly computeBufferPopTimeout?: number;
  /** Seconds to wait for all workers before any computes. Default none: the first worker starts the run. */
  readonly computeBarrierTimeout?: number;
  /** Seconds without any worker, in the queue or after losses, before the run fails. Default none. */
  readonly queueTimeout?: number;
  /** Seconds that one block may be computed for; then its worker is ended and it counts as the block's error. Default none. */
  readonly blockTimeout?: number;
  /** Errors of one block that are tried again. Default 0. */
  readonly maxBlockErrors?: number;
  /** Unexplained deaths of workers while computing one block, before it runs once more alone. Default 2. */
  readonly maxBlockLosses?: number;
  /** Workers lost since a block was last done, before the run fails. Default the larger of 3 and twice the workers. */
  readonly maxWorkerLosses?: number;
  /** Whether idle workers may run copies of the slowest blocks. Default true. */
  readonly copies?: boolean;
  /** Computing threads in each worker that is a process. Default 1. */
  readonly threadsPerWorker?: number;
  /** Permission flags of Deno that worker processes get beyond what the job needs; `--allow-all` for all. Default none. */
  readonly workerPermissions?: readonly string[];
  /** The data channel to workers that are processes. */
  readonly channel?: ChannelStyle;
}

/** Every key of {@linkcode ConcurrencyStyle}; the compiler keeps the two alike. */
const STYLE_KEYS: Readonly<Record<keyof ConcurrencyStyle, true>> = {
  computeWorkerKind: true,
  numComputeWorkers: true,
  minComputeWorkers: true,
  numReadWorkers: true,
  computeWorkersRead: true,
  singleBlockComputeWorkers: true,
  haveSharedTemp: true,
  computeWorkerExtraParams: true,
  readBufferInsertTimeout: true,
  readBufferPopTimeout: true,
  computeBufferInsertTimeout: true,
  computeBufferPopTimeout: true,
  computeBarrierTimeout: true,
  queueTimeout: true,
  blockTimeout: true,
  maxBlockErrors: true,
  maxBlockLosses: true,
  maxWorkerLosses: true,
  copies: true,
  threadsPerWorker: true,
  workerPermissions: true,
  channel: true,
};

/** A concurrency style with every default filled in and every check passed. */
export interface CheckedConcurrency {
  /** See {@linkcode ConcurrencyStyle}; the same below. */
  readonly kind: ComputeWorkerKind;
  /** Most workers, before the number of blocks limits them; 1 for `CW_NONE`, `Infinity` for one a block. */
  readonly workers: number;
  /** Workers to start and to keep; equal to `workers` unless the user gave a range. */
  readonly minWorkers: number;
  /** Read threads. */
  readonly readWorkers: number;
  /** Whether compute workers read. */
  readonly computeWorkersRead: boolean;
  /** One job for every block. */
  readonly singleBlock: boolean;
  /** Whether workers see this machine's temporary files. */
  readonly haveSharedTemp: boolean;
  /** The driver's own dictionary. */
  readonly extraParams: Readonly<Record<string, unknown>>;
  /** The timeouts that the user set, seconds, by name. */
  readonly timeouts: Readonly<Partial<Record<TimeoutName, number>>>;
  /** Errors of one block that are tried again. */
  readonly maxBlockErrors: number;
  /** Deaths on one block before it runs alone. */
  readonly maxBlockLosses: number;
  /** Losses since a block was last done; undefined while the workers are not counted, where there is one a block. */
  readonly maxWorkerLosses: number | undefined;
  /** Whether copies may run. */
  readonly copies: boolean;
  /** Computing threads in each worker that is a process. */
  readonly threadsPerWorker: number;
  /** Permission flags that worker processes get beyond what the job needs. */
  readonly workerPermissions: readonly string[];
  /** The data channel. */
  readonly channel: ChannelStyle;
  /** What is odd but allowed, one line each. */
  readonly warnings: readonly string[];
}

/** Kinds that have no dictionary of their own. */
const KINDS_WITHOUT_PARAMS: readonly ComputeWorkerKind[] = [CW_NONE, CW_THREADS, CW_SUBPROC];

/** Every timeout by its option's name. */
export const TIMEOUT_NAMES = [
  "readBufferInsertTimeout",
  "readBufferPopTimeout",
  "computeBufferInsertTimeout",
  "computeBufferPopTimeout",
  "computeBarrierTimeout",
  "queueTimeout",
  "blockTimeout",
] as const;

/** A timeout's option name. */
export type TimeoutName = typeof TIMEOUT_NAMES[number];

/**
 * Fills in the defaults and refuses what can't work.
 *
 * @throws {ConfigError} for a combination that RIOS refuses too, or a number out of range.
 */
export function checkConcurrency(style: ConcurrencyStyle, driver: Driver): CheckedConcurrency {
  checkKnownKeys(style, STYLE_KEYS, "concurrency");
  const kind = driver.kind;
  const numComputeWorkers = count("numComputeWorkers", style.numComputeWorkers, 0);
  const readWorkers = count("numReadWorkers", style.numReadWorkers, 0);
  const singleBlock = style.singleBlockComputeWorkers ?? false;
  const computeWorkersRead = style.computeWorkersRead ?? driver.computeWorkersReadDefault;

  if (singleBlock) {
    if (!driver.supportsSingleBlock) {
      throw new ConfigError(
        `singleBlockComputeWorkers can't be used with ${kind}: it is for batch queues, one job for every block` +
          (kind === CW_AWSBATCH || kind === CW_THREADS ? "" : ". Leave it out"),
      );
    }
    if (numComputeWorkers > 0) {
      throw new ConfigError(
        `singleBlockComputeWorkers starts one job for every block: leave numComputeWorkers (${numComputeWorkers}) out`,
      );
    }
    if (readWorkers > 0) {
      throw new ConfigError(
        `singleBlockComputeWorkers read for themselves: leave numReadWorkers (${readWorkers}) out`,
      );
    }
  }
  const [param] = Object.keys(style.computeWorkerExtraParams ?? {});
  if (param !== undefined && KINDS_WITHOUT_PARAMS.includes(kind)) {
    throw new ConfigError(
      `${kind} takes no computeWorkerExtraParams but was given '${param}': leave it out, or choose the kind that it is for`,
    );
  }
  if (kind === CW_NONE && numComputeWorkers > 0) {
    throw new ConfigError(
      `CW_NONE has no compute workers but numComputeWorkers is ${numComputeWorkers}: choose a kind such as CW_THREADS`,
    );
  }
  if (kind !== CW_NONE && numComputeWorkers === 0 && !singleBlock) {
    throw new ConfigError(`${kind} needs numComputeWorkers of at least 1`);
  }
  if (kind !== CW_NONE && !computeWorkersRead && readWorkers === 0) {
    throw new ConfigError(
      `compute workers that don't read (computeWorkersRead: false) need numReadWorkers of at least 1`,
    );
  }
  const timeouts: Partial<Record<TimeoutName, number>> = {};
  for (const name of TIMEOUT_NAMES) {
    const seconds = style[name];
    if (seconds === undefined) continue;
    if (!(seconds > 0)) {
      throw new ConfigError(`${name} must be more than 0 seconds, not ${seconds}; leave it out for none`);
    }
    if (Number.isFinite(seconds)) timeouts[name] = seconds;
  }
  if (timeouts.blockTimeout !== undefined && !driver.canInterrupt) {
    throw new ConfigError(
      `blockTimeout can't be kept with ${kind}, which computes in the main thread: choose a kind such as CW_THREADS`,
    );
  }
  const warnings: string[] = [];
  const limit = driver.workersLimit;
  if (limit && numComputeWorkers > limit.workers) {
    warnings.push(`${numComputeWorkers} ${kind} workers are more than ${limit.reason}`);
  }
  const workers = kind === CW_NONE ? 1 : singleBlock ? Infinity : numComputeWorkers;
  return {
    kind,
    workers,
    minWorkers: leastWorkers(style.minComputeWorkers, workers, driver),
    readWorkers,
    computeWorkersRead: computeWorkersRead || kind === CW_NONE && readWorkers === 0,
    singleBlock,
    haveSharedTemp: style.haveSharedTemp ?? true,
    extraParams: style.computeWorkerExtraParams ?? {},
    timeouts,
    maxBlockErrors: count("maxBlockErrors", style.maxBlockErrors, 0),
    maxBlockLosses: count("maxBlockLosses", style.maxBlockLosses, 2),
    maxWorkerLosses: style.maxWorkerLosses === undefined && singleBlock
      ? undefined
      : count("maxWorkerLosses", style.maxWorkerLosses, Math.max(3, 2 * workers)),
    copies: style.copies ?? true,
    threadsPerWorker: Math.max(1, count("threadsPerWorker", style.threadsPerWorker, 1)),
    workerPermissions: checkPermissions(style.workerPermissions ?? []),
    channel: style.channel ?? {},
    warnings,
  };
}

function leastWorkers(min: number | undefined, most: number, driver: Driver): number {
  if (min === undefined) return most;
  count("minComputeWorkers", min, 1);
  if (!Number.isFinite(most)) {
    throw new ConfigError(
      `singleBlockComputeWorkers starts one job for every block: leave minComputeWorkers (${min}) out`,
    );
  }
  if (min < 1 || min > most) {
    throw new ConfigError(
      `minComputeWorkers must be from 1 to numComputeWorkers (${most}), not ${min}`,
    );
  }
  if (min < most && !driver.canGrow) {
    throw new ConfigError(
      `${driver.kind} can't start more workers while a run goes on: give one number of workers, not ${min} to ${most}`,
    );
  }
  return min;
}

function checkPermissions(flags: readonly string[]): readonly string[] {
  for (const flag of flags) {
    if (!/^--(allow|deny)-[a-z]+(=.*)?$/s.test(flag)) {
      throw new ConfigError(
        `workerPermissions has '${flag}': give Deno's permission flags, such as --allow-write=out`,
      );
    }
  }
  return flags;
}

function count(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ConfigError(`${name} must be a whole number of at least 0, not ${value}`);
  }
  return value;
}
