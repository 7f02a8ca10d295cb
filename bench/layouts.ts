/**
 * Reading every layout that GDAL writes, codec by type by strips or tiles by interleave, against GDAL itself.
 *
 * Both sides read whole rasters by windows of 256 x 256, each layout in a process of its own: the first reading there is
 * cold, with all that is loaded for it, the others are warm. It is CPU time that is compared, of all threads of a process.
 *
 * @module
 */
import { type BenchContext, type Benchmark, type BenchmarkReport, judge } from "./benchmark.ts";
import { measureProcess } from "./measure_process.ts";
import { denoRun, projectPath } from "./our_commands.ts";
import { ratioSpread, spreadOf } from "./spread.ts";
import { pathOf } from "./tools.ts";

const SIDE = 2048;
const QUICK_SIDE = 512;
/** Processes a layout and side; the readings in each are several. */
const MOST_ROUNDS = 3;
/** GDAL's CPU time over ours, of the median layout and of the slowest. */
const LIMITS = { median: 1, worst: 0.4 };

/** CPU seconds of the readings of one layout: the first, and the median of the others. */
interface Reading {
  readonly cold: number;
  readonly warm: number;
}

/** See the module. */
export const layoutsBenchmark: Benchmark = {
  name: "layouts",
  about: "CPU time to read each layout that GDAL writes, against GDAL's ReadAsArray",
  run: runLayouts,
};

async function runLayouts(context: BenchContext): Promise<BenchmarkReport> {
  const { tools, isQuick, folder, say } = context;
  const python = pathOf(tools.gdalPython);
  if (python === undefined || "missing" in tools.gdalPython) {
    const reason = "missing" in tools.gdalPython ? tools.gdalPython.missing : "needs GDAL";
    return { measures: [], figures: [], notes: [], skipped: [`layouts: ${reason}`] };
  }
  say("making the files");
  const side = isQuick ? QUICK_SIDE : SIDE;
  const made = [python, projectPath("./make_layouts.py"), folder, String(side), isQuick ? "quick" : "full"];
  const names = JSON.parse((await measureProcess(made, { gnuTime: undefined })).stdout) as string[];
  const ratios = new Map<string, Reading>();
  const rounds = Math.min(context.rounds, MOST_ROUNDS);
  for (const [index, name] of names.entries()) {
    const ours: Reading[] = [];
    const theirs: Reading[] = [];
    const path = `${folder}/layouts/${name}.tif`;
    for (let round = 1; round <= rounds; round++) {
      say(`${index + 1} of ${names.length}: ${name}`);
      ours.push(await reading(denoRun("./read_layout.ts", [path])));
      theirs.push(await reading([python, projectPath("./gdal_layout.py"), path]));
    }
    const ratio = (kind: keyof Reading) =>
      ratioSpread(theirs.map((one) => one[kind]), ours.map((one) => one[kind])).median;
    ratios.set(name, { cold: ratio("cold"), warm: ratio("warm") });
  }
  return report(ratios, context);
}

async function reading(argv: readonly string[]): Promise<Reading> {
  const { stdout } = await measureProcess(argv, { gnuTime: undefined });
  const [cold, ...warm] = JSON.parse(stdout) as number[];
  return { cold: cold!, warm: spreadOf(warm).median };
}

function report(ratios: ReadonlyMap<string, Reading>, context: BenchContext): BenchmarkReport {
  const figures = (["warm", "cold"] as const).flatMap((kind) => {
    const { median, min, max } = spreadOf([...ratios.values()].map((one) => one[kind]));
    const worst = [...ratios].find(([, one]) => one[kind] === min)![0];
    const what = `GDAL's CPU time / ours, ${kind}`;
    const whole = { unit: "", limit: { atLeast: LIMITS.median } };
    return [
      judge(
        { ...whole, what: `${what}, median of ${ratios.size} layouts`, value: median, range: [min, max] },
        context,
      ),
      judge(
        { what: `${what}, slowest: ${worst}`, value: min, unit: "", limit: { atLeast: LIMITS.worst } },
        context,
      ),
    ];
  });
  const notes = [
    "GDAL's CPU time / ours by layout, warm (cold):",
    ...[...ratios].map(([name, { warm, cold }]) => `${name}: ${warm.toFixed(2)} (${cold.toFixed(2)})`),
  ];
  return { measures: [], figures, notes, skipped: [] };
}
