/**
 * Images in compressed strips, read by windows that are narrower than a strip. A strip can only be decoded as it comes,
 * all its columns from its first row on, and a row of windows needs every one of its strips again for each window. So the
 * rows that a window touches are decoded once, for all columns or as many as the memory allows, and kept for the windows
 * beside it; the next row of windows goes on where they end.
 *
 * @module
 */
import { DATA_TYPES } from "../data_type.ts";
import type { PixelWindow } from "../raster_info.ts";
import type { ByteSource } from "../source/byte_source.ts";
import { readCoalesced, type ReadRequest } from "../source/read_coalesced.ts";
import type { ImageLayout } from "./image_layout.ts";
import { PixelBand } from "./pixel_band.ts";
import { StripStream } from "./strip_stream.ts";
import { tileSize } from "./tile_index.ts";
import type { TileDecoder, TilePlace } from "./tile_decoder.ts";
import type { WindowTarget } from "./window_target.ts";
import { type BandSlot, slotsByPlane } from "./window_tiles.ts";

/** Less memory than this would save nothing. */
const LEAST_BYTES = 128 << 10;
/** Strips that are larger are gone on with where the last window ended; others are decoded again from their beginning. */
const STREAMED_BYTES = 1 << 20;

/** Where a strip's bytes are in the file. */
export interface StripBytes {
  /** Their place. */
  readonly offset: number;
  /** How many. */
  readonly byteLength: number;
}

/** The image whose strips are read. */
export interface StripSource {
  /** The file. */
  readonly source: ByteSource;
  /** The image. */
  readonly layout: ImageLayout;
  /** What strips hold that the file leaves out, one a band. */
  readonly fillValues: readonly (number | bigint)[];
  /** Decodes strips. */
  readonly decoder: TileDecoder;
  /** Makes the places of the strips `first` to `last` known. */
  load(first: number, last: number): Promise<void> | undefined;
  /** Where a strip is; undefined for one that the file leaves out. */
  locate(place: TilePlace): StripBytes | undefined;
}

/** The decoded rows of an image in strips, one band a plane. */
export class StripBands {
  readonly #strips: StripSource;
  readonly #capacityBytes: number;
  readonly #pixelBytes: number;
  readonly #bands = new Map<number, PixelBand>();
  readonly #streams = new Map<number, StripStream>();
  /** One window after the other: those of one row of windows want the same strips. */
  #turn: Promise<void> = Promise.resolve();

  /** @param capacityBytes the most that the rows of all planes that a window needs may take. */
  constructor(strips: StripSource, capacityBytes: number) {
    this.#strips = strips;
    this.#capacityBytes = Math.max(LEAST_BYTES, capacityBytes);
    this.#pixelBytes = strips.layout.samples * DATA_TYPES[strips.layout.dataType].bytes;
  }

  /**
   * Puts a window of `bands` (counted from 1) where it belongs.
   *
   * @throws {RasterError} if a strip can't be read or decoded.
   */
  read(window: PixelWindow, bands: readonly number[], target: WindowTarget): Promise<void> {
    const reading = this.#turn.then(() => this.#read(window, bands, target));
    this.#turn = reading.catch(() => {});
    return reading;
  }

  /** Forgets all rows. */
  clear(): void {
    this.#bands.clear();
    this.#streams.clear();
  }

  async #read(window: PixelWindow, bands: readonly number[], target: WindowTarget): Promise<void> {
    const planes = slotsByPlane(this.#strips.layout, bands);
    const planeBytes = Math.floor(this.#capacityBytes / planes.size);
    const bottom = window.top + window.nrows;
    // A window that is larger than the memory is read in parts.
    const most = Math.max(1, Math.floor(planeBytes / (window.ncols * this.#pixelBytes)));
    for (const [plane, slots] of planes) {
      for (let top = window.top; top < bottom;) {
        const nrows = Math.min(bottom - top, most);
        const band = await this.#load(plane, { ...window, top, nrows }, planeBytes);
        this.#put(band, { ...window, top, nrows }, { slots, target, toRow: top - window.top });
        top += nrows;
      }
    }
  }

  #put(
    band: PixelBand,
    { left, top, ncols, nrows }: PixelWindow,
    { slots, target, toRow }: { slots: readonly BandSlot[]; target: WindowTarget; toRow: number },
  ): void {
    target.putRows(band.bytes, { toRow, toColumn: 0, cols: ncols, slots }, {
      ...{ row: 0, rows: nrows, rowPixels: band.cols },
      firstPixel: (top - band.top) * band.cols + left - band.left,
    });
  }

  /** The band of a plane, with the window's rows and columns in it. */
  async #load(plane: number, window: PixelWindow, capacityBytes: number): Promise<PixelBand> {
    const band = this.#bands.get(plane) ?? new PixelBand(this.#pixelBytes);
    this.#bands.set(plane, band);
    if (band.has(window)) return band;
    const { width, height, tileHeight } = this.#strips.layout;
    const bottom = window.top + window.nrows;
    const stripBottom = Math.min(height, Math.ceil(bottom / tileHeight) * tileHeight);
    const continues = band.continues(window) &&
      (bottom - window.top) * band.cols * this.#pixelBytes <= capacityBytes;
    const first = continues ? window.top : Math.floor(window.top / tileHeight) * tileHeight;
    const rowBytes = (continues ? band.cols : width) * this.#pixelBytes;
    const takesWholeStrips = (stripBottom - first) * rowBytes <= capacityBytes;
    if (!continues) {
      band.restart(
        takesWholeStrips ? { top: first, left: 0, cols: width } : this.#partOf(window, capacityBytes),
      );
    }
    const end = takesWholeStrips ? stripBottom : this.#endOf(window, { stripBottom, capacityBytes, band });
    band.makeRoom(end, { keepFrom: window.top, capacityBytes });
    await this.#fill(band, plane, end);
    return band;
  }

  /** The columns from a window on whose rows fit into the memory: all of them, or else those to the right. */
  #partOf({ left, top, ncols, nrows }: PixelWindow, capacityBytes: number): Place {
    const { width } = this.#strips.layout;
    const cols = Math.floor(capacityBytes / (nrows * this.#pixelBytes));
    if (cols >= width) return { top, left: 0, cols: width };
    return { top, left, cols: Math.max(ncols, Math.min(cols, width - left)) };
  }

  /** How far a strip is decoded that is not taken whole: where it can't be gone on with, as far as there is room. */
  #endOf(
    { top, nrows }: PixelWindow,
    { stripBottom, capacityBytes, band }: { stripBottom: number; capacityBytes: number; band: PixelBand },
  ): number {
    if (this.#strips.decoder.canStream) return top + nrows;
    const rows = Math.floor(capacityBytes / (band.cols * this.#pixelBytes));
    return Math.min(stripBottom, top + Math.max(rows, nrows));
  }

  /** Decodes the rows from the band's last to `bottom`. */
  async #fill(band: PixelBand, plane: number, bottom: number): Promise<void> {
    const { layout, source, load } = this.#strips;
    const { tileHeight, tilesDown } = layout;
    const firstStrip = Math.floor(band.bottom / tileHeight);
    const lastStrip = Math.floor((bottom - 1) / tileHeight);
    const loading = load(plane * tilesDown + firstStrip, plane * tilesDown + lastStrip);
    if (loading !== undefined) await loading;
    const { fillValues } = this.#strips;
    const pixel = layout.planes > 1 ? fillValues.slice(plane, plane + 1) : fillValues;
    const requests: ReadRequest[] = [];
    const from = band.bottom;
    try {
      for (let tileRow = firstStrip; tileRow <= lastStrip; tileRow++) {
        const place = { index: plane * tilesDown + tileRow, tileColumn: 0, tileRow };
        const top = Math.max(from, tileRow * tileHeight);
        const rows = Math.min(bottom, (tileRow + 1) * tileHeight) - top;
        const part = { place, top, rows };
        const bytes = this.#strips.locate(place);
        if (bytes === undefined) band.fill(top, rows, layout.dataType, pixel);
        else if (this.#isStreamed(part)) await this.#fillFromStream(band, plane, part, bytes);
        else requests.push({ ...bytes, use: (encoded) => this.#fillFromStrip(band, part, encoded) });
      }
      if (requests.length > 0) await readCoalesced(source, requests, 0);
    } catch (error) {
      // What is there of the band is not known.
      band.restart({ top: 0, left: 0, cols: 0 });
      throw error;
    }
    band.bottom = bottom;
  }

  /** A large strip of which only a part is wanted now is decoded piece by piece, if its codec can do that. */
  #isStreamed({ place, rows }: StripPart): boolean {
    const { decoder, layout } = this.#strips;
    const strip = tileSize(layout, place.tileRow);
    return decoder.canStream && rows < strip.rows && strip.byteLength > STREAMED_BYTES;
  }

  async #fillFromStream(band: PixelBand, plane: number, part: StripPart, bytes: StripBytes): Promise<void> {
    const { place, top, rows } = part;
    const { source, decoder, layout } = this.#strips;
    const first = top - place.tileRow * layout.tileHeight;
    let stream = this.#streams.get(plane);
    if (stream?.index !== place.index || stream.nextRow > first) {
      stream = new StripStream({ source, decoder, layout, place, bytes });
      this.#streams.set(plane, stream);
    }
    try {
      await stream.read(first, rows, (pixels, row, count) => {
        band.put({ pixels, width: layout.width, row: 0 }, place.tileRow * layout.tileHeight + row, count);
      });
    } catch (error) {
      this.#streams.delete(plane);
      throw error;
    }
  }

  #fillFromStrip(band: PixelBand, { place, top, rows }: StripPart, encoded: Uint8Array<ArrayBuffer>): void {
    const { decoder, layout } = this.#strips;
    const { width, tileHeight } = layout;
    const row = top - place.tileRow * tileHeight;
    const isWhole = row === 0 && band.cols === width;
    const direct = isWhole ? band.place(top, rows) : undefined;
    const needed = { rows: row + rows, lastCols: band.left + band.cols };
    const pixels = decoder.decodeStart(encoded, place, { ...needed, out: direct });
    if (pixels !== direct) band.put({ pixels, width, row }, top, rows);
  }
}

/** Where a band begins. */
interface Place {
  readonly top: number;
  readonly left: number;
  readonly cols: number;
}

/** The rows of a strip that are wanted, counted in the image. */
interface StripPart {
  readonly place: TilePlace;
  readonly top: number;
  readonly rows: number;
}
