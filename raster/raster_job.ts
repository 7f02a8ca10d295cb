/**
 * What compute and read workers are told once about a run over rasters: plain data.
 *
 * @module
 */
import type { UserIntervals } from "../core/user_timers.ts";
import type { UserFunctionSpec } from "../core/worker/user_function.ts";
import type { DataType } from "./data_type.ts";
import type { OutputLayout } from "./geotiff/output_layout.ts";
import type { PixelOffset } from "./pixel_grid.ts";
import type { ReaderInfoRun } from "./reader_info.ts";

/** Names of the processors in a worker's program. */
export const RASTER_PROCESSOR = "raster";
/** Reads blocks for others to compute. */
export const RASTER_READ_PROCESSOR = "raster-read";

/** One input file. */
export interface InputFile {
  /** Its path or URL as the user gave it, for people and for the user function. */
  readonly location: string;
  /** What to open: a local file's real path, from whatever folder; a server's URL. */
  readonly openAs: string;
  /** The host and port that its bytes came from in the end, if that is not its URL's; undefined for a local file. */
  readonly server: string | undefined;
  /** Its size in pixels. */
  readonly width: number;
  /** Its size in pixels. */
  readonly height: number;
  /** Its pixel type. */
  readonly dataType: DataType;
  /** Where the working grid's first pixel lies in it. */
  readonly offset: PixelOffset;
  /** Bands to read, from 1, in this order. */
  readonly layers: readonly number[];
  /** The nodata value of each layer, the user's before the file's own, as its pixels hold it; null for none. */
  readonly nodata: readonly (number | bigint | null)[];
  /**
   * The nodata value of each band of the file, where a file beside it gives one: tiles that the file leaves out hold it.
   * Undefined where the file's own tag says all.
   */
  readonly bandNodata: readonly (number | bigint | null)[] | undefined;
  /** What it was when the run was planned; a file that has changed since is refused. */
  readonly version: string;
  /** What the manager has found beside it. Workers read no files beside it. */
  readonly beside: InputBeside | undefined;
  /** How its pixels lie in it. */
  readonly tiles: InputTiles;
  /** What a worker keeps of it for the windows to come, bytes; absent for the usual. */
  readonly cacheBytes?: number;
}

/** What lies beside an input. */
export interface InputBeside {
  /**
   * A local input's path as it was given, absolute: what lies beside the file that a link leads to does not count. Undefined on a
   * server.
   */
  readonly path: string | undefined;
  /** Changes when what the files there say does; "" if they say nothing. */
  readonly version: string;
  /** Whether the input itself says where it lies, so that a world file counts for nothing. */
  readonly hasPlace: boolean;
}

/** How a file's pixels lie in it. */
export interface InputTiles {
  /** Whether there are tiles; else strips. */
  readonly tiled: boolean;
  /** Columns of a tile or strip. */
  readonly width: number;
  /** Rows of a tile or strip. */
  readonly height: number;
  /** Whether each band has tiles of its own. */
  readonly planar: boolean;
  /** Bands of the file. */
  readonly bands: number;
  /** GDAL's name of the compression. */
  readonly compression: string;
}

/** One name among the inputs. */
export interface InputPlan {
  /** The user's name for it. */
  readonly name: string;
  /** Whether the user gave a list. */
  readonly isList: boolean;
  /** Its files; one unless it is a list. */
  readonly files: readonly InputFile[];
}

/** One output file. */
export interface OutputPlan {
  /** The user's name for it. */
  readonly name: string;
  /** Its place in the user's list; undefined if the name stands for one file. */
  readonly index: number | undefined;
  /** How it is laid out. */
  readonly layout: OutputLayout;
  /** The pixel type that the user fixed. */
  readonly dataType: DataType | undefined;
}

/** An output for people: `ndvi`, or `ndvi[2]` in a list. */
export function outputLabel({ name, index }: Pick<OutputPlan, "name" | "index">): string {
  return index === undefined ? name : `${name}[${index}]`;
}

/** The header of a raster worker's job; the parts are those of other args. */
export interface RasterJob {
  /** The grid and its blocks. */
  readonly run: Omit<ReaderInfoRun, "worker">;
  /** The inputs. */
  readonly inputs: readonly InputPlan[];
  /** The outputs. */
  readonly outputs: readonly OutputPlan[];
  /** The user function. */
  readonly userFunction: UserFunctionSpec;
  /** Whether the user gave other args. */
  readonly hasOtherArgs: boolean;
  /** Whether each block has its own copy of them. */
  readonly argsABlock: boolean;
  /** Other args, packed. */
  readonly otherArgs: unknown;
  /** Whether the worker reads its inputs; otherwise they come with each block. */
  readonly readsHere: boolean;
  /** The most input files that each reading thread keeps open. */
  readonly openFiles: number;
}

/** The header of a block's result; the parts are one an output, then those of other args. */
export interface RasterResult {
  /** One an output, in the order of the plan. */
  readonly outputs: readonly {
    /** Pixel type. */
    readonly type: DataType;
    /** Bands. */
    readonly bands: number;
    /** Bytes of each tile. */
    readonly lengths: Uint32Array<ArrayBuffer>;
    /** CRC-32C of each tile. */
    readonly crcs: Uint32Array<ArrayBuffer>;
    /** Whether it has pixels that are NaN or infinite, where the nodata value is a finite number. */
    readonly nonFinite?: true;
  }[];
  /** The block's other args, packed, if each block has its own. */
  readonly args?: unknown;
  /** What the user function has counted with timers of its own. */
  readonly timings?: UserIntervals;
  /** Whether the user function has changed the worker's copy of other args, if a copy serves all its blocks. */
  readonly argsChanged?: true;
}
