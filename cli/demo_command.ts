/**
 * `blockfleet demo`: a scene out of nothing, and the NDVI of it.
 *
 * @module
 */
import { join } from "@std/path";
import { ConfigError, messageOf } from "../core/errors.ts";
import { CW_THREADS } from "../core/kinds.ts";
import { apply } from "../raster/apply.ts";
import type { ApplyOptions, ApplyResult } from "../raster/apply_options.ts";
import type { PixelGrid } from "../raster/pixel_grid.ts";
import type { CliConsole } from "./cli_console.ts";
import { DEMO_SIZE_PIXELS } from "./demo_help.ts";
import { EXIT_DONE } from "./exit_status.ts";
import { parseCount } from "./option_values.ts";
import type { ParsedOptions } from "./option_table.ts";
import { fromHere, programCommand } from "./program_command.ts";
import { runWithProgress } from "./run_with_progress.ts";
import { outputLine, seconds } from "./summary_lines.ts";

const PIXEL_METRES = 10;
const NDVI_URL = new URL("../examples/ndvi.ts", import.meta.url);

/** Runs the command. */
export async function runDemo(options: ParsedOptions, console: CliConsole): Promise<number> {
  const folder = options.value("dir") ?? "demo";
  const size = options.value("size");
  const side = size === undefined ? DEMO_SIZE_PIXELS : parseCount("size", size, { min: 64, max: 65536 });
  const count = options.value("workers");
  const workers = count === undefined
    ? navigator.hardwareConcurrency
    : parseCount("workers", count, { min: 1 });
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    const why = error instanceof Deno.errors.AlreadyExists
      ? "there is a file of that name"
      : messageOf(error);
    throw new ConfigError(`Cannot make the folder '${folder}' of --dir: ${why}. Name another folder`, {
      cause: error,
    });
  }
  const scene = join(folder, "scene.tif");
  const ndvi = join(folder, "ndvi.tif");
  const concurrency = { computeWorkerKind: CW_THREADS, numComputeWorkers: workers };
  const quiet = options.has("quiet");
  const say = quiet ? () => {} : console.out;
  const step = async (title: string, job: ApplyOptions) => {
    say(title);
    // What is left of a demo that was ended is of no use to anyone.
    const whole = { ...job, concurrency, restart: true };
    const result = await runWithProgress((hooks) => apply({ ...whole, ...hooks }), console, { quiet });
    say(stepLines(result).join("\n"));
  };

  await step(`Making a scene of ${side} x ${side} pixels with ${workers} threads`, {
    userFunction: new URL("../examples/make_scene.ts", import.meta.url),
    outfiles: { scene },
    controls: {
      referencePixgrid: demoGrid(side),
      layerNames: { scene: ["blue", "green", "red", "nir"] },
    },
    jobName: "make_scene",
  });
  await step("Applying examples/ndvi.ts to it", {
    userFunction: NDVI_URL,
    infiles: { img: scene },
    outfiles: { ndvi },
    controls: { outputNoData: { ndvi: NaN }, layerNames: { ndvi: ["ndvi"] } },
    jobName: "ndvi",
  });
  say(hints({ scene, ndvi, own: join(folder, "my_ndvi.tif") }).join("\n"));
  return EXIT_DONE;
}

function hints(files: { readonly scene: string; readonly ndvi: string; readonly own: string }): string[] {
  const program = programCommand();
  const { scene, ndvi, own } = files;
  const look = ["Look at them with QGIS, or with", `  ${program} info ${scene} ${ndvi}`];
  // The examples in a compiled program are no files that another call could name.
  if (Deno.build.standalone) return look;
  const inOut = `--in img=${scene} --out ndvi=${own}`;
  return [
    ...look,
    "The second step again, as a command of your own:",
    `  ${program} apply ${fromHere(NDVI_URL.href)} ${inOut} --nodata nan`,
  ];
}

function stepLines({ outputs, wallSeconds, blocks }: ApplyResult): string[] {
  return outputs.map((output) => {
    const megapixels = output.width * output.height / 1e6;
    return `  ${outputLine(output)}\n  ${blocks.total} blocks in ${seconds(wallSeconds)}, ` +
      `${(megapixels / wallSeconds).toFixed(1)} Mpx/s`;
  });
}

/** Somewhere in UTM zone 33 north, on a lattice of ten metres. */
function demoGrid(side: number): PixelGrid {
  const ascii = "WGS 84 / UTM zone 33N|";
  return {
    geotransform: [500_000, PIXEL_METRES, 0, 5_300_000, 0, -PIXEL_METRES],
    ncols: side,
    nrows: side,
    geoKeys: {
      // OGC 19-008r4, 7.1: version 1.1.0, then key, location, count, value: a projected model, pixels are areas, the
      // citation, EPSG:32633, metres.
      directory: [
        ...[1, 1, 0, 5],
        ...[1024, 0, 1, 1],
        ...[1025, 0, 1, 1],
        ...[1026, 34737, ascii.length, 0],
        ...[3072, 0, 1, 32633],
        ...[3076, 0, 1, 9001],
      ],
      doubles: [],
      ascii,
    },
  };
}
