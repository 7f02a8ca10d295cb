/**
 * What a user function can ask about the block in hand and the run: RIOS's ReaderInfo.
 *
 * @module
 */
import { UserTimers } from "../core/user_timers.ts";
import type { ApplierBlockDefn } from "./block_defn.ts";
import { blockCount, blockDefn, type BlockGrid, totalBlocks } from "./block_list.ts";
import { gridCrsName } from "./grid_crs.ts";
import { type PixelGrid, pixelToWorld, worldToPixel } from "./pixel_grid.ts";
import type { RasterBlock } from "./raster_block.ts";
import type { GeoTransform } from "./raster_info.ts";

/**
 * World coordinates of the centres of a block's pixels, margin included, row by row: both `{ x, y }` and, as in RIOS,
 * the pair `[x, y]`.
 */
export interface BlockCoordArrays extends Readonly<[Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>]> {
  /** x of each pixel. Length `rows * cols`. */
  readonly x: Float64Array<ArrayBuffer>;
  /** y of each pixel. Length `rows * cols`. */
  readonly y: Float64Array<ArrayBuffer>;
}

/** What is the same for all blocks of a run. */
export interface ReaderInfoRun {
  /** The working grid. */
  readonly workinggrid: PixelGrid;
  /** How it is cut into blocks. */
  readonly blocks: BlockGrid;
  /** Margin on each side, pixels. */
  readonly overlap: number;
  /** The worker's number. */
  readonly worker: number;
  /** The run's name, if it has one. */
  readonly jobName: string | undefined;
}

/** The information object, first argument of the user function. */
export class ReaderInfo {
  readonly #run: ReaderInfoRun;
  readonly #index: number;
  readonly #defn: ApplierBlockDefn;
  readonly #files: ReadonlyMap<RasterBlock, string>;
  /** Timers of the function's own: `info.timings.interval("mask", () => ...)`. The run's report has them. */
  readonly timings: UserTimers;

  /**
   * The information for block number `index` of a run.
   *
   * @param files the file that each input block was read from.
   * @param timings where the function counts. Default its own.
   */
  constructor(
    run: ReaderInfoRun,
    index: number,
    files: ReadonlyMap<RasterBlock, string>,
    timings: UserTimers = new UserTimers(),
  ) {
    this.timings = timings;
    this.#run = run;
    this.#index = index;
    this.#defn = blockDefn(run.blocks, index);
    this.#files = files;
  }

  /** Size of the working grid: `[columns, rows]`. */
  getTotalSize(): [number, number] {
    return [this.#run.workinggrid.ncols, this.#run.workinggrid.nrows];
  }

  /** Blocks in all: `[across, down]`. */
  getTotalBlocks(): [number, number] {
    const { x, y } = totalBlocks(this.#run.blocks);
    return [x, y];
  }

  /** Size of this block without its margin: `[columns, rows]`. Smaller than the window at the right and bottom edge. */
  getBlockSize(): [number, number] {
    return [this.#defn.ncols, this.#defn.nrows];
  }

  /** This block's place among the blocks, from 0: `[across, down]`. */
  getBlockCount(): [number, number] {
    const { x, y } = blockCount(this.#run.blocks, this.#index);
    return [x, y];
  }

  /** This block in pixels of the working grid, without its margin. */
  getBlockDefn(): ApplierBlockDefn {
    return this.#defn;
  }

  /** World coordinates of the centre of every pixel of this block, margin included: `const [x, y] = ...`, or `{ x, y }`. */
  getBlockCoordArrays(): BlockCoordArrays {
    const { overlap, workinggrid } = this.#run;
    const rows = this.#defn.nrows + 2 * overlap;
    const cols = this.#defn.ncols + 2 * overlap;
    const x = new Float64Array(rows * cols);
    const y = new Float64Array(rows * cols);
    for (let row = 0, at = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++, at++) {
        const centre = pixelToWorld(
          workinggrid.geotransform,
          this.#defn.left - overlap + col + 0.5,
          this.#defn.top - overlap + row + 0.5,
        );
        x[at] = centre.x;
        y[at] = centre.y;
      }
    }
    return Object.assign([x, y] as const, { x, y });
  }

  /** Width and height of a pixel, both positive for a raster with north up: `[x, y]`. */
  getPixelSize(): [number, number] {
    const t = this.#run.workinggrid.geotransform;
    return [t[1], -t[5]];
  }

  /** GDAL's six numbers of the working grid. */
  getTransform(): GeoTransform {
    return this.#run.workinggrid.geotransform;
  }

  /** The coordinate system's name: `EPSG:n`, or what the file calls its own; "none" without one. */
  getProjection(): string {
    return gridCrsName(this.#run.workinggrid);
  }

  /** Size of the window that the grid is cut into: `[columns, rows]`. */
  getWindowSize(): [number, number] {
    return [this.#run.blocks.windowxsize, this.#run.blocks.windowysize];
  }

  /** Margin on each side of a block, pixels. */
  getOverlapSize(): number {
    return this.#run.overlap;
  }

  /** Whether this is the first block of the list. Blocks may be computed in any order. */
  isFirstBlock(): boolean {
    return this.#index === 0;
  }

  /** Whether this is the last block of the list. Blocks may be computed in any order. */
  isLastBlock(): boolean {
    const { x, y } = totalBlocks(this.#run.blocks);
    return this.#index === x * y - 1;
  }

  /** This block's place in the list in percent, rounded down. */
  getPercent(): number {
    const { x, y } = totalBlocks(this.#run.blocks);
    return Math.floor(100 * this.#index / (x * y));
  }

  /**
   * The path or URL that an input block was read from.
   *
   * @throws {TypeError} if `block` is not one of this call's inputs.
   */
  getFilenameFor(block: RasterBlock): string {
    const name = this.#files.get(block);
    if (name === undefined) throw new TypeError("getFilenameFor() takes one of the blocks in inputs");
    return name;
  }

  /** The nodata value of an input block and band (from 1, among the bands that were read); null for none. */
  getNoDataValueFor(block: RasterBlock, band = 1): number | bigint | null {
    if (!Number.isInteger(band) || band < 1 || band > block.bands) {
      throw new RangeError(`band ${band} of a block with ${block.bands} band(s): they count from 1`);
    }
    return block.bandNodata[band - 1] ?? null;
  }

  /**
   * Column and row in the working grid of a column and row of this block.
   *
   * @param x column in the block's arrays, from 0; with a margin the margin's first column is 0.
   * @param y row in the block's arrays.
   */
  getPixColRow(x: number, y: number): [number, number] {
    const { overlap } = this.#run;
    return [this.#defn.left - overlap + x, this.#defn.top - overlap + y];
  }

  /**
   * Row and column in this block's arrays, margin included, of the pixel at a world coordinate.
   *
   * @returns `[row, col]`, or `[null, null]` if it lies outside this block and its margin.
   */
  getPixRowColBlock(x: number, y: number): [number, number] | [null, null] {
    const { overlap, workinggrid } = this.#run;
    const pixel = worldToPixel(workinggrid.geotransform, x, y);
    const row = Math.floor(pixel.row) - this.#defn.top + overlap;
    const col = Math.floor(pixel.col) - this.#defn.left + overlap;
    const inside = row >= 0 && row < this.#defn.nrows + 2 * overlap &&
      col >= 0 && col < this.#defn.ncols + 2 * overlap;
    return inside ? [row, col] : [null, null];
  }

  /** The number of the worker that computes this block, from 0. For messages; no result should depend on it. */
  getWorkerNumber(): number {
    return this.#run.worker;
  }

  /** The run's name, if it was given one. */
  getJobName(): string | undefined {
    return this.#run.jobName;
  }
}
