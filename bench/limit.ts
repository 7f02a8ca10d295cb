/**
 * How near the NDVI job comes to its limit: the wall time of the whole process over the time of its three parts alone
 * (inflate, user function, deflate; one thread, the same tiles, nothing else) divided by the cores.
 *
 * For information also over the parts with this project's own deflate, which is quicker than zlib; and over what two
 * processes at once need for half of the tiles each: cores that share caches, memory or an arithmetic unit are not worth two
 * of one.
 *
 * @module
 */
import { join } from "@std/path";
import { type BenchContext, type Benchmark, type BenchmarkReport, judge, ratioFigure } from "./benchmark.ts";
import { interleave, measureOf, measureProcess, type ProcessRun, timedInside } from "./measure_process.ts";
import { applyCommand, denoRun } from "./our_commands.ts";
import { ratioSpread, spreadOf } from "./spread.ts";
import { pathOf } from "./tools.ts";

const SIDE_PIXELS = 8192;
const QUICK_SIDE_PIXELS = 4096;
const CORES = 2;
const LEVEL = 6;
const JOB = "ours, whole process";
const ALONE = "parts alone, one thread";
const OWN = "the same with our deflate";
const TOGETHER = `the same, ${CORES} processes at once`;

/** See the module. */
export const limitBenchmark: Benchmark = {
  name: "limit",
  about: "wall time of the NDVI job over (inflate + user function + deflate alone) / cores",
  run: runLimit,
};

async function runLimit(context: BenchContext): Promise<BenchmarkReport> {
  const scene = await context.scenes.square(context.isQuick ? QUICK_SIDE_PIXELS : SIDE_PIXELS);
  const parts = (part: number, parts: number, ...codec: string[]) =>
    denoRun("./limit_parts.ts", [scene, String(LEVEL), String(part), String(parts), ...codec]);
  const job = applyCommand({
    userFunction: "./ndvi_function.ts",
    input: scene,
    output: join(context.folder, "limit.tif"),
    workers: CORES,
    creationOptions: [`ZLEVEL=${LEVEL}`],
  });
  const halves = Array.from(
    { length: CORES },
    (_, part) => timedInside(context, "", parts(part, CORES, "own")),
  );
  const runs = await interleave([
    { label: JOB, run: () => measureProcess(job, { gnuTime: pathOf(context.tools.gnuTime) }) },
    timedInside(context, ALONE, parts(0, 1)),
    timedInside(context, OWN, parts(0, 1, "own")),
    { label: TOGETHER, run: async () => slowestOf(await Promise.all(halves.map(({ run }) => run()))) },
  ], context);
  const wall = (label: string) => runs.get(label)!.map(({ wallSeconds }) => wallSeconds);
  const overParts = (label: string) =>
    ratioFigure(
      `wall time over (${label}) / ${CORES}`,
      ratioSpread(wall(JOB), wall(label).map((seconds) => seconds / CORES)),
    );
  const overTogether = ratioFigure(
    `wall time over ${CORES} processes of half the parts each`,
    ratioSpread(wall(JOB), wall(TOGETHER)),
  );
  return {
    measures: [JOB, ALONE, OWN, TOGETHER].map((label) =>
      measureOf(
        label,
        runs.get(label)!,
        label === ALONE || label === OWN ? sharesOf(runs.get(label)!) : undefined,
      )
    ),
    figures: [
      judge({ ...overParts(ALONE), limit: { atMost: 1.15 } }, context),
      judge(overParts(OWN), context),
      judge(overTogether, context),
    ],
    notes: [
      `DEFLATE level ${LEVEL}; the wall time of parts is without the start of their process, the job's is with it`,
      `scene: ${context.scenes.origin}`,
    ],
    skipped: [],
  };
}

function slowestOf(runs: readonly ProcessRun[]): ProcessRun {
  const slowest = runs.reduce((a, b) => b.wallSeconds > a.wallSeconds ? b : a);
  const cpu = runs.map(({ cpuSeconds }) => cpuSeconds);
  const sum = cpu.every((seconds) => seconds !== null) ? cpu.reduce((a, b) => a + b, 0) : null;
  return { ...slowest, cpuSeconds: sum };
}

/** What each part takes, as `deflate 85%, ...`. */
function sharesOf(runs: readonly ProcessRun[]): string {
  const parsed = runs.map(({ stdout }) => JSON.parse(stdout) as Record<string, number>);
  const share = (part: string) => spreadOf(parsed.map((run) => run[part]! / run["seconds"]!)).median;
  return [["deflate", "deflate"], ["user function", "userFunction"], ["inflate", "inflate"]]
    .map(([name, part]) => `${name} ${(100 * share(part!)).toFixed(0)}%`).join(", ");
}
