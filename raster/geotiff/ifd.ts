/**
 * The header and one image file directory of a TIFF: classic (TIFF 6.0 section 2) and BigTIFF. Every count
 * and offset is checked against the file's size before anything is allocated.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import type { ByteSource } from "../source/byte_source.ts";
import { FIELD_BYTES, FIELD_TYPE, TAG, tagName } from "./tags.ts";

/** More entries than any directory has; libtiff's limit too. */
const MAX_ENTRIES = 4096;
/** Longer fields of numbers than any but the tiles' own, which are read by pages. */
const MAX_NUMBER_BYTES = 8 << 20;
/** The fields that are looked at; others would only take memory. */
const KNOWN_TAGS: ReadonlySet<number> = new Set(Object.values(TAG));

/** The first bytes of a TIFF. */
export interface TiffHeader {
  /** Whether numbers are little-endian. */
  readonly littleEndian: boolean;
  /** Whether offsets have 8 bytes. */
  readonly bigTiff: boolean;
  /** Where the first directory is. */
  readonly firstIfdOffset: number;
}

/** One field of a directory; its values may be elsewhere in the file. */
export interface IfdEntry {
  /** Tag number. */
  readonly tag: number;
  /** Field type. */
  readonly type: number;
  /** Number of values. */
  readonly count: number;
  /** Bytes that the values take. */
  readonly byteLength: number;
  /** Where they begin in the file. */
  readonly valueOffset: number;
  /** The values themselves where they fit into the entry; else undefined. */
  readonly inline: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Reads the header.
 *
 * @throws {RasterError} if the file is not a TIFF.
 */
export async function readHeader(source: ByteSource): Promise<TiffHeader> {
  if (source.byteLength < 8) throw notTiff(source, `it has only ${source.byteLength} bytes`);
  const bytes = await source.read(0, Math.min(16, source.byteLength));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = view.getUint16(0);
  if (mark !== 0x4949 && mark !== 0x4d4d) throw notTiff(source, "it does not begin with II or MM");
  const littleEndian = mark === 0x4949;
  const version = view.getUint16(2, littleEndian);
  if (version === 42) {
    return { littleEndian, bigTiff: false, firstIfdOffset: view.getUint32(4, littleEndian) };
  }
  if (version !== 43) throw notTiff(source, `its version is ${version}, not 42 or 43`);
  if (bytes.length < 16) throw notTiff(source, `it is a BigTIFF of only ${bytes.length} bytes`);
  const offsetBytes = view.getUint16(4, littleEndian);
  if (offsetBytes !== 8 || view.getUint16(6, littleEndian) !== 0) {
    throw new RasterError(
      `'${source.name}' is a BigTIFF with offsets of ${offsetBytes} bytes, which do not exist`,
    );
  }
  return { littleEndian, bigTiff: true, firstIfdOffset: getUint64(source, view, 8, littleEndian) };
}

/** One directory: the fields that we know, by tag; values are read when they are asked for. */
export class Ifd {
  /** Where it begins in the file. */
  readonly offset: number;
  /** Where the next directory is; 0 for none, undefined if the file ends before it says so. */
  readonly nextOffset: number | undefined;
  /** Bytes that the directory takes, without the values that stand elsewhere. */
  readonly byteLength: number;
  readonly #source: ByteSource;
  readonly #header: TiffHeader;
  readonly #entries: ReadonlyMap<number, IfdEntry>;

  private constructor(
    source: ByteSource,
    header: TiffHeader,
    parts: Pick<Ifd, "offset" | "nextOffset" | "byteLength"> & { entries: ReadonlyMap<number, IfdEntry> },
  ) {
    this.#source = source;
    this.#header = header;
    this.#entries = parts.entries;
    this.offset = parts.offset;
    this.nextOffset = parts.nextOffset;
    this.byteLength = parts.byteLength;
  }

  /**
   * Reads the directory at `offset`.
   *
   * @returns the directory, or in words what is wrong with it: it does not lie inside the file, or is empty or too long.
   * @throws {RasterError} if the file can't be read.
   */
  static async read(source: ByteSource, header: TiffHeader, offset: number): Promise<Ifd | string> {
    const { bigTiff, littleEndian } = header;
    const countBytes = bigTiff ? 8 : 2;
    if (!(offset + countBytes <= source.byteLength)) return beyondEnd(source, offset, countBytes);
    const countView = viewOf(await source.read(offset, countBytes));
    const count = bigTiff
      ? Number(countView.getBigUint64(0, littleEndian))
      : countView.getUint16(0, littleEndian);
    if (count === 0 || count > MAX_ENTRIES) {
      return `the directory at byte ${offset} claims ${count} entries (1 to ${MAX_ENTRIES})`;
    }
    const entriesBytes = count * (bigTiff ? 20 : 12);
    const linkBytes = bigTiff ? 8 : 4;
    const start = offset + countBytes;
    if (start + entriesBytes > source.byteLength) return beyondEnd(source, start, entriesBytes);
    const hasLink = start + entriesBytes + linkBytes <= source.byteLength;
    const bytes = await source.read(start, entriesBytes + (hasLink ? linkBytes : 0));
    return new Ifd(source, header, {
      offset,
      entries: parseEntries(bytes.subarray(0, entriesBytes), { ...header, start }),
      nextOffset: hasLink ? getOffset(viewOf(bytes), entriesBytes, header) : undefined,
      byteLength: countBytes + bytes.length,
    });
  }

  /** The first of `tags` that the directory has without a value, or with values of a type that does not exist. */
  firstUseless(tags: readonly number[]): number | undefined {
    return tags.find((tag) => this.#entries.get(tag)?.count === 0);
  }

  /** Whether the directory has `tag`, with at least one value. */
  has(tag: number): boolean {
    return (this.#entries.get(tag)?.count ?? 0) > 0;
  }

  /**
   * The field `tag` with its place in the file checked; undefined if there is none.
   *
   * @throws {RasterError} if its values do not lie inside the file.
   */
  entry(tag: number): IfdEntry | undefined {
    const { entry, damage } = this.entryOrDamage(tag);
    if (damage === undefined) return entry;
    throw new RasterError(`'${this.#source.name}' is truncated or damaged: ${damage}`);
  }

  /** Where the directory and the values that stand elsewhere begin in the file. */
  places(): number[] {
    const elsewhere = [...this.#entries.values()].filter(({ inline }) => inline === undefined);
    return [this.offset, ...elsewhere.map(({ valueOffset }) => valueOffset)];
  }

  /** As {@linkcode entry}, but says what is wrong with a field whose values lie outside the file. */
  entryOrDamage(tag: number): { entry?: IfdEntry; damage?: string } {
    const entry = this.#entries.get(tag);
    if (entry === undefined || entry.count === 0) return {};
    if (entry.inline !== undefined || entry.valueOffset + entry.byteLength <= this.#source.byteLength) {
      return { entry };
    }
    const last = entry.valueOffset + entry.byteLength - 1;
    const damage = `${
      tagName(tag)
    } refers to bytes ${entry.valueOffset} to ${last}, but it has only ${this.#source.byteLength}`;
    return { damage };
  }

  /**
   * The bytes of `tag`'s values; undefined if there is none.
   *
   * @throws {RasterError} if they do not lie inside the file, or are more than `maxBytes`.
   */
  async bytes(tag: number, maxBytes = 64 << 20): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const entry = this.entry(tag);
    if (entry === undefined) return undefined;
    if (entry.byteLength > maxBytes) {
      throw new RasterError(
        `'${this.#source.name}' is damaged: ${
          tagName(tag)
        } has ${entry.byteLength} bytes, more than ${maxBytes}`,
      );
    }
    return entry.inline ?? await this.#source.read(entry.valueOffset, entry.byteLength);
  }

  /**
   * The numbers of `tag`; undefined if there is none. Rationals are divided.
   *
   * @throws {RasterError} if the field is not of numbers, or its values do not lie inside the file.
   */
  async numbers(tag: number): Promise<number[] | undefined> {
    const bytes = await this.bytes(tag, MAX_NUMBER_BYTES);
    if (bytes === undefined) return undefined;
    return decodeNumbers(this.#source, this.entry(tag)!, { bytes, littleEndian: this.#header.littleEndian });
  }

  /**
   * The first number of `tag`, or `fallback`.
   *
   * @throws {RasterError} as {@linkcode numbers}.
   */
  async number(tag: number, fallback: number): Promise<number> {
    return (await this.numbers(tag))?.[0] ?? fallback;
  }

  /** As {@linkcode number}, but only of a field whose values stand in the directory itself: nothing is read for it. */
  inlineNumber(tag: number, fallback: number): number {
    const entry = this.#entries.get(tag);
    if (entry?.inline === undefined || entry.count === 0 || entry.type === FIELD_TYPE.ASCII) return fallback;
    const data = { bytes: entry.inline, littleEndian: this.#header.littleEndian };
    return decodeNumbers(this.#source, entry, data)[0] ?? fallback;
  }

  /**
   * The text of `tag` as GDAL and libtiff take it, which ends at the first NUL, and here after `maxBytes` at the latest; ""
   * if there is none.
   *
   * @throws {RasterError} if it does not lie inside the file.
   */
  async cText(tag: number, maxBytes: number): Promise<string> {
    const entry = this.entry(tag);
    if (entry === undefined) return "";
    const length = Math.min(entry.byteLength, maxBytes);
    const bytes = entry.inline ?? await this.#source.read(entry.valueOffset, length);
    const end = bytes.indexOf(0);
    if (end >= 0) return decodeText(bytes.subarray(0, end));
    return decodeText(bytes, { isCut: length < entry.byteLength });
  }
}

/** Text in tags is bytes of no stated encoding: UTF-8 in practice, and Latin-1 of older writers. */
function decodeText(bytes: Uint8Array<ArrayBuffer>, { isCut = false } = {}): string {
  try {
    // The bytes of a character that the end cuts in two are left out.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** The entries that we know, from the bytes of a directory whose entries begin at byte `start` of the file. */
function parseEntries(
  bytes: Uint8Array<ArrayBuffer>,
  at: TiffHeader & { readonly start: number },
): Map<number, IfdEntry> {
  const { bigTiff, littleEndian } = at;
  const [entryBytes, valueAt, inlineBytes] = bigTiff ? [20, 12, 8] : [12, 8, 4];
  const view = viewOf(bytes);
  const entries = new Map<number, IfdEntry>();
  for (let from = 0; from < bytes.length; from += entryBytes) {
    const tag = view.getUint16(from, littleEndian);
    // As in libtiff the first of several fields with one tag counts.
    if (!KNOWN_TAGS.has(tag) || entries.has(tag)) continue;
    const type = view.getUint16(from + 2, littleEndian);
    // TIFF 6.0 section 2: readers skip fields of types that they do not know. Here they are fields without a value.
    const size = FIELD_BYTES[type] ?? 0;
    const count = size === 0 ? 0 : getOffset(view, from + 4, at);
    const byteLength = count * size;
    const fits = byteLength <= inlineBytes;
    const value = from + valueAt;
    entries.set(tag, {
      tag,
      type,
      count,
      byteLength,
      inline: fits ? bytes.slice(value, value + byteLength) : undefined,
      valueOffset: fits ? at.start + value : getOffset(view, value, at),
    });
  }
  return entries;
}

/** An offset or a count. Those beyond 2^53 lose digits, but no file is so long, so that they are refused when they are used. */
function getOffset(view: DataView, at: number, { bigTiff, littleEndian }: TiffHeader): number {
  return bigTiff ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
}

function beyondEnd(source: ByteSource, offset: number, byteLength: number): string {
  return `it refers to bytes ${offset} to ${offset + byteLength - 1}, but has only ${source.byteLength}`;
}

/**
 * The numbers of one field from its bytes.
 *
 * @throws {RasterError} if it is no field of numbers, or one does not fit into 53 bits.
 */
export function decodeNumbers(
  source: ByteSource,
  entry: Pick<IfdEntry, "tag" | "type">,
  data: { bytes: Uint8Array<ArrayBuffer>; littleEndian: boolean },
): number[] {
  const view = viewOf(data.bytes);
  const le = data.littleEndian;
  const get = ((): (at: number) => number => {
    switch (entry.type) {
      case FIELD_TYPE.BYTE:
      case FIELD_TYPE.UNDEFINED:
        return (at) => view.getUint8(at);
      case FIELD_TYPE.SBYTE:
        return (at) => view.getInt8(at);
      case FIELD_TYPE.SHORT:
        return (at) => view.getUint16(at, le);
      case FIELD_TYPE.SSHORT:
        return (at) => view.getInt16(at, le);
      case FIELD_TYPE.LONG:
      case FIELD_TYPE.IFD:
        return (at) => view.getUint32(at, le);
      case FIELD_TYPE.SLONG:
        return (at) => view.getInt32(at, le);
      case FIELD_TYPE.LONG8:
      case FIELD_TYPE.IFD8:
        return (at) => getUint64(source, view, at, le);
      case FIELD_TYPE.SLONG8:
        return (at) => Number(view.getBigInt64(at, le));
      case FIELD_TYPE.RATIONAL:
        return (at) => view.getUint32(at, le) / view.getUint32(at + 4, le);
      case FIELD_TYPE.SRATIONAL:
        return (at) => view.getInt32(at, le) / view.getInt32(at + 4, le);
      case FIELD_TYPE.FLOAT:
        return (at) => view.getFloat32(at, le);
      case FIELD_TYPE.DOUBLE:
        return (at) => view.getFloat64(at, le);
      default:
        throw new RasterError(
          `'${source.name}' is damaged: ${
            tagName(entry.tag)
          } has field type ${entry.type} instead of numbers`,
        );
    }
  })();
  const size = FIELD_BYTES[entry.type]!;
  return Array.from({ length: data.bytes.length / size }, (_, i) => get(i * size));
}

function getUint64(source: ByteSource, view: DataView, at: number, littleEndian: boolean): number {
  const value = view.getBigUint64(at, littleEndian);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RasterError(`'${source.name}' is truncated or damaged: it refers to byte or count ${value}`);
  }
  return Number(value);
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function notTiff(source: ByteSource, why: string): RasterError {
  return new RasterError(
    `'${source.name}' is not a TIFF: ${why}; give a GeoTIFF file, as gdal_translate makes of other rasters`,
  );
}
