/**
 * The options of `blockfleet apply`, which `blockfleet script` takes too.
 *
 * @module
 */
import type { OptionSpec } from "./option_table.ts";

const RASTERS = "Rasters";
const GRID = "Blocks and the working grid";
const OUTPUTS = "Outputs";
const WORKERS = "Workers";
const PROCESSES = "Workers that are processes";
const LIMITS = "Retries and timeouts";
const REPORTING = "Reporting";

/** Every option of `apply`, by group. */
export const APPLY_OPTIONS: readonly OptionSpec[] = [
  {
    name: "in",
    value: "NAME=FILE[,FILE...]",
    repeatable: true,
    group: RASTERS,
    help:
      "an input, inputs.NAME in the function: a path or an http(s) URL; with commas inputs.NAME is a list",
  },
  {
    name: "out",
    value: "NAME=FILE[,FILE...]",
    repeatable: true,
    group: RASTERS,
    help: "an output, outputs.NAME in the function",
  },
  {
    name: "layers",
    value: "NAME:BANDS",
    repeatable: true,
    group: RASTERS,
    apiName: "layers",
    help: "bands of an input to read, counting from 1, such as img:1,3; default all",
  },
  {
    name: "nodata",
    value: "[NAME:]VALUE",
    repeatable: true,
    group: RASTERS,
    help:
      "nodata value of an output or, over what the file says, of an input (VALUE,VALUE for one a layer); without NAME of " +
      "all outputs; a number, nan or none; default 0 for outputs",
  },
  {
    name: "args",
    value: "JSON|@FILE",
    group: RASTERS,
    apiName: "otherArgs",
    help: "the function's fourth argument, otherArgs, as JSON or from a file of JSON",
  },
  {
    name: "window",
    value: "WxH",
    group: GRID,
    help: "block size in pixels; default 256x256, rounded up to whole output tiles",
  },
  {
    name: "window-exact",
    group: GRID,
    apiName: "windowExact",
    help: "make output tiles of the window's size instead of rounding the window up",
  },
  {
    name: "overlap",
    value: "PIXELS",
    group: GRID,
    apiName: "overlap",
    help: "margin around each block, on each side; default 0",
  },
  {
    name: "footprint",
    value: "HOW",
    group: GRID,
    apiName: "footprint",
    help: "intersection, union or bounds-from-reference; default intersection",
  },
  {
    name: "reference",
    value: "FILE",
    group: GRID,
    apiName: "reference",
    help:
      "raster, or name of an input, whose pixel grid is the reference; with bounds-from-reference its extent too",
  },
  {
    name: "files-for-extent",
    value: "NAMES",
    group: GRID,
    apiName: "filesForExtent",
    help: "inputs whose extents count, by their names, or files, with commas; default all inputs",
  },
  {
    name: "type",
    value: "[NAME:]TYPE",
    repeatable: true,
    group: OUTPUTS,
    apiName: "outputType",
    help:
      "pixel type that the function must give: uint8, int8, uint16, int16, uint32, int32, uint64, int64, float32, float64 or GDAL's name; " +
      "default that of the first block's array",
  },
  {
    name: "co",
    value: "[NAME:]KEY=VALUE",
    repeatable: true,
    group: OUTPUTS,
    apiName: "creationOptions",
    help:
      "GDAL's GTiff creation option, such as COMPRESS=ZSTD, ZLEVEL=9 or BLOCKXSIZE=512; default TILED=YES, " +
      "INTERLEAVE=BAND, COMPRESS=DEFLATE, BIGTIFF=IF_SAFER",
  },
  {
    name: "layer-names",
    value: "NAME:A,B,...",
    repeatable: true,
    group: OUTPUTS,
    apiName: "layerNames",
    help: "names of an output's bands, such as img:red,nir",
  },
  {
    name: "resume",
    group: OUTPUTS,
    apiName: "resume",
    help: "go on with what an earlier run of the same has done and kept; if there is none, begin anew",
  },
  {
    name: "restart",
    group: OUTPUTS,
    apiName: "restart",
    help: "begin anew, and remove what an earlier run has kept",
  },
  {
    name: "take-over",
    group: OUTPUTS,
    apiName: "takeOver",
    help: "write outputs although another run seems to be writing them",
  },
  {
    name: "kind",
    value: "KIND",
    group: WORKERS,
    apiName: "computeWorkerKind",
    help: "kind of compute worker; blockfleet kinds lists them; default CW_THREADS",
  },
  {
    name: "workers",
    value: "N|MIN:MAX",
    group: WORKERS,
    apiName: "numComputeWorkers",
    help:
      "compute workers; MIN:MAX, for kinds whose number can change, begins with MIN and adds others, up to MAX, while there is work for them; " +
      "default one for each core; none for CW_NONE",
  },
  {
    name: "single-block-workers",
    group: WORKERS,
    apiName: "singleBlockComputeWorkers",
    help: "one job for every block, in place of --workers; for batch queues",
  },
  {
    name: "read-workers",
    value: "N",
    group: WORKERS,
    apiName: "numReadWorkers",
    help: "read threads, in this process or in each worker that reads for itself; default 0",
  },
  {
    name: "compute-workers-read",
    value: "auto|yes|no",
    group: WORKERS,
    apiName: "computeWorkersRead",
    help: "whether compute workers read their own inputs; default auto, what is best for the kind",
  },
  {
    name: "ship-code",
    value: "yes|no",
    group: WORKERS,
    apiName: "shipCode",
    help:
      "send the workers the function's code with all that it imports; no: they import it by path; default yes",
  },
  {
    name: "driver",
    value: "MODULE",
    group: WORKERS,
    help: "module of a kind that is not built in; becomes the default of --kind",
  },
  {
    name: "extra-params",
    value: "JSON|@FILE",
    group: WORKERS,
    apiName: "computeWorkerExtraParams",
    help: "the kind's own parameters, an object",
  },
  {
    name: "param",
    value: "KEY=VALUE",
    repeatable: true,
    group: WORKERS,
    help: "one of the kind's own parameters, over what --extra-params says, such as walltime=2:00:00; " +
      "a VALUE that is JSON is taken as such, all else is text",
  },
  {
    name: "no-arrays",
    group: WORKERS,
    help: "submit each worker as a job of its own, not as part of an array; the same as --param arrays=false",
  },
  {
    name: "shared-temp",
    value: "yes|no",
    group: WORKERS,
    apiName: "haveSharedTemp",
    help: "whether workers see this machine's files, so that the run's address can be in one; default yes",
  },
  {
    name: "submit-manager",
    group: WORKERS,
    help: "submit this very command as a job, without this option, and end: for login nodes that end long " +
      "processes",
  },
  {
    name: "job-name",
    value: "NAME",
    group: WORKERS,
    apiName: "jobName",
    help: "name of the run, shown in the workers' names",
  },
  {
    name: "max-block-errors",
    value: "N",
    group: LIMITS,
    apiName: "maxBlockErrors",
    help: "errors of one block that are tried again; default 0",
  },
  {
    name: "max-block-losses",
    value: "N",
    group: LIMITS,
    apiName: "maxBlockLosses",
    help: "workers that may die while computing one block; default 2",
  },
  {
    name: "max-worker-losses",
    value: "N",
    group: LIMITS,
    apiName: "maxWorkerLosses",
    help:
      "workers that may be lost between two finished blocks; default the larger of 3 and twice the workers",
  },
  {
    name: "no-copies",
    group: LIMITS,
    help: "never let idle workers run a slow block a second time",
  },
  {
    name: "threads-per-worker",
    value: "N",
    group: PROCESSES,
    apiName: "threadsPerWorker",
    help: "computing threads in each worker that is a process; default 1",
  },
  {
    name: "worker-permissions",
    value: "FLAG[ FLAG...]",
    group: PROCESSES,
    apiName: "workerPermissions",
    help: "Deno's permission flags that worker processes get beyond what the job needs, such as " +
      `"--allow-read=/data --allow-env"; --allow-all for all; default none`,
  },
  {
    name: "interface",
    value: "NAME",
    group: PROCESSES,
    apiName: "networkInterface",
    help: "network interface, by name or address, on which the manager listens for workers",
  },
  {
    name: "port-range",
    value: "FIRST-LAST",
    group: PROCESSES,
    apiName: "ports",
    help: "ports that the manager may listen on; default any free one",
  },
  {
    name: "advertise",
    value: "HOST[,HOST...]",
    group: PROCESSES,
    apiName: "advertise",
    help: "names or addresses that workers are told to find the manager by",
  },
  {
    name: "reconnect-grace",
    value: "SECONDS",
    group: PROCESSES,
    apiName: "reconnectGrace",
    help: "how long a worker whose connection broke may take to come back; default 60",
  },
  {
    name: "insecure-channel",
    group: PROCESSES,
    apiName: "tls",
    help:
      "no TLS between manager and workers, also off this machine: whoever can listen reads the pixels and the code",
  },
  timeout("block-timeout", "blockTimeout", "that one block may be computed for"),
  timeout("queue-timeout", "queueTimeout", "without any worker before the run fails"),
  timeout("compute-barrier-timeout", "computeBarrierTimeout", "to wait for all workers before any computes"),
  timeout(
    "read-buffer-insert-timeout",
    "readBufferInsertTimeout",
    "that a full input buffer may stand still",
  ),
  timeout("read-buffer-pop-timeout", "readBufferPopTimeout", "that a worker may wait for its input"),
  timeout(
    "compute-buffer-insert-timeout",
    "computeBufferInsertTimeout",
    "that a full output buffer may stand still",
  ),
  timeout("compute-buffer-pop-timeout", "computeBufferPopTimeout", "that the writer may wait for a result"),
  {
    name: "timings",
    value: "LEVEL",
    bareValue: "0",
    group: REPORTING,
    help: "report where the time went, to standard error: 0 totals, 1 distributions too",
  },
  {
    name: "report",
    value: "FILE.html",
    group: REPORTING,
    help: "write a page that says what was done and charts where the time went",
  },
  {
    name: "dry-run",
    group: REPORTING,
    help: "check everything, show what would be submitted or called, and start nothing",
  },
  { name: "json", group: REPORTING, help: "print the result as one JSON object" },
  { name: "quiet", short: "q", group: REPORTING, help: "no progress, no notices, no summary" },
];

function timeout(name: string, apiName: string, waits: string): OptionSpec {
  return { name, apiName, value: "SECONDS", group: LIMITS, help: `seconds ${waits}; default none` };
}
