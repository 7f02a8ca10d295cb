/**
 * A concurrency style with its defaults, and the combinations that make no sense.
 *
 * @module
 */
import { channelPlace } from "./channel/advertised_addresses.ts";
import type { ChannelStyle } from "./channel_style.ts";
import { type ConcurrencyStyle, TIMEOUT_NAMES, type TimeoutName } from "./concurrency_style.ts";
import type { Driver } from "./driver.ts";
import { ConfigError } from "./errors.ts";
import { type ComputeWorkerKind, CW_NONE, CW_SUBPROC, CW_THREADS } from "./kinds.ts";
import { checkValues } from "./check_values.ts";
import { checkKnownKeys } from "./known_keys.ts";
import { shownValue } from "./shown_value.ts";
import { usualLosses } from "./usual_losses.ts";

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

/** Every key of {@linkcode ChannelStyle}; the compiler keeps the two alike. */
const CHANNEL_KEYS: Readonly<Record<keyof ChannelStyle, true>> = {
  networkInterface: true,
  advertise: true,
  ports: true,
  tls: true,
  reconnectGrace: true,
};

/** The same in a warning, with the option where the names differ. */
const CHANNEL_WORDS: Readonly<Record<keyof ChannelStyle, string>> = {
  networkInterface: "networkInterface",
  advertise: "advertise (--advertise)",
  ports: "ports (--port-range)",
  tls: "tls: false (--insecure-channel)",
  reconnectGrace: "reconnectGrace",
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

/**
 * Fills in the defaults and refuses what can't work.
 *
 * @throws {ConfigError} for a combination that RIOS refuses too, or a number out of range.
 */
export function checkConcurrency(style: ConcurrencyStyle, driver: Driver): CheckedConcurrency {
  checkKnownKeys(style, STYLE_KEYS, "concurrency");
  checkValues({ ...style, computeWorkersRead: style.computeWorkersRead ?? undefined }, {
    ...{ computeWorkersRead: "boolean", singleBlockComputeWorkers: "boolean", haveSharedTemp: "boolean" },
    ...{ copies: "boolean", computeWorkerExtraParams: "object", channel: "object" },
  });
  const { channel = {} } = style;
  const { kind } = driver;
  const given = {
    computeWorkers: count("numComputeWorkers", style.numComputeWorkers, 0),
    readWorkers: count("numReadWorkers", style.numReadWorkers, 0),
    computeWorkersRead: style.computeWorkersRead ?? driver.computeWorkersReadDefault,
    singleBlock: style.singleBlockComputeWorkers ?? false,
  };
  const { computeWorkers, readWorkers, singleBlock } = given;
  if (singleBlock) checkSingleBlock(given, driver);
  checkParams(style.computeWorkerExtraParams ?? {}, kind);
  checkWorkers(given, kind);
  const workers = kind === CW_NONE ? 1 : singleBlock ? Infinity : computeWorkers;
  const checked: CheckedConcurrency = {
    kind,
    workers,
    minWorkers: leastWorkers(style.minComputeWorkers, workers, driver),
    readWorkers,
    computeWorkersRead: given.computeWorkersRead || kind === CW_NONE && readWorkers === 0,
    singleBlock,
    haveSharedTemp: style.haveSharedTemp ?? true,
    extraParams: style.computeWorkerExtraParams ?? {},
    timeouts: checkTimeouts(style, driver),
    maxBlockErrors: count("maxBlockErrors", style.maxBlockErrors, 0),
    maxBlockLosses: count("maxBlockLosses", style.maxBlockLosses, 2),
    maxWorkerLosses: style.maxWorkerLosses === undefined && singleBlock
      ? undefined
      : count("maxWorkerLosses", style.maxWorkerLosses, usualLosses(workers)),
    copies: style.copies ?? true,
    threadsPerWorker: Math.max(1, count("threadsPerWorker", style.threadsPerWorker, 1)),
    workerPermissions: checkPermissions(style.workerPermissions ?? []),
    channel: checkChannel(channel),
    warnings: [...workersWarnings(computeWorkers, driver), ...inProcessWarnings(style, driver)],
  };
  passed.add(checked);
  return checked;
}

/** What has passed the checks: its own keys are not those of a style. */
const passed = new WeakSet<object>();

/** Whether {@linkcode checkConcurrency} has made this. */
export function isChecked(style: ConcurrencyStyle | CheckedConcurrency): style is CheckedConcurrency {
  return passed.has(style);
}

/** What was said of who computes and who reads. */
interface GivenWorkers {
  readonly computeWorkers: number;
  readonly readWorkers: number;
  readonly computeWorkersRead: boolean;
  readonly singleBlock: boolean;
}

function checkSingleBlock({ computeWorkers, readWorkers }: GivenWorkers, driver: Driver): void {
  if (!driver.supportsSingleBlock) {
    throw new ConfigError(
      `singleBlockComputeWorkers can't be used with ${driver.kind}: it is for batch queues, one job for every block. ` +
        "Leave it out",
    );
  }
  if (computeWorkers > 0) {
    throw new ConfigError(
      `singleBlockComputeWorkers starts one job for every block: leave numComputeWorkers (${computeWorkers}) out`,
    );
  }
  if (readWorkers > 0) {
    throw new ConfigError(
      `singleBlockComputeWorkers read for themselves: leave numReadWorkers (${readWorkers}) out`,
    );
  }
}

function checkParams(extraParams: Readonly<Record<string, unknown>>, kind: ComputeWorkerKind): void {
  const [param] = Object.keys(extraParams);
  if (param === undefined || !KINDS_WITHOUT_PARAMS.includes(kind)) return;
  throw new ConfigError(
    `${kind} has no parameters of its own but was given computeWorkerExtraParams.${param}: leave it out, or choose the kind that it is for`,
  );
}

function checkWorkers(given: GivenWorkers, kind: ComputeWorkerKind): void {
  const { computeWorkers, readWorkers, computeWorkersRead, singleBlock } = given;
  if (kind === CW_NONE) {
    if (computeWorkers === 0) return;
    throw new ConfigError(
      `CW_NONE has no compute workers but numComputeWorkers is ${computeWorkers}: choose a kind such as CW_THREADS`,
    );
  }
  if (computeWorkers === 0 && !singleBlock) {
    throw new ConfigError(`${kind} needs numComputeWorkers of at least 1`);
  }
  if (!computeWorkersRead && readWorkers === 0) {
    throw new ConfigError(
      "compute workers that don't read need numReadWorkers of at least 1: set it, or leave out " +
        "computeWorkersRead: false (--compute-workers-read no)",
    );
  }
}

function checkTimeouts(style: ConcurrencyStyle, driver: Driver): CheckedConcurrency["timeouts"] {
  const timeouts: Partial<Record<TimeoutName, number>> = {};
  for (const name of TIMEOUT_NAMES) {
    const seconds = style[name];
    if (seconds === undefined || seconds === null) continue;
    if (typeof seconds !== "number" || !(seconds > 0)) {
      throw new ConfigError(
        `${name} must be more than 0 seconds, as a number, not ${shownValue(seconds)}; leave it out for none`,
      );
    }
    if (Number.isFinite(seconds)) timeouts[name] = seconds;
  }
  if (timeouts.blockTimeout !== undefined && !driver.canInterrupt) {
    throw new ConfigError(
      `blockTimeout can't be kept with ${driver.kind}, which computes in the main thread: ` +
        "choose a kind such as CW_THREADS",
    );
  }
  return timeouts;
}

function workersWarnings(computeWorkers: number, { kind, workersLimit }: Driver): string[] {
  if (!workersLimit || computeWorkers <= workersLimit.workers) return [];
  return [`${computeWorkers} ${kind} workers are more than ${workersLimit.reason}`];
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

function checkChannel(channel: ChannelStyle): ChannelStyle {
  checkKnownKeys(channel, CHANNEL_KEYS, "channel");
  checkValues(channel, { networkInterface: "text", tls: "boolean", ports: "object" });
  const { advertise, networkInterface } = channel;
  if (advertise !== undefined && !Array.isArray(advertise)) {
    throw new ConfigError(
      `advertise must be a list of host names or addresses, not ${shownValue(advertise)}`,
    );
  }
  // Whatever the kind: a misspelt one must not go unnoticed until the next.
  if (networkInterface !== undefined) channelPlace({ networkInterface });
  return channel;
}

/** What is given for workers that are processes, while these are in this one. */
function inProcessWarnings(style: ConcurrencyStyle, { kind, inProcess }: Driver): string[] {
  if (!inProcess) return [];
  const { channel = {}, threadsPerWorker = 1, haveSharedTemp = true, workerPermissions = [] } = style;
  const unused = [
    ...(Object.keys(CHANNEL_KEYS) as (keyof ChannelStyle)[])
      .filter((key) => channel[key] !== undefined).map((key) => CHANNEL_WORDS[key]),
    ...threadsPerWorker > 1 ? ["threadsPerWorker"] : [],
    ...haveSharedTemp ? [] : ["haveSharedTemp"],
  ];
  return [
    ...workerPermissions.length === 0 ? [] : [
      `workerPermissions confines nothing on ${kind}, whose workers are in this process: the user function may do whatever ` +
      `this program may. To confine it, choose ${CW_SUBPROC} or a batch queue`,
    ],
    ...unused.length === 0
      ? []
      : [`No effect with ${kind}, whose workers are in this process: ${unused.join(", ")}`],
  ];
}

function checkPermissions(flags: readonly string[]): readonly string[] {
  if (!Array.isArray(flags)) {
    throw new ConfigError(
      `workerPermissions must be a list of Deno's permission flags, such as ["--allow-write=out"], not ${
        shownValue(flags)
      }`,
    );
  }
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
    throw new ConfigError(`${name} must be a whole number of at least 0, not ${shownValue(value)}`);
  }
  return value;
}
