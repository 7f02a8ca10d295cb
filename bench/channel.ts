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
import { ratioSpread, spreadOf } from "./spread.ts";

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
  const blocks = context.isQuick ? 20_000 : 200_000;
  const parts = context.isQuick ? 100 : 500;
  const measures: Measure[] = [];
  const figures = [];
  for (const tls of [false, true]) {
    const way = tls ? "TLS" : "plain";
    const rounds: Round[] = [];
    for (let round = 0; round < context.rounds; round++) {
      context.say(`${way}, round ${round + 1} of ${context.rounds}`);
      const tiny = await runThroughChannel({ processor: EMPTY, blocks, processes: WORKERS, tls });
      const bulk = await runThroughChannel({ processor: BULK, blocks: parts, processes: 1, tls });
      const bare = await runBare(parts, tls);
      const mib = parts * PART_BYTES / 2 ** 20;
      rounds.push({
        blocksASecond: blocks / tiny,
        channelMiBASecond: mib / bulk,
        bareMiBASecond: mib / bare,
      });
    }
    const rates = spreadOf(rounds.map(({ blocksASecond }) => blocksASecond));
    const ours = rounds.map(({ channelMiBASecond }) => channelMiBASecond);
    const bare = rounds.map(({ bareMiBASecond }) => bareMiBASecond);
    const ratio = ratioSpread(ours, bare);
    const seconds = (rates: readonly number[], amount: number) =>
      spreadOf(rates.map((rate) => amount / rate));
    const mib = parts * PART_BYTES / 2 ** 20;
    const measure = (label: string, wallSeconds: Measure["wallSeconds"], detail: string): Measure => ({
      label: `${label}, ${way}`,
      wallSeconds,
      cpuSeconds: null,
      peakMiB: null,
      detail,
    });
    measures.push(
      measure(
        `${blocks} empty blocks, ${WORKERS} processes`,
        seconds(rounds.map(({ blocksASecond }) => blocksASecond), blocks),
        `${rates.median.toFixed(0)} blocks/s`,
      ),
      measure(`${parts} parts of 4 MiB`, seconds(ours, mib), `${spreadOf(ours).median.toFixed(0)} MiB/s`),
      measure("the same bytes bare", seconds(bare, mib), `${spreadOf(bare).median.toFixed(0)} MiB/s`),
    );
    figures.push(
      judge({
        what: `blocks a second, ${way}`,
        value: rates.median,
        range: [rates.min, rates.max],
        unit: "1/s",
        limit: { atLeast: tls ? 30_000 : 40_000 },
      }, context),
      judge({
        what: `throughput over bare loopback, ${way}`,
        value: ratio.median,
        range: [ratio.min, ratio.max],
        unit: "",
        limit: { atLeast: 0.8 },
      }, context),
    );
  }
  const notes = [
    `Manager and workers share this machine's ${navigator.hardwareConcurrency} cores.`,
    "A rate counts from when all workers are ready to the last block.",
  ];
  return { measures, figures, notes, skipped: [] };
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
