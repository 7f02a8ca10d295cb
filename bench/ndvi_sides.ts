/**
 * Who takes part in the NDVI benchmarks: this project and RIOS, each with a file that it writes, and how two are compared.
 *
 * @module
 */
import { join } from "@std/path";
import { type BenchContext, type Figure, judge, ratioFigure } from "./benchmark.ts";
import { type Contestant, measureOf, measureProcess, type ProcessRun } from "./measure_process.ts";
import { type ApplyCommand, applyCommand, projectPath } from "./our_commands.ts";
import { ratioSpread } from "./spread.ts";
import { pathOf } from "./tools.ts";

/** The side of the scene, pixels. */
export const SIDE_PIXELS = 8192;
/** The same with `--quick`. */
export const QUICK_SIDE_PIXELS = 4096;
/** Compute workers. */
export const WORKERS = 2;
/** Creation options by which our output is laid out as RIOS's. */
export const TILES: readonly string[] = [
  ...["TILED=YES", "COMPRESS=DEFLATE", "BLOCKXSIZE=256", "BLOCKYSIZE=256", "BIGTIFF=IF_SAFER"],
];

/** A contestant and the file it writes. */
export interface Side extends Contestant {
  /** The file. */
  readonly output: string;
}

/** `blockfleet apply`. */
export function ourSide(
  { folder, tools }: BenchContext,
  { label, ...command }:
    & { readonly label: string }
    & Omit<ApplyCommand, "userFunction" | "output" | "workers">,
): Side {
  const output = join(folder, `${label.replaceAll(/\W+/g, "_")}.tif`);
  const argv = applyCommand({ userFunction: "./ndvi_function.ts", output, workers: WORKERS, ...command });
  return { label, output, run: () => fromScratch(output, argv, { gnuTime: pathOf(tools.gnuTime) }) };
}

/** RIOS with the same function, tiles and window; `tuned` is with GDAL's NUM_THREADS=2. */
export function riosSide(
  { folder, tools }: BenchContext,
  { kind, scene, tuned = false, path }: { kind: string; scene: string; tuned?: boolean; path?: string },
): Side {
  const options = [...TILES, ...tuned ? ["NUM_THREADS=2"] : []].flatMap((option) => ["--co", option]);
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
  const env = { RIOS_HOME: pathOf(tools.rios)!, ...path !== undefined && { PATH: path } };
  return { label, output, run: () => fromScratch(output, argv, { gnuTime: pathOf(tools.gnuTime), env }) };
}

/** What sides have given, and what is asked of it. */
export interface Found {
  /** All runs, by label. */
  readonly runs: ReadonlyMap<string, readonly ProcessRun[]>;
  /** What was run. */
  readonly context: BenchContext;
  /** The most that our time may be of the rival's. */
  readonly limit: number;
  /** How much larger our file may be. */
  readonly sizeWithin: number;
}

/** Our time and size over those of the quickest of the rivals. */
export function comparison({ label, output }: Side, rivals: readonly Side[], found: Found): Figure[] {
  const { runs, context } = found;
  const walls = (label: string) => runs.get(label)!.map(({ wallSeconds }) => wallSeconds);
  const median = (label: string) => measureOf(label, runs.get(label)!).wallSeconds.median;
  const best = rivals.reduce((a, b) => median(b.label) < median(a.label) ? b : a);
  const bytes = (path: string) => Deno.statSync(path).size;
  const time = ratioFigure(
    `wall time, ${label} / ${best.label}`,
    ratioSpread(walls(label), walls(best.label)),
  );
  const size = {
    what: `size, ${label} / ${best.label}`,
    value: bytes(output) / bytes(best.output),
    unit: "",
  };
  return [
    judge({ ...time, limit: { atMost: found.limit } }, context),
    judge({ ...size, limit: { atMost: 1 + found.sizeWithin } }, context),
  ];
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
