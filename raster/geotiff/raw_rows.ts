/**
 * Images in uncompressed strips, read by windows that are narrower than the image. Where what lies between a window's rows
 * is so little that it is read along anyway, whole rows are read once and kept for the windows beside it.
 *
 * @module
 */
import { DATA_TYPES } from "../data_type.ts";
import type { PixelWindow } from "../raster_info.ts";
import type { ByteSource } from "../source/byte_source.ts";
import { readCoalesced, type ReadRequest } from "../source/read_coalesced.ts";
import { swapBytes } from "./byte_order.ts";
import { PixelBand } from "./pixel_band.ts";
import { placeOfRawTile, type RawImage } from "./raw_tiles.ts";
import type { TileIndex } from "./tile_index.ts";
import type { WindowTarget } from "./window_target.ts";
import { slotsByPlane } from "./window_tiles.ts";

/** Rows are asked for in parts of about this size, where each part is an array of its own. */
const PART_BYTES = 1 << 20;

/** The image whose rows are read. */
export interface RawRowsSource {
  /** The file. */
  readonly source: ByteSource;
  /** The image. */
  readonly image: RawImage;
  /** Where its strips are. */
  readonly index: TileIndex;
  /** What strips hold that the file leaves out, one a band. */
  readonly fillValues: readonly (number | bigint)[];
}

/** The whole rows that the last window touched, one band a plane. */
export class RawRows {
  readonly #rows: RawRowsSource;
  readonly #capacityBytes: number;
  readonly #sampleBytes: number;
  readonly #rowBytes: number;
  readonly #bands = new Map<number, PixelBand>();
  /** One window after the other: those of one row of windows want the same rows. */
  #turn: Promise<void> = Promise.resolve();

  /** @param capacityBytes the most that the rows of all planes may take. */
  constructor(rows: RawRowsSource, capacityBytes: number) {
    this.#rows = rows;
    this.#capacityBytes = capacityBytes;
    const { width, samples, dataType } = rows.image.layout;
    this.#sampleBytes = DATA_TYPES[dataType].bytes;
    this.#rowBytes = width * samples * this.#sampleBytes;
  }

  /** Whether a window of so many bands is read so: without more bytes than it takes by itself, and with memory for them. */
  suits({ ncols, nrows }: PixelWindow, bands: number): boolean {
    const { source, image: { layout } } = this.#rows;
    const gap = this.#rowBytes / layout.width * (layout.width - ncols);
    const planes = layout.planes > 1 ? Math.min(bands, layout.planes) : 1;
    return gap > 0 && gap <= source.worthSkippingBytes &&
      nrows * this.#rowBytes * planes <= this.#capacityBytes;
  }

  /**
   * Puts a window of `bands` (counted from 1) where it belongs.
   *
   * @throws {RasterError} if a strip is too short or can't be read.
   */
  read(window: PixelWindow, bands: readonly number[], target: WindowTarget): Promise<void> {
    const reading = this.#turn.then(() => this.#read(window, bands, target));
    this.#turn = reading.catch(() => {});
    return reading;
  }

  /** Forgets all rows. */
  clear(): void {
    this.#bands.clear();
  }

  async #read(window: PixelWindow, bands: readonly number[], target: WindowTarget): Promise<void> {
    const { layout } = this.#rows.image;
    const { left, top, ncols, nrows } = window;
    const planes = slotsByPlane(layout, bands);
    const others = [...this.#bands].filter(([plane]) => !planes.has(plane));
    const otherBytes = others.reduce((sum, [, band]) => sum + band.bytes.length, 0);
    if (otherBytes + planes.size * nrows * this.#rowBytes > this.#capacityBytes) {
      for (const [plane] of others) this.#bands.delete(plane);
    }
    for (const [plane, slots] of planes) {
      const band = await this.#load(plane, window);
      target.putRows(band.bytes, { toRow: 0, toColumn: 0, cols: ncols, slots }, {
        ...{ row: 0, rows: nrows, rowPixels: layout.width },
        firstPixel: (top - band.top) * layout.width + left,
      });
    }
  }

  /** The band of a plane, with the window's rows in it. */
  async #load(plane: number, window: PixelWindow): Promise<PixelBand> {
    const { layout } = this.#rows.image;
    const band = this.#bands.get(plane) ?? new PixelBand(this.#rowBytes / layout.width);
    this.#bands.set(plane, band);
    if (band.has(window)) return band;
    const { top, nrows } = window;
    if (!band.continues(window)) band.restart({ top, left: 0, cols: layout.width });
    // More than the window's rows would only be of use to windows that go back.
    band.makeRoom(top + nrows, { keepFrom: top, capacityBytes: nrows * this.#rowBytes });
    try {
      await this.#fill(band, plane, top + nrows);
    } catch (error) {
      // What is there of the band is not known.
      band.restart({ top: 0, left: 0, cols: 0 });
      throw error;
    }
    band.bottom = top + nrows;
    return band;
  }

  /** Reads the rows from the band's last to `bottom`. */
  async #fill(band: PixelBand, plane: number, bottom: number): Promise<void> {
    const { source, image, index, fillValues } = this.#rows;
    const { tileHeight, tilesDown, planes, dataType } = image.layout;
    const [first, last] = [Math.floor(band.bottom / tileHeight), Math.floor((bottom - 1) / tileHeight)];
    const loading = index.load(plane * tilesDown + first, plane * tilesDown + last);
    if (loading !== undefined) await loading;
    const runs: Run[] = [];
    for (let tileRow = first; tileRow <= last; tileRow++) {
      const stripTop = tileRow * tileHeight;
      const top = Math.max(band.bottom, stripTop);
      const rows = Math.min(bottom, stripTop + tileHeight) - top;
      const stripOffset = placeOfRawTile(index, {
        index: plane * tilesDown + tileRow,
        tileColumn: 0,
        tileRow,
      }, image);
      if (stripOffset === undefined) {
        band.fill(top, rows, dataType, planes > 1 ? fillValues.slice(plane, plane + 1) : fillValues);
        continue;
      }
      const offset = stripOffset + (top - stripTop) * this.#rowBytes;
      const before = runs.at(-1);
      const isNext = before !== undefined && before.top + before.rows === top &&
        before.offset + before.rows * this.#rowBytes === offset;
      if (isNext) before.rows += rows;
      else runs.push({ offset, top, rows });
    }
    if (source.readInto !== undefined) {
      for (const { offset, top, rows } of runs) source.readInto(offset, band.place(top, rows));
    } else await readCoalesced(source, runs.flatMap((run) => this.#requests(run, band)), 0);
    if (image.littleEndian) return;
    for (const { top, rows } of runs) swapBytes(band.place(top, rows), this.#sampleBytes);
  }

  #requests(run: Run, band: PixelBand): ReadRequest[] {
    const requests: ReadRequest[] = [];
    const rowsAtOnce = Math.max(1, Math.floor(PART_BYTES / this.#rowBytes));
    for (let row = 0; row < run.rows; row += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, run.rows - row);
      requests.push({
        offset: run.offset + row * this.#rowBytes,
        byteLength: rows * this.#rowBytes,
        use: (bytes) => band.place(run.top + row, rows).set(bytes),
      });
    }
    return requests;
  }
}

/** Rows of the image, from `top` on, that follow one another in the file. */
interface Run {
  readonly offset: number;
  readonly top: number;
  rows: number;
}
