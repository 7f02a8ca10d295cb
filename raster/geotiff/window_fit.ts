/**
 * The window (block size) that suits all outputs of a run: one block's tiles belong to no other block.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import type { OutputLayout } from "./output_layout.ts";

/** A window, in pixels; RIOS's names. */
export interface WindowSize {
  /** Columns. */
  readonly windowxsize: number;
  /** Rows. */
  readonly windowysize: number;
}

/** Options of {@linkcode windowForLayouts}. */
export interface WindowForLayoutsOptions {
  /**
   * Make the tiles of the window's size (rounded up to 16, as TIFF wants) where the user did not fix them,
   * instead of rounding the window up to tiles. Default false.
   */
  readonly exact?: boolean;
}

/** A window and the layouts that it suits. */
export interface FittedWindow extends WindowSize {
  /** The layouts, in the order given; with `exact` perhaps of other tiles than before. */
  readonly layouts: readonly OutputLayout[];
  /** One line for the user, if the window is not the one requested. */
  readonly notice?: string;
}

/** A tile of the window's size may not be larger: GDAL and others decode whole tiles for one pixel. */
const MAX_EXACT_SIDE = 1024;

/**
 * Rounds a window up to a common multiple of all outputs' tiles; strips make it as wide as the image. A window
 * that spans the image in one direction stays as it is in that direction.
 *
 * @throws {ConfigError} with `exact`, if the window makes tiles larger than 1024 pixels a side.
 * @throws {RangeError} if a side of the window is not a whole number of at least 1.
 */
export function windowForLayouts(
  layouts: readonly OutputLayout[],
  requested: WindowSize,
  options: WindowForLayoutsOptions = {},
): FittedWindow {
  for (const side of [requested.windowxsize, requested.windowysize]) {
    if (!Number.isSafeInteger(side) || side < 1) {
      throw new RangeError(
        `A window of ${requested.windowxsize} x ${requested.windowysize} can't be: its sides are whole numbers from 1`,
      );
    }
  }
  const made = options.exact ? layouts.map((layout) => withTilesOf(requested, layout)) : [...layouts];
  let windowxsize = requested.windowxsize;
  let windowysize = requested.windowysize;
  const first = made[0];
  if (first) {
    windowxsize = fitSide(windowxsize, made.map((layout) => layout.tileWidth), first.width);
    windowysize = fitSide(windowysize, made.map((layout) => layout.tileHeight), first.height);
  }
  const fitted = { windowxsize, windowysize, layouts: made };
  if (windowxsize === requested.windowxsize && windowysize === requested.windowysize) return fitted;
  const asked = `${requested.windowxsize} x ${requested.windowysize}`;
  return {
    ...fitted,
    notice:
      `Window ${asked} rounded up to ${windowxsize} x ${windowysize}, whole ${describeTiles(made)} of the ` +
      (made.length === 1 ? "output" : "outputs"),
  };
}

/** Up to a common multiple of `tiles`, or to the whole `extent` when that is nearer. */
function fitSide(requested: number, tiles: readonly number[], extent: number): number {
  if (requested >= extent) return requested;
  let multiple = 1;
  for (const tile of tiles) {
    multiple = multiple / greatestCommonDivisor(multiple, tile) * tile;
    if (multiple >= extent) return extent;
  }
  return Math.min(Math.ceil(requested / multiple) * multiple, extent);
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** "256 x 256 tiles", "349 x 64 strips", each kind once. */
function describeTiles(layouts: readonly OutputLayout[]): string {
  const kinds = layouts.map((layout) =>
    `${layout.tileWidth} x ${layout.tileHeight} ${layout.tiled ? "tiles" : "strips"}`
  );
  return [...new Set(kinds)].join(" and ");
}

function withTilesOf(requested: WindowSize, layout: OutputLayout): OutputLayout {
  if (!layout.tiled) {
    if (layout.tileFixed.height) return layout;
    return { ...layout, tileHeight: Math.min(requested.windowysize, layout.height) };
  }
  return {
    ...layout,
    tileWidth: layout.tileFixed.width ? layout.tileWidth : exactSide("windowxsize", requested.windowxsize),
    tileHeight: layout.tileFixed.height ? layout.tileHeight : exactSide("windowysize", requested.windowysize),
  };
}

function exactSide(name: string, requested: number): number {
  const side = Math.ceil(requested / 16) * 16;
  if (side <= MAX_EXACT_SIDE) return side;
  throw new ConfigError(
    `An exact window of ${name} ${requested} would make tiles of ${side} pixels; at most ${MAX_EXACT_SIDE} are ` +
      `allowed: take a smaller window, or leave out windowExact (--window-exact)`,
  );
}
