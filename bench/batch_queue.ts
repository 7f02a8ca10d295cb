/**
 * 1,000 workers in a batch queue: how many commands of the scheduler it takes to submit, watch and end them. A login node's
 * users share one scheduler, and sites lock out those who ask it too much.
 *
 * The queue is the fake PBS of the tests, whose commands are real programs; its jobs are sessions over the data channel.
 *
 * @module
 */
import { FakePbs } from "../tests/fakes/pbs/fake_pbs.ts";
import { type BenchContext, type Benchmark, type BenchmarkReport, judge } from "./benchmark.ts";
import { measureProcess } from "./measure_process.ts";
import { denoRun, projectPath } from "./our_commands.ts";
import { spreadOf } from "./spread.ts";
import { pathOf } from "./tools.ts";

/** For submitting, and for ending whatever the number of workers. */
const MOST_TO_SUBMIT = 4;
const MOST_TO_END = 10;
/** Looks at the queue while all is well. */
const MOST_A_MINUTE = 30;

/** See the module. */
export const batchQueueBenchmark: Benchmark = {
  name: "queue",
  about: "1,000 workers in a batch queue: commands of the scheduler to submit, watch and end them",
  run: runQueue,
};

/** What `batch_queue_run.ts` prints, and the commands that it called. */
interface QueueRun {
  readonly connectSeconds: number;
  readonly seconds: number;
  readonly endSeconds: number;
  readonly done: number;
  readonly wallSeconds: number;
  readonly peakMiB: number | null;
  readonly counts: Readonly<Record<string, number>>;
}

async function runQueue(context: BenchContext): Promise<BenchmarkReport> {
  const [workers, blocks] = context.isQuick ? [200, 20_000] : [1000, 1_000_000];
  context.say(`${workers} workers, ${blocks} blocks`);
  const whole = await runOnce(context, [String(workers), String(blocks)], workers);
  context.say(`${workers} workers, given up once all are there`);
  const aborted = await runOnce(context, [String(workers), String(blocks), "abort"], workers);
  const submits = Math.max(whole.counts.qsub ?? 0, aborted.counts.qsub ?? 0);
  const looks = (whole.counts.qstat ?? 0) / Math.max(1, whole.wallSeconds / 60);
  const cancels = Math.max(whole.counts.qdel ?? 0, aborted.counts.qdel ?? 0);
  const measure = (label: string, run: QueueRun) => ({
    label,
    wallSeconds: spreadOf([run.wallSeconds]),
    cpuSeconds: null,
    peakMiB: run.peakMiB,
    detail: `${
      Object.entries(run.counts).map(([name, count]) => `${count} ${name}`).join(", ")
    }; all connected in ${run.connectSeconds.toFixed(1)} s, ${run.done} blocks in ${
      run.seconds.toFixed(1)
    } s, ended in ${run.endSeconds.toFixed(1)} s`,
  });
  const figure = (what: string, value: number, atMost: number) =>
    judge({ what, value, unit: "", limit: { atMost } }, context);
  return {
    measures: [
      measure(`${workers} workers to the end`, whole),
      measure(`${workers} workers, given up`, aborted),
    ],
    figures: [
      figure("commands that submit", submits, MOST_TO_SUBMIT),
      figure("commands that look, a minute", looks, MOST_A_MINUTE),
      figure("commands that cancel", cancels, MOST_TO_END),
    ],
    notes: [
      "the queue is the tests' fake PBS with a processor for each job; its jobs are sessions, not processes",
    ],
    skipped: [],
  };
}

async function runOnce(context: BenchContext, args: readonly string[], workers: number): Promise<QueueRun> {
  await using pbs = await FakePbs.start({ nodes: { pbs1: workers } }, projectPath("./batch_queue_server.ts"));
  const env = Object.entries({ ...pbs.env, HOME: context.folder, DENO_DIR: cacheFolder() });
  const argv = [
    "env",
    ...env.map(([name, value]) => `${name}=${value}`),
    ...denoRun("./batch_queue_run.ts", args),
  ];
  const { stdout, wallSeconds, peakMiB } = await measureProcess(argv, {
    gnuTime: pathOf(context.tools.gnuTime),
  });
  const counts: Record<string, number> = {};
  for (const [name] of await pbs.commands()) counts[name!] = (counts[name!] ?? 0) + 1;
  return { ...JSON.parse(stdout), wallSeconds, peakMiB, counts };
}

function cacheFolder(): string {
  const { DENO_DIR, XDG_CACHE_HOME, HOME } = Deno.env.toObject();
  return DENO_DIR ?? `${XDG_CACHE_HOME ?? `${HOME}/.cache`}/deno`;
}
