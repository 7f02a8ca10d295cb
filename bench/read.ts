/**
 * Reading every 256 x 256 block of two bands of bytes in one thread.
 *
 * Measured against GDAL's ReadAsArray through Python, from opening the file to the last block, without the start of the
 * process. DEFLATE has a bar; LZW and ZSTD are for information. The files are in the page cache on both sides.
 *
 * @module
 */
import { type BenchContext, type Benchmark, type BenchmarkReport, judge, ratioFigure } from "./benchmark.ts";
import { interleave, measureOf, timedInside } from "./measure_process.ts";
import { denoRun, projectPath } from "./our_commands.ts";
import { ratioSpread } from "./spread.ts";

const SIDE_PIXELS = 8192;
const QUICK_SIDE_PIXELS = 4096;
const WINDOW_PIXELS = 256;

/** See the module. */
export const readBenchmark: Benchmark = {
  name: "read",
  about: "reading tiles in one thread, against GDAL through Python",
  run: runRead,
};

async function runRead(context: BenchContext): Promise<BenchmarkReport> {
  const side = context.isQuick ? QUICK_SIDE_PIXELS : SIDE_PIXELS;
  const scene = await context.scenes.square(side);
  const { gdalPython, gdalTranslate } = context.tools;
  const skipped: string[] = [];
  if ("missing" in gdalPython) skipped.push(`GDAL through Python: ${gdalPython.missing}`);
  const files = new Map([["DEFLATE", scene]]);
  for (const compress of ["LZW", "ZSTD"]) {
    if ("missing" in gdalTranslate) skipped.push(`${compress}: ${gdalTranslate.missing}`);
    else files.set(compress, await context.scenes.recompressed(scene, compress));
  }
  const contestants = [...files].flatMap(([compress, path]) => {
    const args = [path, String(WINDOW_PIXELS)];
    const ours = timedInside(context, `ours, ${compress}`, denoRun("./read_blocks.ts", args));
    if ("missing" in gdalPython) return [ours];
    const argv = [gdalPython.path, projectPath("./gdal_read.py"), ...args];
    return [ours, timedInside(context, `GDAL, ${compress}`, argv)];
  });
  const runs = await interleave(contestants, context);
  const seconds = (label: string) => runs.get(label)!.map(({ wallSeconds }) => wallSeconds);
  const measures = contestants.map(({ label }) => {
    const measure = measureOf(label, runs.get(label)!);
    return { ...measure, detail: `${(side * side / 1e6 / measure.wallSeconds.median).toFixed(0)} Mpx/s` };
  });
  const figures = "missing" in gdalPython ? [] : [...files.keys()].map((compress) => {
    const ratio = ratioSpread(seconds(`GDAL, ${compress}`), seconds(`ours, ${compress}`));
    const figure = ratioFigure(`rate, ours / GDAL, ${compress}`, ratio);
    return judge(compress === "DEFLATE" ? { ...figure, limit: { atLeast: 1 } } : figure, context);
  });
  const notes = [
    "wall time is that of the reading, from opening the file on; CPU time and memory are the whole process's",
    `scene: ${context.scenes.origin}`,
  ];
  return { measures, figures, notes, skipped };
}
