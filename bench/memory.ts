/**
 * The memory of a job on a scene of 30,000 x 30,000 pixels: NDVI, two bands of bytes in (1.8 GB of pixels), one of
 * float32 out (3.6 GB), two threads. The whole process counts, threads included.
 *
 * Measured against 300 MiB and four blocks a worker. The same job on a scene of a sixteenth of the pixels stands beside
 * it, since memory must not grow with the raster; and once more with an overlap, since neighbouring blocks then share
 * tiles that are kept. The files take some 2 GB of disk while it runs.
 *
 * @module
 */
import { join } from "@std/path";
import { type BenchContext, type Benchmark, type BenchmarkReport, judge } from "./benchmark.ts";
import { type Contestant, interleave, measureOf, measureProcess } from "./measure_process.ts";
import { applyCommand } from "./our_commands.ts";
import { pathOf } from "./tools.ts";

const SIDE_PIXELS = 30_000;
const QUICK_SIDE_PIXELS = 8192;
const WORKERS = 2;
const WINDOW_PIXELS = 256;
const OVERLAP_PIXELS = 2;
const BYTES_A_PIXEL = 2 + 4;
const MIB = 2 ** 20;

/** See the module. */
export const memoryBenchmark: Benchmark = {
  name: "memory",
  about: "peak memory of the NDVI job on 30,000 x 30,000 pixels, against 300 MiB + 4 blocks a worker",
  run: runMemory,
};

async function runMemory(context: BenchContext): Promise<BenchmarkReport> {
  const { gnuTime } = context.tools;
  if ("missing" in gnuTime) {
    return { measures: [], figures: [], notes: [], skipped: [`peak memory: ${gnuTime.missing}`] };
  }
  const largePixels = context.isQuick ? QUICK_SIDE_PIXELS : SIDE_PIXELS;
  const smallPixels = largePixels / 4;
  context.say(`making scenes of up to ${largePixels} x ${largePixels} pixels`);
  const large = await contestant(context, { sidePixels: largePixels, overlapPixels: 0 });
  const small = await contestant(context, { sidePixels: smallPixels, overlapPixels: 0 });
  const overlap = await contestant(context, { sidePixels: smallPixels, overlapPixels: OVERLAP_PIXELS });
  const contestants = [large, small, overlap];
  const runs = await interleave(contestants, { ...context, rounds: 1 });
  const peak = ({ label }: Contestant) => runs.get(label)![0]!.peakMiB!;
  const limit = { atMost: Math.floor(300 + 4 * WORKERS * WINDOW_PIXELS ** 2 * BYTES_A_PIXEL / MIB) };
  return {
    measures: contestants.map(({ label }) => measureOf(label, runs.get(label)!)),
    figures: [
      judge({ what: "peak memory", value: peak(large), unit: "MiB", limit }, context),
      judge({ what: "peak memory with overlap", value: peak(overlap), unit: "MiB", limit }, context),
      judge(
        {
          what: "peak memory over that of a sixteenth of the scene",
          value: peak(large) / peak(small),
          unit: "",
        },
        context,
      ),
    ],
    notes: ["scene: soft waves with two bits of noise, cheap to make; our defaults, blocks of 256 x 256"],
    skipped: [],
  };
}

async function contestant(
  { scenes, folder, tools }: BenchContext,
  { sidePixels, overlapPixels }: { sidePixels: number; overlapPixels: number },
): Promise<Contestant> {
  const argv = applyCommand({
    userFunction: "./ndvi_function.ts",
    input: await scenes.cheap(sidePixels),
    output: join(folder, "memory.tif"),
    workers: WORKERS,
    windowPixels: WINDOW_PIXELS,
    overlapPixels,
  });
  return {
    label: `ours, ${sidePixels} x ${sidePixels}${overlapPixels > 0 ? `, overlap ${overlapPixels}` : ""}`,
    run: () => measureProcess(argv, { gnuTime: pathOf(tools.gnuTime) }),
  };
}
