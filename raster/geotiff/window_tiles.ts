/**
 * Which tiles a window touches, and which part of each.
 *
 * @module
 */
import type { PixelWindow } from "../raster_info.ts";
import type { ImageLayout } from "./image_layout.ts";
import type { TilePlace } from "./tile_decoder.ts";

/** One sample of a tile's pixels, and the place of its band in the result. */
export interface BandSlot {
  /** The sample among those of a pixel, from 0. */
  readonly sample: number;
  /** The band in the file, from 0. */
  readonly band: number;
  /** The band's place in the result, from 0. */
  readonly slot: number;
}

/** The part of one tile that lies in a window. */
export interface WindowTile extends TilePlace {
  /** The part's first row in the tile. */
  readonly fromRow: number;
  /** The part's first column in the tile. */
  readonly fromColumn: number;
  /** The part's first row in the window. */
  readonly toRow: number;
  /** The part's first column in the window. */
  readonly toColumn: number;
  /** The part's rows. */
  readonly rows: number;
  /** The part's columns. */
  readonly cols: number;
  /** Which of its samples are wanted. */
  readonly slots: readonly BandSlot[];
  /** Whether the part is all of the tile that lies in the image. */
  readonly whole: boolean;
}

/** The tiles of a window, and the runs of their numbers. */
export interface WindowTiles {
  /** Every tile that the window touches, once. */
  readonly tiles: readonly WindowTile[];
  /** Their numbers as ranges, both ends included. */
  readonly ranges: readonly { readonly first: number; readonly last: number }[];
}

/** The tiles that hold `bands` (counted from 1) of `window`, which lies inside the image. */
export function tilesOfWindow(
  layout: ImageLayout,
  window: PixelWindow,
  bands: readonly number[],
): WindowTiles {
  const { width, height, tileWidth, tileHeight, tilesAcross, tilesDown } = layout;
  const { left, top, ncols, nrows } = window;
  const [right, bottom] = [left + ncols, top + nrows];
  const [firstColumn, lastColumn] = [Math.floor(left / tileWidth), Math.floor((right - 1) / tileWidth)];
  const [firstRow, lastRow] = [Math.floor(top / tileHeight), Math.floor((bottom - 1) / tileHeight)];
  const tiles: WindowTile[] = [];
  const ranges: { first: number; last: number }[] = [];
  for (const [plane, slots] of slotsByPlane(layout, bands)) {
    for (let tileRow = firstRow; tileRow <= lastRow; tileRow++) {
      const rowStart = (plane * tilesDown + tileRow) * tilesAcross;
      ranges.push({ first: rowStart + firstColumn, last: rowStart + lastColumn });
      const y = tileRow * tileHeight;
      const [y0, y1] = [Math.max(top, y), Math.min(bottom, y + tileHeight)];
      for (let tileColumn = firstColumn; tileColumn <= lastColumn; tileColumn++) {
        const x = tileColumn * tileWidth;
        const [x0, x1] = [Math.max(left, x), Math.min(right, x + tileWidth)];
        tiles.push({
          index: rowStart + tileColumn,
          tileColumn,
          tileRow,
          fromRow: y0 - y,
          fromColumn: x0 - x,
          toRow: y0 - top,
          toColumn: x0 - left,
          rows: y1 - y0,
          cols: x1 - x0,
          slots,
          whole: y0 === y && x0 === x && y1 === Math.min(y + tileHeight, height) &&
            x1 === Math.min(x + tileWidth, width),
        });
      }
    }
  }
  return { tiles, ranges };
}

/** Which samples of which planes hold `bands`, counted from 1. */
export function slotsByPlane(layout: ImageLayout, bands: readonly number[]): Map<number, BandSlot[]> {
  const planes = new Map<number, BandSlot[]>();
  for (const [slot, band] of bands.entries()) {
    const plane = layout.planes > 1 ? band - 1 : 0;
    const slots = planes.get(plane) ?? [];
    slots.push({ sample: layout.planes > 1 ? 0 : band - 1, band: band - 1, slot });
    planes.set(plane, slots);
  }
  return planes;
}
