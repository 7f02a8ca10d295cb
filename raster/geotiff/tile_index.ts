/**
 * Where each tile's bytes are. The two arrays can be long (a terapixel image has hundreds of megabytes of them), so
 * that they are read page by page, as tiles are asked for.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import { DATA_TYPES } from "../data_type.ts";
import type { ByteSource } from "../source/byte_source.ts";
import { decodeNumbers, type Ifd, type IfdEntry } from "./ifd.ts";
import type { ImageLayout } from "./image_layout.ts";
import { COMPRESSION, FIELD_BYTES, TAG, tagName } from "./tags.ts";

const PAGE_NUMBERS = 8192;

/** The offsets and byte counts of an image's tiles or strips, numbered plane by plane, row by row. */
export class TileIndex {
  readonly #offsets: NumberPages;
  readonly #byteCounts: NumberPages | undefined;

  private constructor(offsets: NumberPages, byteCounts: NumberPages | undefined) {
    this.#offsets = offsets;
    this.#byteCounts = byteCounts;
  }

  /**
   * Finds the arrays of the image in `ifd`, without reading them.
   *
   * @throws {RasterError} if one is missing, shorter than the number of tiles, or not inside the file.
   */
  static of(source: ByteSource, ifd: Ifd, image: { layout: ImageLayout; littleEndian: boolean }): TileIndex {
    const { layout, littleEndian } = image;
    // Some writers of tiles use the strips' tags; libtiff takes either.
    const offsetTag = ifd.has(TAG.TileOffsets) ? TAG.TileOffsets : TAG.StripOffsets;
    const countTag = ifd.has(TAG.TileByteCounts) ? TAG.TileByteCounts : TAG.StripByteCounts;
    const tiles = layout.tilesAcross * layout.tilesDown * layout.planes;
    const pages = (tag: number) => {
      const entry = ifd.entry(tag);
      if (entry !== undefined && entry.count >= tiles) return new NumberPages(source, entry, littleEndian);
      throw new RasterError(
        `'${source.name}' is damaged: ${tagName(tag)} has ${entry?.count ?? 0} values for ${tiles} ` +
          `${layout.tiled ? "tiles" : "strips"} of ${layout.tileWidth} x ${layout.tileHeight} pixels`,
      );
    };
    // Byte counts of uncompressed tiles follow from their size, and some old writers leave them out.
    const derivable = layout.compression === COMPRESSION.NONE && !ifd.has(countTag);
    return new TileIndex(pages(offsetTag), derivable ? undefined : pages(countTag));
  }

  /**
   * Makes the entries of the tiles `first` to `last` ready; undefined if they are.
   *
   * @throws {RasterError} if they can't be read.
   */
  load(first: number, last: number): Promise<void> | undefined {
    const offsets = this.#offsets.load(first, last);
    if (offsets === undefined) return this.#byteCounts?.load(first, last);
    // What the second throws at once must not leave the first without someone who hears of its end.
    const byteCounts = (async () => await this.#byteCounts?.load(first, last))();
    return Promise.all([offsets, byteCounts]).then(() => {});
  }

  /** Where a loaded tile begins; undefined for one that the file leaves out, as sparse files do. */
  offset(index: number): number | undefined {
    const offset = this.#offsets.get(index);
    return offset === 0 || this.#byteCounts?.get(index) === 0 ? undefined : offset;
  }

  /** How many bytes a loaded tile has in the file; `whole` where the file does not say. */
  byteCount(index: number, whole: number): number {
    return this.#byteCounts?.get(index) ?? whole;
  }
}

/** Rows and bytes of one tile or strip; the last strip ends with the image. */
export function tileSize(layout: ImageLayout, tileRow: number): { rows: number; byteLength: number } {
  const { tiled, tileWidth, tileHeight, height, samples, dataType } = layout;
  const rows = tiled ? tileHeight : Math.min(tileHeight, height - tileRow * tileHeight);
  return { rows, byteLength: tileWidth * rows * samples * DATA_TYPES[dataType].bytes };
}

/** The numbers of one field, read by pages. */
class NumberPages {
  readonly #source: ByteSource;
  readonly #entry: IfdEntry;
  readonly #littleEndian: boolean;
  readonly #pages = new Map<number, readonly number[]>();

  constructor(source: ByteSource, entry: IfdEntry, littleEndian: boolean) {
    this.#source = source;
    this.#entry = entry;
    this.#littleEndian = littleEndian;
    if (entry.inline !== undefined) this.#keep(0, entry.inline);
  }

  load(first: number, last: number): Promise<void> | undefined {
    const pending: Promise<void>[] = [];
    const lastPage = Math.floor(last / PAGE_NUMBERS);
    for (let page = Math.floor(first / PAGE_NUMBERS); page <= lastPage; page++) {
      if (this.#pages.has(page)) continue;
      const size = FIELD_BYTES[this.#entry.type]!;
      const start = page * PAGE_NUMBERS;
      const count = Math.min(PAGE_NUMBERS, this.#entry.count - start);
      const bytes = this.#source.read(this.#entry.valueOffset + start * size, count * size);
      if (bytes instanceof Promise) pending.push(bytes.then((bytes) => this.#keep(page, bytes)));
      else this.#keep(page, bytes);
    }
    return pending.length === 0 ? undefined : Promise.all(pending).then(() => {});
  }

  get(index: number): number {
    return this.#pages.get(Math.floor(index / PAGE_NUMBERS))![index % PAGE_NUMBERS]!;
  }

  #keep(page: number, bytes: Uint8Array<ArrayBuffer>): void {
    const numbers = decodeNumbers(this.#source, this.#entry, { bytes, littleEndian: this.#littleEndian });
    this.#pages.set(page, numbers);
  }
}
