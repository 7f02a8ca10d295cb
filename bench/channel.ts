/**
 * The data channel: blocks a second of a function that does nothing, and bytes a second of big parts.
 *
 * Both go through what runs between a manager and its worker processes: dispatcher, frames, sockets, compute loop. The
 * throughput is held against the same machine's bare loopback: 4 MiB writes of a process that does nothing else, read
 * by one that does nothing else into one buffer, plain and TLS.
 *
 * The bare sender is this module, too: started with its receiver's address.
 *
 * @module
 */
import { makeCertificate, pinCertificate, startPinnedTls } from "../core/channel/certificate.ts";
import { formatChannelAddress, parseChannelAddress } from "../core/channel/channel_address.ts";
import { type BenchContext, type Benchmark, type BenchmarkReport, judge, type Measure } from "./benchmark.ts";
import { BULK, EMPTY, PART_BYTES, runThroughChannel } from "./channel_run.ts";
import { ratioSpread, type Spread, spreadOf } from "./spread.ts";

const WORKERS = 2;

/** Blocks a second and throughput of the data channel. */
export const channelBenchmark: Benchmark = {
  name: "channel",
  about: "blocks a second and throughput of the data channel, plain and TLS, against bare loopback",
  run: measureChannel,
};

interface Round {
  readonly blocksASecond: number;
  readonly channelMiBASecond: number;
  readonly bareMiBASecond: number;
}

async function measureChannel(context: BenchContext): Promise<BenchmarkReport> {
  const plain = await measureWay(context, false);
  const tls = await measureWay(context, true);
  const notes = [
    `Manager and workers share this machine's ${navigator.hardwareConcurrency} cores.`,
    "A rate counts from when all workers are ready to the last block.",
  ];
  return {
    measures: [...plain.measures, ...tls.measures],
    figures: [...plain.figures, ...tls.figures],
    notes,
    skipped: [],
  };
}

/** All rounds of one way to talk: plain or TLS. */
async function measureWay(
  context: BenchContext,
  tls: boolean,
): Promise<Pick<BenchmarkReport, "measures" | "figures">> {
  const blocks = context.isQuick ? 20_000 : 200_000;
  const parts = context.isQuick ? 100 : 500;
  const mib = parts * PART_BYTES / 2 ** 20;
  const way = tls ? "TLS" : "plain";
  const rounds: Round[] = [];
  for (let round = 0; round < context.rounds; round++) {
    context.say(`${way}, round ${round + 1} of ${context.rounds}`);
    rounds.push({
      blocksASecond: blocks / await runThroughChannel({ processor: EMPTY, blocks, processes: WORKERS, tls }),
      channelMiBASecond: mib / await runThroughChannel({ processor: BULK, blocks: parts, processes: 1, tls }),
      bareMiBASecond: mib / await runBare(parts, tls),
    });
  }
  const rates = rounds.map(({ blocksASecond }) => blocksASecond);
  const ours = rounds.map(({ channelMiBASecond }) => channelMiBASecond);
  const bare = rounds.map(({ bareMiBASecond }) => bareMiBASecond);
  const measure = (label: string, rates: readonly number[], unit: string, amount: number): Measure => ({
    label: `${label}, ${way}`,
    wallSeconds: spreadOf(rates.map((rate) => amount / rate)),
    cpuSeconds: null,
    peakMiB: null,
    detail: `${spreadOf(rates).median.toFixed(0)} ${unit}`,
  });
  const figure = (what: string, { median, min, max }: Spread, unit: string, atLeast: number) =>
    judge({ what: `${what}, ${way}`, value: median, range: [min, max], unit, limit: { atLeast } }, context);
  return {
    measures: [
      measure(`${blocks} empty blocks, ${WORKERS} processes`, rates, "blocks/s", blocks),
      measure(`${parts} parts of 4 MiB`, ours, "MiB/s", mib),
      measure("the same bytes bare", bare, "MiB/s", mib),
    ],
    figures: [
      figure("blocks a second", spreadOf(rates), "1/s", tls ? 30_000 : 40_000),
      figure("throughput over bare loopback", ratioSpread(ours, bare), "", 0.8),
    ],
  };
}

/** Seconds for the same bytes with nothing around them. */
async function runBare(parts: number, tls: boolean): Promise<number> {
  const runId = crypto.randomUUID();
  const certificate = tls ? await makeCertificate(runId) : undefined;
  const listener = certificate
    ? Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: certificate.pem, key: certificate.keyPem })
    : Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = formatChannelAddress({
    runId,
    hosts: ["127.0.0.1"],
    port: (listener.addr as Deno.NetAddr).port,
    certificate: certificate?.der,
    codeHash: undefined,
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.url, address, String(parts)],
    stdin: "null",
  }).spawn();
  const connection = await listener.accept();
  const buffer = new Uint8Array(PART_BYTES);
  let left = parts * PART_BYTES;
  // The first byte stands for the ready workers of the other side.
  left -= (await connection.read(buffer.subarray(0, 1)))!;
  const startMs = performance.now();
  while (left > 0) left -= (await connection.read(buffer))!;
  const seconds = (performance.now() - startMs) / 1000;
  connection.close();
  listener.close();
  await child.status;
  return seconds;
}

async function runBareSender(address: string, parts: number): Promise<void> {
  const { port, certificate, runId } = parseChannelAddress(address);
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  tcp.setNoDelay(true);
  const stream = certificate ? await startPinnedTls(tcp, await pinCertificate(certificate, runId)) : tcp;
  const buffer = new Uint8Array(PART_BYTES);
  for (let sent = 0; sent < parts; sent++) {
    for (let at = 0; at < buffer.byteLength;) at += await stream.write(buffer.subarray(at));
  }
  await stream.read(buffer).catch(() => null);
}

if (import.meta.main) {
  const [address, parts] = Deno.args;
  await runBareSender(address!, Number(parts));
}
