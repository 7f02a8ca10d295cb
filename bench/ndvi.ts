/**
 * NDVI of 8192 x 8192 pixels, two bands of bytes in, one of float32 out, tiled 256, DEFLATE, two threads.
 *
 * Measured against RIOS, whole processes, with the same user function, tiles and window: its CW_NONE and CW_THREADS with
 * 2 workers at the same level; and both with GDAL's NUM_THREADS=2 against our defaults. RIOS makes no overviews,
 * statistics or histogram here, since we make none yet.
 *
 * @module
 */
import { join } from "@std/path";
import {
  type BenchContext,
  type Benchmark,
  type BenchmarkReport,
  type Figure,
  judge,
  type Measure,
  ratioFigure,
} from "./benchmark.ts";
import {
  type Contestant,
  interleave,
  measureOf,
  measureProcess,
  type ProcessRun,
} from "./measure_process.ts";
import { applyCommand, projectPath } from "./our_commands.ts";
import { differingBytes } from "./same_pixels.ts";
import { ratioSpread } from "./spread.ts";
import { pathOf } from "./tools.ts";

const SIDE_PIXELS = 8192;
const QUICK_SIDE_PIXELS = 4096;
const WORKERS = 2;
const TILES = ["TILED=YES", "COMPRESS=DEFLATE", "BLOCKXSIZE=256", "BLOCKYSIZE=256", "BIGTIFF=IF_SAFER"];
const LEVEL_6 = "ours, level 6";
const DEFAULTS = "ours, defaults";

/** See the module. */
export const ndviBenchmark: Benchmark = {
  name: "ndvi",
  about: "the main job, whole processes, against RIOS's best kind, plain and tuned",
  run: runNdvi,
};

/** A contestant and the file it writes. */
interface Side extends Contestant {
  readonly output: string;
}

async function runNdvi(context: BenchContext): Promise<BenchmarkReport> {
  const scene = await context.scenes.square(context.isQuick ? QUICK_SIDE_PIXELS : SIDE_PIXELS);
  const ours = [
    ourSide(context, { label: LEVEL_6, scene, creationOptions: [...TILES, "ZLEVEL=6"] }),
    ourSide(context, { label: DEFAULTS, scene, creationOptions: [] }),
  ];
  const { rios } = context.tools;
  const plain = "missing" in rios ? [] : riosSides(context, { scene, tuned: false });
  const tuned = "missing" in rios ? [] : riosSides(context, { scene, tuned: true });
  const sides = [...ours, ...plain, ...tuned];
  const runs = await interleave(sides, context);
  const sizes = new Map(sides.map(({ label, output }) => [label, Deno.statSync(output).size]));
  const measures = sides.map(({ label }): Measure =>
    measureOf(label, runs.get(label)!, `${(sizes.get(label)! / 1e6).toFixed(2)} MB`)
  );
  const notes = [`scene: ${context.scenes.origin}; our times include the fsync of the output`];
  if ("missing" in rios) return { measures, figures: [], notes, skipped: [`RIOS: ${rios.missing}`] };

  const found = { runs, sizes, context };
  const differing = await differingBytes(ours[0]!.output, plain[0]!.output);
  const figures = [
    ...comparison(LEVEL_6, plain, { ...found, limit: 0.42, sizeWithin: 0.02 }),
    judge(
      { what: "bytes of pixels that differ from RIOS's", value: differing, unit: "", limit: { atMost: 0 } },
      { isQuick: false },
    ),
    ...comparison(DEFAULTS, tuned, { ...found, limit: 0.46, sizeWithin: 0.05 }),
  ];
  return { measures, figures, notes, skipped: [] };
}

interface Found {
  readonly runs: ReadonlyMap<string, readonly ProcessRun[]>;
  readonly sizes: ReadonlyMap<string, number>;
  readonly context: BenchContext;
  readonly limit: number;
  readonly sizeWithin: number;
}

/** Our time and size over those of the quickest of the rivals. */
function comparison(label: string, rivals: readonly Side[], found: Found): Figure[] {
  const { runs, sizes, context } = found;
  const walls = (label: string) => runs.get(label)!.map(({ wallSeconds }) => wallSeconds);
  const median = (label: string) => measureOf(label, runs.get(label)!).wallSeconds.median;
  const best = rivals.reduce((a, b) => median(b.label) < median(a.label) ? b : a).label;
  const time = ratioFigure(`wall time, ${label} / ${best}`, ratioSpread(walls(label), walls(best)));
  const size = { what: `size, ${label} / ${best}`, value: sizes.get(label)! / sizes.get(best)!, unit: "" };
  return [
    judge({ ...time, limit: { atMost: found.limit } }, context),
    judge({ ...size, limit: { atMost: 1 + found.sizeWithin } }, context),
  ];
}

function ourSide(
  { folder, tools }: BenchContext,
  { label, scene, creationOptions }: { label: string; scene: string; creationOptions: readonly string[] },
): Side {
  const output = join(folder, `${label.replaceAll(/\W+/g, "_")}.tif`);
  const argv = applyCommand({
    userFunction: "./ndvi_function.ts",
    input: scene,
    output,
    workers: WORKERS,
    creationOptions,
  });
  return { label, output, run: () => fromScratch(output, argv, { gnuTime: pathOf(tools.gnuTime) }) };
}

function riosSides(
  { folder, tools }: BenchContext,
  { scene, tuned }: { scene: string; tuned: boolean },
): Side[] {
  const options = [...TILES, ...tuned ? ["NUM_THREADS=2"] : []].flatMap((option) => ["--co", option]);
  return ["CW_NONE", "CW_THREADS"].map((kind) => {
    const workers = kind === "CW_NONE" ? 0 : WORKERS;
    const label = `RIOS ${kind}${workers > 0 ? ` ${workers}` : ""}${tuned ? ", NUM_THREADS=2" : ""}`;
    const output = join(folder, `rios_${kind}_${tuned}.tif`);
    const argv = [
      pathOf(tools.gdalPython)!,
      projectPath("./rios_ndvi.py"),
      ...["--kind", kind, "--workers", String(workers)],
      ...options,
      ...[scene, output],
    ];
    const env = { RIOS_HOME: pathOf(tools.rios)! };
    return { label, output, run: () => fromScratch(output, argv, { gnuTime: pathOf(tools.gnuTime), env }) };
  });
}

/** Runs a command that writes `output`, which is removed before: replacing a file is not part of the job. */
async function fromScratch(
  output: string,
  argv: readonly string[],
  options: Parameters<typeof measureProcess>[1],
): Promise<ProcessRun> {
  await removeIfThere(output);
  return await measureProcess(argv, options);
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
