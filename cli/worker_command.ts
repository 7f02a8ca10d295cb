/**
 * `blockfleet worker`: one compute worker.
 *
 * @module
 */
import { readAddressFile, takeKeyFromEnvironment } from "../core/channel/address_file.ts";
import type { ChannelCredentials } from "../core/channel/address_file.ts";
import { parseChannelAddress } from "../core/channel/channel_address.ts";
import { ManagerChannel } from "../core/channel/manager_channel.ts";
import { BlockfleetError, ConfigError } from "../core/errors.ts";
import { serveManager } from "../core/worker/worker_process.ts";
import { COMPUTE_PROGRAM } from "../raster/compute_thread.ts";
import type { CliConsole } from "./cli_console.ts";
import { EXIT_DONE } from "./exit_status.ts";
import type { ParsedOptions } from "./option_table.ts";

/** Where array jobs find their number, by batch system. */
const ARRAY_INDEX_VARIABLES = ["SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"];

/** Runs the command. */
export async function runWorker(options: ParsedOptions, console: CliConsole): Promise<number> {
  const threads = wholeNumber(options, "threads", 1, { atLeast: 1 });
  const credentials = await channelCredentials(options);
  const draining = drainOnSignal();
  const channel = await ManagerChannel.connect({
    ...credentials,
    worker: workerNumber(options),
    hello: { nativeId: String(Deno.pid), host: Deno.hostname(), pid: Deno.pid, threads },
    deadlineMs: 1000 * wholeNumber(options, "connect-timeout", 300),
    notice: (line) => console.err(line),
  });
  try {
    await serveManager(channel, {
      program: COMPUTE_PROGRAM,
      threads,
      draining,
      drainGraceMs: 1000 * wholeNumber(options, "drain-grace", 20),
    });
  } finally {
    await channel.leave("the worker ends");
  }
  const end = await channel.ended;
  if (end.cause === "closed" || end.cause === "left") return EXIT_DONE;
  throw new BlockfleetError(end.reason);
}

async function channelCredentials(options: ParsedOptions): Promise<ChannelCredentials> {
  const file = options.value("channel-file");
  const address = options.value("channel");
  if ((file === undefined) === (address === undefined)) {
    throw new ConfigError("worker needs either --channel-file FILE or --channel ADDRESS");
  }
  if (file !== undefined) return await readAddressFile(file);
  return { address: parseChannelAddress(address!), key: takeKeyFromEnvironment() };
}

function workerNumber(options: ParsedOptions): number | undefined {
  const index = options.value("index") ?? "auto";
  if (index !== "auto") return wholeNumber(options, "index", 0);
  for (const variable of ARRAY_INDEX_VARIABLES) {
    const value = variableIfAllowed(variable);
    if (value !== undefined && /^\d+$/.test(value)) {
      return Number(value) + wholeNumber(options, "index-offset", 0);
    }
  }
  return undefined;
}

function variableIfAllowed(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

function wholeNumber(
  options: ParsedOptions,
  name: string,
  fallback: number,
  { atLeast = 0 }: { atLeast?: number } = {},
): number {
  const text = options.value(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= atLeast) return value;
  throw new ConfigError(`--${name} must be a whole number of at least ${atLeast}, not '${text}'`);
}

/** A batch system's SIGTERM, and a terminal's Ctrl-C, which reaches a worker too although its manager ends it. */
function drainOnSignal(): AbortSignal {
  const draining = new AbortController();
  const drain = () => draining.abort();
  Deno.addSignalListener("SIGINT", drain);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", drain);
  return draining.signal;
}
