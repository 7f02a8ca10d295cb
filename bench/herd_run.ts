/**
 * Very many workers that connect to a manager at the same moment, over a network with a round trip.
 *
 * The manager is this process. The workers are real sessions of the data channel, hundreds of them in each of a few processes,
 * which begin together once all are loaded. Between them stands a proxy that delays every byte.
 *
 * Arguments: WORKERS PROCESSES ROUND_TRIP_MS plain|tls. Prints one JSON object: see {@linkcode HerdRun}.
 *
 * @module
 */
import { KEY_VARIABLE, takeKeyFromEnvironment } from "../core/channel/address_file.ts";
import { formatChannelAddress, parseChannelAddress } from "../core/channel/channel_address.ts";
import { ChannelServer } from "../core/channel/channel_server.ts";
import { ManagerChannel } from "../core/channel/manager_channel.ts";
import { messageOf } from "../core/errors.ts";
import { denoRun } from "./our_commands.ts";

/** What a run has shown. */
export interface HerdRun {
  /** Workers that got in. */
  readonly connected: number;
  /** Seconds from the moment they begin to the last one that got in. */
  readonly seconds: number;
  /** Why the others did not, with their numbers. */
  readonly failures: Record<string, number>;
  /** The most memory that the manager had, MiB. */
  readonly peakMiB: number;
}

const SAMPLE_MS = 50;
/** As in `blockfleet worker`. */
const DEADLINE_MS = 300_000;

async function runManager(
  workers: number,
  processes: number,
  roundTripMs: number,
  tls: boolean,
): Promise<HerdRun> {
  const runId = crypto.randomUUID();
  const key = crypto.getRandomValues(new Uint8Array(32));
  let connected = 0;
  let lastMs = 0;
  const server = await ChannelServer.listen({
    ...{ runId, key, reach: "machine", tls },
    workers: () => workers,
    admit: () => ({ worker: connected++ }),
    connected: (worker) => {
      lastMs = performance.now();
      worker.listen({ message() {}, ended() {} });
    },
    notice: console.error,
  });
  const [proxyCommand, ...proxyArguments] = denoRun(
    "./delay_proxy.ts",
    [server.address.port, roundTripMs / 2].map(String),
  );
  const proxy = new Deno.Command(proxyCommand!, { args: proxyArguments, stdin: "null", stdout: "piped" })
    .spawn();
  const port = Number(await firstLine(proxy.stdout));
  const address = formatChannelAddress({ ...server.address, port });
  const [command, ...args] = denoRun("./herd_run.ts", [address, String(workers / processes)]);
  const herd = Array.from({ length: processes }, () =>
    new Deno.Command(command!, {
      args,
      env: { [KEY_VARIABLE]: key.toBase64({ alphabet: "base64url" }) },
      stdin: "piped",
      stdout: "piped",
    }).spawn());
  const said = herd.map((child) => child.stdout.pipeThrough(new TextDecoderStream()).getReader());
  // Each says that it is loaded, then begins when it is told, and says at last how its workers fared.
  for (const reader of said) await reader.read();
  let peakBytes = 0;
  const sampling = setInterval(() => peakBytes = Math.max(peakBytes, Deno.memoryUsage().rss), SAMPLE_MS);
  const startMs = performance.now();
  await Promise.all(
    herd.map((child) =>
      ReadableStream.from(["go\n"]).pipeThrough(new TextEncoderStream()).pipeTo(child.stdin)
    ),
  );
  const failures: Record<string, number> = {};
  for (const reader of said) {
    const { value } = await reader.read();
    for (const [why, count] of Object.entries(JSON.parse(value!) as Record<string, number>)) {
      failures[why] = (failures[why] ?? 0) + count;
    }
  }
  clearInterval(sampling);
  await server.close("the run is done");
  await Promise.all(herd.map((child) => child.status));
  proxy.kill("SIGKILL");
  await Promise.all([proxy.status, proxy.stdout.cancel(), ...said.map((reader) => reader.cancel())]);
  return { connected, seconds: (lastMs - startMs) / 1000, failures, peakMiB: peakBytes / 2 ** 20 };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value).trim();
}

async function runWorkers(address: string, workers: number): Promise<void> {
  const key = takeKeyFromEnvironment();
  console.log("loaded");
  await Deno.stdin.read(new Uint8Array(8));
  const failures: Record<string, number> = {};
  const channels = await Promise.all(Array.from({ length: workers }, async () => {
    try {
      return await ManagerChannel.connect({
        address: parseChannelAddress(address),
        key,
        worker: undefined,
        hello: { nativeId: "bench", host: "localhost", pid: Deno.pid },
        deadlineMs: DEADLINE_MS,
      });
    } catch (error) {
      const why = messageOf(error);
      failures[why] = (failures[why] ?? 0) + 1;
      return undefined;
    }
  }));
  console.log(JSON.stringify(failures));
  await Promise.all(channels.map((channel) => channel?.ended));
}

if (import.meta.main) {
  const [first, second, third, way] = Deno.args;
  if (way === undefined) await runWorkers(first!, Number(second));
  else {console.log(
      JSON.stringify(await runManager(Number(first), Number(second), Number(third), way === "tls")),
    );}
}
