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
import { COMPRESSION, FIELD_BYTES, FIELD_TYPE, TAG, tagName } from "./tags.ts";

const PAGE_NUMBERS = 8192;

/** Field types of offsets and byte counts: whole numbers. What else a file may say is no place in it. */
const WHOLE_NUMBER_TYPES: ReadonlySet<number> = new Set([
  ...[
    FIELD_TYPE.BYTE,
    FIELD_TYPE.SBYTE,
    FIELD_TYPE.SHORT,
    FIELD_TYPE.SSHORT,
    FIELD_TYPE.LONG,
    FIELD_TYPE.SLONG,
  ],
  ...[FIELD_TYPE.LONG8, FIELD_TYPE.SLONG8, FIELD_TYPE.IFD, FIELD_TYPE.IFD8],
]);

/**
 * The offsets and byte counts of an image's tiles or strips, numbered plane by plane, row by row. Byte counts that
 * writers leave out or get wrong are mended where libtiff does so, and some more: those of uncompressed tiles follow from
 * their size, and others end where something else begins, as a decoder knows its own end.
 */
export class TileIndex {
  readonly #name: string;
  /** Where no tile goes on: the places of what the directory says, and the file's end. */
  readonly #bounds: readonly number[];
  readonly #offsets: NumberPages;
  readonly #byteCounts: NumberPages | undefined;
  readonly #isOneStrip: boolean;

  private constructor(
    source: ByteSource,
    pages: { offsets: NumberPages; byteCounts: NumberPages | undefined; places: readonly number[] },
    isOneStrip: boolean,
  ) {
    this.#name = source.name;
    this.#bounds = [...pages.places, source.byteLength];
    this.#offsets = pages.offsets;
    this.#byteCounts = pages.byteCounts;
    this.#isOneStrip = isOneStrip;
  }

  /**
   * Finds the arrays of the image in `ifd`, without reading them.
   *
   * @throws {RasterError} if one is missing, shorter than the number of tiles, not of whole numbers, or not inside the
   * file, and can't be done without.
   */
  static of(source: ByteSource, ifd: Ifd, image: { layout: ImageLayout; littleEndian: boolean }): TileIndex {
    const { layout, littleEndian } = image;
    const [own, other] = layout.tiled ? [TILE_TAGS, STRIP_TAGS] as const : [STRIP_TAGS, TILE_TAGS] as const;
    // Some writers of tiles use the strips' tags, or the other way round; libtiff takes either.
    const offsetTag = ifd.has(own.offsets) || !ifd.has(other.offsets) ? own.offsets : other.offsets;
    const countTag = ifd.has(own.byteCounts) || !ifd.has(other.byteCounts)
      ? own.byteCounts
      : other.byteCounts;
    const tilesAPlane = layout.tilesAcross * layout.tilesDown;
    const tiles = tilesAPlane * layout.planes;
    const pages = (tag: number, least: number) => {
      const entry = ifd.entry(tag);
      if (entry !== undefined && entry.count >= least && WHOLE_NUMBER_TYPES.has(entry.type)) {
        return new NumberPages(source, entry, littleEndian);
      }
      const what = entry !== undefined && !WHOLE_NUMBER_TYPES.has(entry.type)
        ? `is of field type ${entry.type}, not of whole numbers`
        : `has ${entry?.count ?? 0} values`;
      throw new RasterError(
        `'${source.name}' is damaged: ${tagName(tag)} ${what} for ${tiles} ` +
          `${layout.tiled ? "tiles" : "strips"} of ${layout.tileWidth} x ${layout.tileHeight} pixels`,
      );
    };
    const isNeeded = layout.compression !== COMPRESSION.NONE && tilesAPlane > 1;
    const offsets = pages(offsetTag, tiles);
    const byteCounts = isNeeded
      ? pages(countTag, 1)
      : usablePages(source, ifd, { tag: countTag, littleEndian });
    return new TileIndex(
      source,
      { offsets, byteCounts, places: ifd.places() },
      !layout.tiled && tiles === 1,
    );
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

  /**
   * Where a loaded tile begins; undefined for one that the file leaves out, as sparse files do: its byte count is 0. Of
   * an image that is one strip a count of 0 with an offset is a writer's slip, as libtiff takes it.
   *
   * @throws {RasterError} if the offset can't be one.
   */
  offset(index: number): number | undefined {
    const offset = this.#offsets.get(index)!;
    const byteCount = this.#byteCounts?.get(index);
    if (byteCount === 0 && !(this.#isOneStrip && offset > 0)) return undefined;
    if (offset === 0 && byteCount === undefined) return undefined;
    if (offset > 0) return offset;
    throw new RasterError(
      `'${this.#name}' is damaged: tile or strip ${index} is said to be at byte ${offset}, but has a length; ` +
        "get a good copy of it",
    );
  }

  /** How many bytes a loaded tile has in the file; where the file does not say, how many it can have. */
  byteCount(index: number): number {
    const byteCount = this.#byteCounts?.get(index) ?? 0;
    return byteCount > 0 ? byteCount : this.bytesToNext(index);
  }

  /** How many bytes there are from a loaded tile to what comes next: another one, the directory's values, the file's end. */
  bytesToNext(index: number): number {
    const offset = this.#offsets.get(index)!;
    const next = this.#offsets.get(index + 1) ?? 0;
    const ends = [next, ...this.#bounds].filter((end) => end > offset);
    return ends.length === 0 ? 0 : Math.min(...ends) - offset;
  }
}

const TILE_TAGS = { offsets: TAG.TileOffsets, byteCounts: TAG.TileByteCounts } as const;
const STRIP_TAGS = { offsets: TAG.StripOffsets, byteCounts: TAG.StripByteCounts } as const;

/** The numbers of a field that can be done without: undefined if it is not there or of no use. */
function usablePages(
  source: ByteSource,
  ifd: Ifd,
  { tag, littleEndian }: { tag: number; littleEndian: boolean },
): NumberPages | undefined {
  const { entry } = ifd.entryOrDamage(tag);
  if (entry === undefined || !WHOLE_NUMBER_TYPES.has(entry.type)) return undefined;
  return new NumberPages(source, entry, littleEndian);
}

/**
 * Rows of one tile or strip that lie in the image, and their bytes: all that is decoded of it. The last strip ends with
 * the image, and some writers cut the lowest tiles there, too.
 */
export function tileSize(layout: ImageLayout, tileRow: number): { rows: number; byteLength: number } {
  const { tileWidth, tileHeight, height, samples, dataType } = layout;
  const rows = Math.min(tileHeight, height - tileRow * tileHeight);
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
      if (count <= 0) break;
      const bytes = this.#source.read(this.#entry.valueOffset + start * size, count * size);
      if (bytes instanceof Promise) pending.push(bytes.then((bytes) => this.#keep(page, bytes)));
      else this.#keep(page, bytes);
    }
    return pending.length === 0 ? undefined : Promise.all(pending).then(() => {});
  }

  /** A loaded number; undefined beyond the end of a field that is too short. */
  get(index: number): number | undefined {
    return this.#pages.get(Math.floor(index / PAGE_NUMBERS))?.[index % PAGE_NUMBERS];
  }

  #keep(page: number, bytes: Uint8Array<ArrayBuffer>): void {
    const numbers = decodeNumbers(this.#source, this.#entry, { bytes, littleEndian: this.#littleEndian });
    this.#pages.set(page, numbers);
  }
}
