/**
 * What `blockfleet apply` takes.
 *
 * @module
 */
import { APPLY_OPTIONS } from "./apply_option_table.ts";
import type { CommandHelp } from "./command.ts";

/** See {@linkcode CommandHelp}. */
export const APPLY_HELP: CommandHelp = {
  name: "apply",
  summary: "apply a function to rasters, block by block",
  usage: "MODULE[#EXPORT] --in NAME=FILE ... --out NAME=FILE ... [options]",
  details: [
    "MODULE is a TypeScript or JavaScript file (or a URL) whose default export, or EXPORT, is a function " +
    "(info, inputs, outputs, otherArgs). It is called for each block and assigns the output pixels to outputs.NAME.",
    "In a path, write a comma as \\, since a comma parts the files of a list; NAME=FILE, with a comma at the end, " +
    "is a list of one. Only the first = parts NAME and FILE. An option's value may stand after a space or after =.",
    "An output appears under its name when it is complete. Ctrl-C ends the run; what is done is kept for --resume. A " +
    "second Ctrl-C ends it at once.",
  ],
  positionals: { name: "MODULE", min: 1, max: 1 },
  options: APPLY_OPTIONS,
  examples: [
    {
      title: "NDVI of a scene, on all cores:",
      lines: ["apply examples/ndvi.ts --in img=scene.tif --out ndvi=ndvi.tif --nodata nan"],
    },
    {
      title: "A 5 x 5 focal mean needs two pixels around each block, and here -9999 is no data:",
      lines: [
        "apply examples/focal_mean.ts --in img=dem.tif --out mean=smooth.tif --overlap 2 --nodata -9999",
      ],
    },
    {
      title: "The mean of several scenes where they lie, in which 0 is no data, with ZSTD:",
      lines: [
        "apply examples/mosaic_mean.ts --in imgs=a.tif,b.tif,c.tif --out mean=mean.tif",
        "--footprint union --nodata imgs:0 --nodata nan --co COMPRESS=ZSTD",
      ],
    },
    {
      title: "A count, with an argument and no output raster:",
      lines: [`apply examples/count_pixels.ts --in img=scene.tif --args '{"above": 2000}' --json`],
    },
    {
      title: "On a SLURM cluster, 20 to 200 workers of two hours each:",
      lines: [
        "apply ndvi.ts --in img=scene.tif --out ndvi=ndvi.tif --kind CW_SLURM --workers 20:200",
        "--param partition=short --param walltime=2:00:00 --submit-manager",
      ],
    },
  ],
};
