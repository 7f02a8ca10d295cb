/**
 * What `blockfleet info` takes.
 *
 * @module
 */
import type { CommandHelp } from "./command.ts";

/** See {@linkcode CommandHelp}. */
export const INFO_HELP: CommandHelp = {
  name: "info",
  summary: "say what a raster is",
  usage: "FILE... [--json]",
  details: [
    "FILE is the path or http(s) URL of a GeoTIFF; only its directories are read. A file that can't be read does not " +
    "hide the others; the exit status is then 1.",
  ],
  positionals: { name: "FILE", min: 1, max: Infinity },
  options: [{ name: "json", help: "print one JSON object: {ok, files}" }],
  examples: [
    { title: "Size, pixel type, place and layout of a file:", lines: ["info scene.tif"] },
    { title: "The same of many, for a program:", lines: ["info --json scenes/*.tif"] },
  ],
};
