/**
 * `blockfleet worker`: one compute worker.
 *
 * @module
 */
import {
  CHANNEL_VARIABLE,
  type ChannelCredentials,
  forgetAddressFile,
  parseKey,
  readAddressFile,
  takeKeyFromEnvironment,
} from "../core/channel/address_file.ts";
import { parseChannelAddress } from "../core/channel/channel_address.ts";
import { ManagerChannel } from "../core/channel/manager_channel.ts";
import { BlockfleetError, ChannelClosedError, ConfigError } from "../core/errors.ts";
import { firstLine, standardInputEnds } from "../core/worker/standard_input.ts";
import { closeWebStorage } from "../core/worker/web_storage.ts";
import { serveManager } from "../core/worker/worker_process.ts";
import { COMPUTE_PROGRAM } from "../raster/compute_thread.ts";
import { EXIT_NO_MANAGER } from "../core/worker_exit.ts";
import type { CliConsole } from "./cli_console.ts";
import { EXIT_DONE } from "./exit_status.ts";
import type { ParsedOptions } from "./option_table.ts";
import { parseCount } from "./option_values.ts";
import { arrayIndex, type WorkerIdentity, workerIdentity } from "./worker_identity.ts";

/** Runs the command. */
export async function runWorker(options: ParsedOptions, console: CliConsole): Promise<number> {
  const threads = wholeNumber(options, "threads", { fallback: 1, min: 1 });
  const credentials = await channelCredentials(options, console);
  if (options.has("end-with-stdin")) void endWithStandardInput();
  const draining = drainOnSignal();
  closeWebStorage();
  const channel = await ManagerChannel.connect({
    ...credentials,
    // Whoever is told to end before there is a manager has nothing to drain.
    signal: draining,
    worker: workerNumber(options),
    hello: { ...await identity(options), host: Deno.hostname(), pid: Deno.pid, threads },
    deadlineMs: 1000 * wholeNumber(options, "connect-timeout", { fallback: 300 }),
    ...options.has("refused-timeout")
      ? { refusedMs: 1000 * wholeNumber(options, "refused-timeout", { fallback: 0 }) }
      : {},
    notice: (line) => console.err(line),
  });
  try {
    await serveManager(channel, {
      program: COMPUTE_PROGRAM,
      threads,
      codeHash: credentials.address.codeHash,
      draining,
      drainGraceMs: 1000 * wholeNumber(options, "drain-grace", { fallback: 20 }),
    });
  } finally {
    await channel.leave(
      draining.aborted
        ? `it was told to end by ${draining.reason}, as by a cancelled job or a limit of time or memory`
        : "the worker ends",
    );
  }
  const end = await channel.ended;
  if (end.cause === "closed" || end.cause === "left") return EXIT_DONE;
  throw end.cause === "lost" ? new ChannelClosedError(end.reason) : new BlockfleetError(end.reason);
}

async function channelCredentials(options: ParsedOptions, console: CliConsole): Promise<ChannelCredentials> {
  const file = options.value("channel-file");
  // A container's command shows in consoles and logs: there the address comes with the key.
  const address = options.value("channel") ??
    (file === undefined ? Deno.env.get(CHANNEL_VARIABLE) : undefined);
  if ((file === undefined) === (address === undefined)) {
    throw new ConfigError(
      `worker needs either --channel-file FILE or --channel ADDRESS, or the address as ${CHANNEL_VARIABLE}`,
    );
  }
  if (file !== undefined) {
    const credentials = await readAddressFile(file);
    forgetAddressFile(file);
    return credentials;
  }
  const key = options.has("stdin-key")
    ? parseKey(await firstLine())
    : takeKeyFromEnvironment((line) => console.err(line));
  return { address: parseChannelAddress(address!), key };
}

/** Nobody is left to hear of it, or to take results: whatever is computed ends with this process. */
async function endWithStandardInput(): Promise<void> {
  await standardInputEnds();
  Deno.exit(EXIT_NO_MANAGER);
}

function workerNumber(options: ParsedOptions): number | undefined {
  const index = options.value("index") ?? "auto";
  if (index !== "auto") return parseCount("index", index, { min: 0 });
  const element = arrayIndex();
  return element === undefined ? undefined : element + wholeNumber(options, "index-offset", { fallback: 0 });
}

async function identity(options: ParsedOptions): Promise<WorkerIdentity> {
  const source = options.value("native-id") ?? "auto";
  if (source === "auto") return await workerIdentity();
  if (source === "pid") return { nativeId: String(Deno.pid) };
  throw new ConfigError(`--native-id must be auto or pid, not '${source}'`);
}

function wholeNumber(options: ParsedOptions, name: string, { fallback, min = 0 }: WholeNumber): number {
  const text = options.value(name);
  return text === undefined ? fallback : parseCount(name, text, { min });
}

interface WholeNumber {
  readonly fallback: number;
  readonly min?: number;
}

/** A batch system's SIGTERM, and a terminal's Ctrl-C, which reaches a worker too although its manager ends it. */
function drainOnSignal(): AbortSignal {
  const draining = new AbortController();
  const drainAt = (signal: Deno.Signal) => Deno.addSignalListener(signal, () => draining.abort(signal));
  drainAt("SIGINT");
  if (Deno.build.os !== "windows") drainAt("SIGTERM");
  // One that nobody has started by hand is its manager's to end. Deno no longer ignores SIGHUP, as under nohup, once it
  // listens to another signal; so it takes a listener to ignore it.
  if (Deno.stdin.isTerminal()) drainAt("SIGHUP");
  else Deno.addSignalListener("SIGHUP", () => {});
  return draining.signal;
}
