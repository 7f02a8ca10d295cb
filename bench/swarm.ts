/**
 * 1,000 connected workers and 1,000,000 blocks: the manager's memory and its time per block, from the first tenth of the run
 * to the last. See `swarm_run.ts` for what is simulated.
 *
 * @module
 */
import {
  type BenchContext,
  type Benchmark,
  type BenchmarkReport,
  judge,
  type Unjudged,
} from "./benchmark.ts";
import { measureProcess } from "./measure_process.ts";
import { denoRun } from "./our_commands.ts";
import { spreadOf } from "./spread.ts";
import { pathOf } from "./tools.ts";

const PROCESSES = 4;
const MOST_MIB = 400;
/** How much slower than the first half the second one may be and still be called the same, on a machine with neighbours. */
const FLAT = 1.2;

/** See the module. */
export const swarmBenchmark: Benchmark = {
  name: "swarm",
  about: "1,000 workers and 1,000,000 blocks: the manager's memory and time per block",
  run: runSwarm,
};

/** What `swarm_run.ts` prints. */
interface SwarmRun {
  readonly seconds: number;
  readonly connectSeconds: number;
  readonly tenths: readonly number[];
  readonly peakMiB: number;
}

async function runSwarm(context: BenchContext): Promise<BenchmarkReport> {
  const [workers, blocks] = context.isQuick ? [100, 100_000] : [1000, 1_000_000];
  const rounds: SwarmRun[] = [];
  for (let round = 1; round <= Math.min(context.rounds, 3); round++) {
    context.say(`round ${round}: ${workers} workers, ${blocks} blocks`);
    const argv = denoRun("./swarm_run.ts", [workers, PROCESSES, blocks].map(String));
    const { stdout } = await measureProcess(argv, { gnuTime: pathOf(context.tools.gnuTime) });
    rounds.push(JSON.parse(stdout) as SwarmRun);
  }
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const halves = rounds.map(({ tenths }) => sum(tenths.slice(5)) / sum(tenths.slice(0, 5)));
  const figure = (what: string, values: readonly number[], unit: string): Unjudged => {
    const { median, min, max } = spreadOf(values);
    return { what, value: median, range: [min, max], unit };
  };
  const typical = rounds.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(rounds.length / 2)]!;
  const microseconds = typical.tenths.map((seconds) => (1e7 * seconds / blocks).toFixed(1)).join(" ");
  return {
    measures: [{
      label: `${workers} workers, ${blocks} blocks`,
      wallSeconds: spreadOf(rounds.map(({ seconds }) => seconds)),
      cpuSeconds: null,
      peakMiB: Math.max(...rounds.map(({ peakMiB }) => peakMiB)),
      detail: `µs a block by tenths: ${microseconds}; connected in ${typical.connectSeconds.toFixed(1)} s`,
    }],
    figures: [
      judge(
        {
          ...figure("peak memory of the manager", rounds.map(({ peakMiB }) => peakMiB), "MiB"),
          limit: { atMost: MOST_MIB },
        },
        context,
      ),
      judge({ ...figure("second half over first half", halves, ""), limit: { atMost: FLAT } }, context),
    ],
    notes: [
      `the workers are ${PROCESSES} processes, on the same cores as the manager; each has a connection of its own`,
    ],
    skipped: [],
  };
}
