/**
 * The block list: the working grid cut into windows, row by row.
 *
 * @module
 */
import type { ApplierBlockDefn } from "./block_defn.ts";

/** How a grid is cut into blocks; plain data, so that a worker needs no list. */
export interface BlockGrid {
  /** Columns of the working grid. */
  readonly ncols: number;
  /** Rows of the working grid. */
  readonly nrows: number;
  /** Block width, pixels. */
  readonly windowxsize: number;
  /** Block height, pixels. */
  readonly windowysize: number;
}

/** Blocks across and down. */
export function totalBlocks(grid: BlockGrid): { x: number; y: number } {
  return { x: Math.ceil(grid.ncols / grid.windowxsize), y: Math.ceil(grid.nrows / grid.windowysize) };
}

/** Where block number `index` of the list stands: its count across and down. */
export function blockCount(grid: BlockGrid, index: number): { x: number; y: number } {
  const across = totalBlocks(grid).x;
  return { x: index % across, y: Math.floor(index / across) };
}

/** Block number `index` of the list; those at the right and bottom edge may be smaller. */
export function blockDefn(grid: BlockGrid, index: number): ApplierBlockDefn {
  const { x, y } = blockCount(grid, index);
  const left = x * grid.windowxsize;
  const top = y * grid.windowysize;
  return {
    top,
    left,
    nrows: Math.min(grid.windowysize, grid.nrows - top),
    ncols: Math.min(grid.windowxsize, grid.ncols - left),
  };
}

/** A block in one phrase for people: its count (column, row) and its pixels. */
export function describeBlock(grid: BlockGrid, index: number): string {
  const { x, y } = blockCount(grid, index);
  const { top, left, nrows, ncols } = blockDefn(grid, index);
  return `block (${x}, ${y}) (${ncols} x ${nrows} pixels from column ${left}, row ${top})`;
}
