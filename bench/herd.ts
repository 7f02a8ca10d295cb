/**
 * 1,200 workers that connect at the same moment over a network with a round trip: how long until all are in. See `herd_run.ts`
 * for what is simulated. Each way of the handshake costs half a round trip: plain connections take two round trips from the
 * first packet to the session, TLS three, so that a figure can't be less than that.
 *
 * @module
 */
import {
  type BenchContext,
  type Benchmark,
  type BenchmarkReport,
  type Figure,
  judge,
  type Measure,
} from "./benchmark.ts";
import type { HerdRun } from "./herd_run.ts";
import { measureProcess } from "./measure_process.ts";
import { denoRun } from "./our_commands.ts";
import { spreadOf } from "./spread.ts";
import { pathOf } from "./tools.ts";

const WORKERS = 1200;
const QUICK_WORKERS = 200;
const PROCESSES = 4;
const MOST_ROUNDS = 3;
const WAYS = [
  { way: "plain", roundTripMs: 200 },
  { way: "tls", roundTripMs: 100 },
  { way: "tls", roundTripMs: 200 },
] as const;

/** See the module. */
export const herdBenchmark: Benchmark = {
  name: "herd",
  about: "1,200 workers that connect at once over a round trip: how long until all are in",
  run: runHerd,
};

async function runHerd(context: BenchContext): Promise<BenchmarkReport> {
  const workers = context.isQuick ? QUICK_WORKERS : WORKERS;
  const measures: Measure[] = [];
  const figures: Figure[] = [];
  for (const { way, roundTripMs } of WAYS) {
    const label = `${workers} workers, ${way === "tls" ? "TLS" : way}, round trip ${roundTripMs} ms`;
    const rounds: HerdRun[] = [];
    for (let round = 1; round <= Math.min(context.rounds, MOST_ROUNDS); round++) {
      context.say(`round ${round}: ${label}`);
      const argv = denoRun("./herd_run.ts", [workers, PROCESSES, roundTripMs, way].map(String));
      const { stdout } = await measureProcess(argv, { gnuTime: pathOf(context.tools.gnuTime) });
      rounds.push(JSON.parse(stdout) as HerdRun);
    }
    const missing = rounds.reduce((sum, { connected }) => sum + workers - connected, 0);
    measures.push({
      label,
      wallSeconds: spreadOf(rounds.map(({ seconds }) => seconds)),
      cpuSeconds: null,
      peakMiB: Math.max(...rounds.map(({ peakMiB }) => peakMiB)),
      detail: missing === 0
        ? "all are in"
        : `${missing} are missing: ${JSON.stringify(rounds.map(({ failures }) => failures))}`,
    });
    figures.push(
      judge({ what: `missing, ${label}`, value: missing, unit: "", limit: { atMost: 0 } }, context),
    );
  }
  return {
    measures,
    figures,
    notes: [
      `the workers are ${PROCESSES} processes, and they, the proxy and the manager share the same cores; memory is the manager's`,
      "time counts from the moment when all workers are told to begin",
    ],
    skipped: [],
  };
}
