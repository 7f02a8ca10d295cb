/**
 * A run over the data channel with nothing around it: a dispatcher and a channel server here, workers in processes of their
 * own. The workers' side is this module, too: started with the manager's address and the number of workers.
 *
 * @module
 */
import type { BlockJob } from "../core/block_job.ts";
import { KEY_VARIABLE, takeKeyFromEnvironment } from "../core/channel/address_file.ts";
import { releaseBuffers } from "../core/channel/buffer_pool.ts";
import { formatChannelAddress, parseChannelAddress } from "../core/channel/channel_address.ts";
import { ChannelServer } from "../core/channel/channel_server.ts";
import { ManagerChannel } from "../core/channel/manager_channel.ts";
import { checkConcurrency } from "../core/checked_concurrency.ts";
import { Dispatcher } from "../core/dispatcher.ts";
import type { Driver } from "../core/driver.ts";
import { headerOnly, type Payload } from "../core/payload.ts";
import { Timers } from "../core/timers.ts";
import { runComputeLoop } from "../core/worker/compute_loop.ts";
import type { BlockProcessor, Processors } from "../core/worker/processor.ts";

/** The bytes of a block's result with the processor {@linkcode BULK}. */
export const PART_BYTES: number = 4 << 20;
/** A processor that gives nothing. */
export const EMPTY = "empty";
/** A processor that gives one big part. */
export const BULK = "bulk";

/** What is run. */
export interface ChannelRun {
  /** What workers do. */
  readonly processor: string;
  /** How many blocks. */
  readonly blocks: number;
  /** How many processes. */
  readonly processes: number;
  /** Workers in each of them. Default 1. */
  readonly workersEach?: number;
  /** Whether the channel is TLS. */
  readonly tls: boolean;
  /** Called when all workers are ready, and the first block is about to be handed out. */
  readonly ready?: () => void;
  /** Called for each block that is done. */
  readonly accepted?: () => void;
}

/** Seconds from when all workers are ready until the last block is done. */
export async function runThroughChannel(run: ChannelRun): Promise<number> {
  const { processes, workersEach = 1, tls, ready } = run;
  const workers = processes * workersEach;
  const runId = crypto.randomUUID();
  const key = crypto.getRandomValues(new Uint8Array(32));
  const concurrency = checkConcurrency(
    { numComputeWorkers: workers, computeBarrierTimeout: 60 },
    { kind: "CW_BENCH", computeWorkersReadDefault: true } as Driver,
  );
  let startMs = 0;
  const dispatcher = new Dispatcher(jobOf(run), concurrency, {
    timers: new Timers(),
    expected: workers,
    maxWorkerLosses: 3,
    hooks: {
      gone: () => {},
      disconnected: () => {},
      queueReasons: () => undefined,
      progress: (_done, _total, connected) => {
        if (connected < workers || startMs > 0) return;
        startMs = performance.now();
        ready?.();
      },
      notice: console.error,
      lastWord: () => {},
    },
  });
  let next = 0;
  const server = await ChannelServer.listen({
    ...{ runId, key, reach: "machine", tls },
    admit: () => ({ worker: next++ }),
    connected: (worker) => dispatcher.attach(worker.worker, worker.hello, worker),
    notice: console.error,
  });
  const address = formatChannelAddress(server.address);
  const children = Array.from(
    { length: processes },
    () =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", import.meta.url, address, String(workersEach)],
        env: { [KEY_VARIABLE]: key.toBase64({ alphabet: "base64url" }) },
        stdin: "null",
      }).spawn(),
  );
  const ticking = setInterval(() => dispatcher.tick(performance.now()), 100);
  await dispatcher.completion;
  const seconds = (performance.now() - startMs) / 1000;
  await dispatcher.finish();
  clearInterval(ticking);
  await server.close("the run is done");
  await Promise.all(children.map((child) => child.status));
  return seconds;
}

function jobOf({ processor, blocks, accepted }: ChannelRun): BlockJob {
  return {
    blockCount: blocks,
    program: { threadUrl: new URL(import.meta.url), runHere: () => Promise.resolve() },
    processor,
    workerJob: headerOnly({}),
    leastAhead: processor === BULK ? 3 : 1,
    copiesAllowed: true,
    describeBlock: (block) => `block ${block}`,
    accept: (_block, payload) => {
      releaseBuffers(payload);
      accepted?.();
    },
    finished: () => undefined,
  };
}

const PROCESSORS: Processors = {
  [EMPTY]: () => Promise.resolve(() => Promise.resolve(processor({ header: null, parts: [] }))),
  [BULK]: () =>
    Promise.resolve(() => Promise.resolve(processor({ header: null, parts: [new Uint8Array(PART_BYTES)] }))),
};

function processor(result: Payload): BlockProcessor {
  return {
    readAhead: 0,
    read: () => undefined,
    compute: () => result,
    finish: () => headerOnly(undefined),
    close: () => Promise.resolve(),
  };
}

async function runWorker(address: string, key: Uint8Array<ArrayBuffer>): Promise<void> {
  const channel = await ManagerChannel.connect({
    address: parseChannelAddress(address),
    key,
    worker: undefined,
    hello: { nativeId: "bench", host: "localhost", pid: Deno.pid },
    deadlineMs: 30_000,
  });
  await runComputeLoop(channel, PROCESSORS);
  await channel.ended;
}

if (import.meta.main) {
  const [address, workers] = Deno.args;
  const key = takeKeyFromEnvironment();
  await Promise.all(Array.from({ length: Number(workers) }, () => runWorker(address!, key)));
}
