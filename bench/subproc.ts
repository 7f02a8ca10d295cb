/**
 * The NDVI job of the benchmark `ndvi` over processes: our CW_SUBPROC with 2 workers that read for themselves, against RIOS's
 * with 2 workers, which one read worker in the main process feeds. Same level, function, tiles and window.
 *
 * RIOS starts its workers as `rios_computeworker`, which is put on its PATH here. It wants python3-cloudpickle.
 *
 * @module
 */
import { DELIMITER, join } from "@std/path";
import { type BenchContext, type Benchmark, type BenchmarkReport, judge, type Measure } from "./benchmark.ts";
import { interleave, measureOf } from "./measure_process.ts";
import { comparison, ourSide, QUICK_SIDE_PIXELS, riosSide, SIDE_PIXELS, TILES } from "./ndvi_sides.ts";
import { projectPath } from "./our_commands.ts";
import { differingBytes } from "./same_pixels.ts";
import { pathOf } from "./tools.ts";

/** See the module. */
export const subprocBenchmark: Benchmark = {
  name: "subproc",
  about: "the main job over 2 processes, against RIOS's CW_SUBPROC",
  run: runSubproc,
};

async function runSubproc(context: BenchContext): Promise<BenchmarkReport> {
  const scene = await context.scenes.square(context.isQuick ? QUICK_SIDE_PIXELS : SIDE_PIXELS);
  const ours = ourSide(context, {
    ...{ label: "ours, CW_SUBPROC 2", kind: "CW_SUBPROC", input: scene },
    creationOptions: [...TILES, "ZLEVEL=6"],
  });
  const { rios } = context.tools;
  const rivals = "missing" in rios
    ? []
    : [riosSide(context, { kind: "CW_SUBPROC", scene, path: await pathWithWorker(context) })];
  const sides = [ours, ...rivals];
  const runs = await interleave(sides, context);
  const measures = sides.map(({ label, output }): Measure =>
    measureOf(label, runs.get(label)!, `${(Deno.statSync(output).size / 1e6).toFixed(2)} MB`)
  );
  const notes = ["CPU seconds are those of the main process and of the workers it has waited for"];
  if ("missing" in rios) return { measures, figures: [], notes, skipped: [`RIOS: ${rios.missing}`] };
  const differing = await differingBytes(ours.output, rivals[0]!.output);
  return {
    measures,
    figures: [
      ...comparison(ours, rivals, { runs, context, limit: 0.34, sizeWithin: 0.02 }),
      judge(
        { what: "bytes of pixels that differ from RIOS's", value: differing, unit: "", limit: { atMost: 0 } },
        { isQuick: false },
      ),
    ],
    notes,
    skipped: [],
  };
}

/** A search path on which RIOS finds its worker. */
async function pathWithWorker({ folder, tools }: BenchContext): Promise<string> {
  const programs = join(folder, "rios_programs");
  await Deno.mkdir(programs, { recursive: true });
  const command = [pathOf(tools.gdalPython)!, projectPath("./rios_worker.py")].map((word) => `'${word}'`)
    .join(" ");
  const script = join(programs, "rios_computeworker");
  await Deno.writeTextFile(script, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  return `${programs}${DELIMITER}${Deno.env.get("PATH") ?? ""}`;
}
