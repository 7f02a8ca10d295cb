/**
 * What a block costs besides its work: 4,096 blocks of 16 x 16 pixels of NDVI against RIOS, and blocks without any work
 * through mapBlocks. For information; there is no limit for them yet.
 *
 * Time runs inside the processes: from the call of apply() or mapBlocks() to its end, the start of threads included.
 *
 * @module
 */
import { join } from "@std/path";
import { type BenchContext, type Benchmark, type BenchmarkReport, judge, ratioFigure } from "./benchmark.ts";
import { type Contestant, interleave, measureOf, measureProcess, timedInside } from "./measure_process.ts";
import { applyCommand, denoRun, projectPath } from "./our_commands.ts";
import { ratioSpread } from "./spread.ts";
import { pathOf } from "./tools.ts";

const SIDE_PIXELS = 1024;
const WINDOW_PIXELS = 16;
const APPLY_BLOCKS = (SIDE_PIXELS / WINDOW_PIXELS) ** 2;
const EMPTY_BLOCKS = 100_000;
const QUICK_EMPTY_BLOCKS = 20_000;
const WORKERS = 2;
const TILES = [
  "TILED=YES",
  "COMPRESS=DEFLATE",
  "ZLEVEL=6",
  `BLOCKXSIZE=${WINDOW_PIXELS}`,
  `BLOCKYSIZE=${WINDOW_PIXELS}`,
];
const OURS = `ours, CW_THREADS ${WORKERS}, NDVI`;

/** See the module. */
export const tinyBenchmark: Benchmark = {
  name: "tiny",
  about: "blocks a second: 4,096 of 16 x 16 pixels against RIOS, and empty ones",
  run: runTiny,
};

async function runTiny(context: BenchContext): Promise<BenchmarkReport> {
  const scene = await context.scenes.square(SIDE_PIXELS);
  const { rios } = context.tools;
  const rivals = "missing" in rios ? [] : riosSides(context, { scene, home: rios.path });
  const emptyBlocks = context.isQuick ? QUICK_EMPTY_BLOCKS : EMPTY_BLOCKS;
  const empty = timedInside(
    context,
    `ours, CW_THREADS ${WORKERS}, mapBlocks, empty function`,
    denoRun("./empty_blocks.ts", [String(emptyBlocks), String(WORKERS)]),
  );
  const contestants = [ourSide(context, scene), ...rivals, empty];
  const runs = await interleave(contestants, context);
  const seconds = (label: string) => runs.get(label)!.map(({ wallSeconds }) => wallSeconds);
  const measures = contestants.map(({ label }) => {
    const measure = measureOf(label, runs.get(label)!);
    const blocks = label === empty.label ? emptyBlocks : APPLY_BLOCKS;
    return { ...measure, detail: `${Math.round(blocks / measure.wallSeconds.median)} blocks/s` };
  });
  return {
    measures,
    figures: rivals.map(({ label }) =>
      judge(
        ratioFigure(`blocks a second, ours / ${label}`, ratioSpread(seconds(label), seconds(OURS))),
        context,
      )
    ),
    notes: ["wall time is that of the call; CPU time and memory are the whole process's"],
    skipped: "missing" in rios ? [`RIOS: ${rios.missing}`] : [],
  };
}

function ourSide({ folder, tools }: BenchContext, scene: string): Contestant {
  const argv = applyCommand({
    userFunction: "./ndvi_function.ts",
    input: scene,
    output: join(folder, "tiny.tif"),
    workers: WORKERS,
    creationOptions: TILES,
    windowPixels: WINDOW_PIXELS,
  });
  const run = async () => {
    const run = await measureProcess(argv, { gnuTime: pathOf(tools.gnuTime) });
    return { ...run, wallSeconds: (JSON.parse(run.stdout) as { wallSeconds: number }).wallSeconds };
  };
  return { label: OURS, run };
}

function riosSides(context: BenchContext, { scene, home }: { scene: string; home: string }): Contestant[] {
  return ["CW_NONE", "CW_THREADS"].map((kind) => {
    const workers = kind === "CW_NONE" ? 0 : WORKERS;
    const label = `RIOS ${kind}${workers > 0 ? ` ${workers}` : ""}, NDVI`;
    const argv = [
      pathOf(context.tools.gdalPython)!,
      projectPath("./rios_ndvi.py"),
      ...["--kind", kind, "--workers", String(workers), "--window", String(WINDOW_PIXELS)],
      ...TILES.flatMap((option) => ["--co", option]),
      ...[scene, join(context.folder, "rios_tiny.tif")],
    ];
    return timedInside(context, label, argv, { RIOS_HOME: home });
  });
}
