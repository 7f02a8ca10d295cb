/**
 * What `blockfleet demo` takes.
 *
 * @module
 */
import type { CommandHelp } from "./command.ts";

/** Pixels on each side of the demo's scene unless the user says otherwise. */
export const DEMO_SIZE_PIXELS = 4096;

/** See {@linkcode CommandHelp}. */
export const DEMO_HELP: CommandHelp = {
  name: "demo",
  summary: "make a scene and run NDVI on it",
  usage: "[--dir DIR] [--size PIXELS]",
  details: [
    "Makes a satellite scene of a place that does not exist, four bands of uint16, and applies the NDVI example to " +
    "it, both with threads. Needs no data and no network. Its own files from an earlier time are overwritten.",
  ],
  positionals: { name: "DIR", min: 0, max: 0 },
  options: [
    { name: "dir", value: "DIR", help: "folder for scene.tif and ndvi.tif, made if absent; default ./demo" },
    {
      name: "size",
      value: "PIXELS",
      help: `width and height of the scene, 64 to 65536; default ${DEMO_SIZE_PIXELS}`,
    },
    { name: "workers", value: "N", apiName: "numComputeWorkers", help: "threads; default one for each core" },
    { name: "quiet", short: "q", help: "print nothing but errors" },
  ],
  examples: [
    { title: "See it work:", lines: ["demo"] },
    { title: "A small one, elsewhere:", lines: ["demo --dir /tmp/demo --size 1024"] },
  ],
};
