/**
 * What `apply()` takes and gives.
 *
 * @module
 */
import type { ConcurrencyStyle } from "../core/concurrency_style.ts";
import type { Timers } from "../core/timers.ts";
import type { DataType } from "./data_type.ts";
import type { PixelGrid } from "./pixel_grid.ts";
import type { RasterBlock } from "./raster_block.ts";
import type { ReaderInfo } from "./reader_info.ts";

/** One value for all, or one for each name; the name `"*"` is for those that are not named. */
export type PerName<T> = T | { readonly [name: string]: T };

/** How the inputs' extents are combined: RIOS's footprint types. */
export type Footprint = "intersection" | "union" | "bounds_from_reference";

/** The inputs of a block, by name: a block, or for a list of files a list of blocks. */
// deno-lint-ignore no-explicit-any -- the user's names decide which of the two each is; their function knows
export type BlockInputs = Record<string, any>;

/** What may be assigned to an output. */
export type OutputValue =
  | RasterBlock
  | { readonly data: ArrayBufferView; readonly bands: number }
  | ArrayBufferView
  | readonly OutputValue[];

/** The outputs of a block, by name, to be assigned by the user function. */
export type BlockOutputs = Record<string, OutputValue>;

/**
 * The user function: called once for each block, in whatever order and on whatever worker, and again if a worker
 * is lost with it, so it must depend on nothing but its arguments.
 */
export type UserFunction = (
  info: ReaderInfo,
  inputs: BlockInputs,
  outputs: BlockOutputs,
  // deno-lint-ignore no-explicit-any -- the user's own type, which only the user knows
  otherArgs: any,
) => void | Promise<void>;

/** Everything that steers a run and is not about workers: RIOS's ApplierControls. All of it is optional. */
export interface ApplierControls {
  /** Block width, pixels. Default 256, rounded up to whole output tiles. */
  readonly windowxsize?: number;
  /** Block height, pixels. Default 256, rounded up to whole output tiles. */
  readonly windowysize?: number;
  /** Make output tiles of the window's size instead of rounding the window up to tiles. Default false. */
  readonly windowExact?: boolean;
  /** Margin around each block, pixels on each side. Default 0. */
  readonly overlap?: number;
  /** How the inputs' extents make the working grid. Default `intersection`. */
  readonly footprint?: Footprint;
  /** A raster, or the name of an input, whose grid is the reference; with `bounds_from_reference` also its extent. */
  readonly reference?: string | URL;
  /** A grid that is the reference. With it a run needs no input at all. */
  readonly referencePixgrid?: PixelGrid;
  /**
   * Names of the inputs whose extents count, or files, which need not be inputs; the other inputs are read where they lie.
   * Default all inputs.
   */
  readonly filesForExtent?: readonly (string | URL)[];
  /** GDAL's GTiff creation options, `KEY=VALUE`, for all outputs or by output name. Given ones go over the defaults. */
  readonly creationOptions?: PerName<readonly string[]>;
  /** Bands to read, counting from 1, in the order given. Default all. */
  readonly layers?: PerName<readonly number[]>;
  /**
   * The inputs' nodata value, over what the files say, or a list of one for each layer that is read; null for none. The
   * files' pixel types must be able to hold it.
   */
  readonly inputNoData?: PerName<number | bigint | null | readonly (number | bigint | null)[]>;
  /**
   * The outputs' nodata value; null for none. Their pixel types must be able to hold it. A list of one a layer must repeat
   * one value, as a GeoTIFF has one for all its bands. Default 0, as RIOS's statsIgnore.
   */
  readonly outputNoData?: PerName<number | bigint | null | readonly (number | bigint | null)[]>;
  /** The outputs' pixel type. Default that of the array in the first block. */
  readonly outputType?: PerName<DataType>;
  /** Names of the outputs' bands. */
  readonly layerNames?: PerName<readonly string[]>;
  /** Use outputs that a run seemingly still holds. Default false. */
  readonly takeOver?: boolean;
}

/** How far a run is. */
export interface Progress {
  /** Blocks done. */
  readonly done: number;
  /** Blocks in all. */
  readonly total: number;
  /** Workers connected now. */
  readonly workers: number;
}

/** A file of a job that is neither an input nor an output. */
export interface JobFile {
  /** What it is, for messages: "the file of --args". */
  readonly what: string;
  /** Its path. */
  readonly path: string | URL;
  /** Whether the caller is going to write it, such as a report. Default false: it is only read. */
  readonly isWritten?: boolean;
}

/** The arguments of `apply()`. */
export interface ApplyOptions {
  /**
   * A module's path or URL, with `#name` for an export other than the default; or a function that uses nothing but
   * its arguments and globals. A relative path is from the current folder.
   */
  readonly userFunction: string | URL | UserFunction;
  /**
   * Send the workers the module's code with all that it imports, so that they need no file of it. Default true; with
   * false they import the module by its URL.
   */
  readonly shipCode?: boolean;
  /** Input rasters by name: a path or URL, or a list of them. */
  readonly infiles?: Readonly<Record<string, string | URL | readonly (string | URL)[]>>;
  /** Output paths by name, or lists of them. */
  readonly outfiles?: Readonly<Record<string, string | URL | readonly (string | URL)[]>>;
  /** Anything that `structuredClone` takes; every worker gets a copy. */
  readonly otherArgs?: unknown;
  /** Everything that is not about workers. */
  readonly controls?: ApplierControls;
  /** Everything about workers. */
  readonly concurrency?: ConcurrencyStyle;
  /**
   * Files of the job besides inputs, outputs, reference and user function, such as the one that other args were read
   * from. An output that is one of them is refused, and so is a file to be written that is any other of the job.
   */
  readonly otherFiles?: readonly JobFile[];
  /** A name for the run, shown in worker names. */
  readonly jobName?: string;
  /**
   * Go on with what an earlier run of the same has done and kept; its journal says what that is. If there is none, the
   * run begins anew and says so. Default false.
   */
  readonly resume?: boolean;
  /** Begin anew, and remove what an earlier run has kept. Default false. */
  readonly restart?: boolean;
  /** Ends the run; what is done by then is kept for `resume`. */
  readonly signal?: AbortSignal;
  /** Called after each block is written, at most ten times a second, and at the start and the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called with each line that the user should see. Default `console.warn`. */
  readonly onNotice?: (line: string) => void;
}

/** A finished output. */
export interface OutputSummary {
  /** Its name; a list's outputs are `name[0]`, `name[1]`, ... */
  readonly name: string;
  /** Its path. */
  readonly path: string;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bands. */
  readonly bands: number;
  /** Pixel type. */
  readonly type: DataType;
  /** The file's size. */
  readonly bytes: number;
}

/** What a run did. */
export interface ApplyResult {
  /** RIOS's timers; `timings.formatReport()` is for people. */
  readonly timings: Timers;
  /**
   * Each worker's copy of other args as it left it, by the workers' numbers, without those that were lost or never
   * began; with `mergeOtherArgs` a list of one, the merged one.
   */
  readonly otherArgsList: unknown[];
  /** The grid that was worked on. */
  readonly workinggrid: PixelGrid;
  /** The outputs, in the order given. */
  readonly outputs: OutputSummary[];
  /** Blocks: in all, done, taken from an earlier run, and handed out more than once. */
  readonly blocks: {
    readonly total: number;
    readonly done: number;
    readonly resumed: number;
    readonly retried: number;
  };
  /** Workers: their kind, and how many ran (one and those in its place are one), were started, and were lost. */
  readonly workers: {
    readonly kind: string;
    readonly ran: number;
    readonly started: number;
    readonly lost: number;
  };
  /** Blocks that this run took from each worker, by its number; a replacement counts with the worker whose place it took. */
  readonly blocksByWorker: ReadonlyMap<number, number>;
  /** Wall time of the whole call, seconds. */
  readonly wallSeconds: number;
}
