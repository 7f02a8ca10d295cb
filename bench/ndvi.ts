/**
 * NDVI of 8192 x 8192 pixels, two bands of bytes in, one of float32 out, tiled 256, DEFLATE, two threads.
 *
 * Measured against RIOS, whole processes, with the same user function, tiles and window: its CW_NONE and CW_THREADS with
 * 2 workers at the same level; and both with GDAL's NUM_THREADS=2 against our defaults. RIOS makes no overviews,
 * statistics or histogram here, since we make none yet.
 *
 * @module
 */
import { type BenchContext, type Benchmark, type BenchmarkReport, judge, type Measure } from "./benchmark.ts";
import { interleave, measureOf } from "./measure_process.ts";
import { comparison, ourSide, QUICK_SIDE_PIXELS, riosSide, SIDE_PIXELS, TILES } from "./ndvi_sides.ts";
import { differingBytes } from "./same_pixels.ts";

/** See the module. */
export const ndviBenchmark: Benchmark = {
  name: "ndvi",
  about: "the main job, whole processes, against RIOS's best kind, plain and tuned",
  run: runNdvi,
};

async function runNdvi(context: BenchContext): Promise<BenchmarkReport> {
  const scene = await context.scenes.square(context.isQuick ? QUICK_SIDE_PIXELS : SIDE_PIXELS);
  const level6 = ourSide(context, {
    ...{ label: "ours, level 6", input: scene, creationOptions: [...TILES, "ZLEVEL=6"] },
  });
  const defaults = ourSide(context, { label: "ours, defaults", input: scene });
  const { rios } = context.tools;
  const kinds = "missing" in rios ? [] : ["CW_NONE", "CW_THREADS"];
  const plain = kinds.map((kind) => riosSide(context, { kind, scene }));
  const tuned = kinds.map((kind) => riosSide(context, { kind, scene, tuned: true }));
  const sides = [level6, defaults, ...plain, ...tuned];
  const runs = await interleave(sides, context);
  const measures = sides.map(({ label, output }): Measure =>
    measureOf(label, runs.get(label)!, `${(Deno.statSync(output).size / 1e6).toFixed(2)} MB`)
  );
  const notes = [`scene: ${context.scenes.origin}; our times include the fsync of the output`];
  if ("missing" in rios) return { measures, figures: [], notes, skipped: [`RIOS: ${rios.missing}`] };

  const differing = await differingBytes(level6.output, plain[0]!.output);
  const figures = [
    ...comparison(level6, plain, { runs, context, limit: 0.42, sizeWithin: 0.02 }),
    judge(
      { what: "bytes of pixels that differ from RIOS's", value: differing, unit: "", limit: { atMost: 0 } },
      { isQuick: false },
    ),
    ...comparison(defaults, tuned, { runs, context, limit: 0.46, sizeWithin: 0.05 }),
  ];
  return { measures, figures, notes, skipped: [] };
}
