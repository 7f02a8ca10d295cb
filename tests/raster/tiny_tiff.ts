/**
 * TIFF files built by hand, value by value: what no writer makes, and tests that need no GDAL.
 *
 * @module
 */

/** One field; `type` is TIFF's number, values are numbers, or text for type 2. */
export type Field = readonly [tag: number, type: number, values: readonly (number | bigint)[] | string];

/** What to build. Offsets of chunks are filled in. */
export interface TinyTiff {
  /** Default true. */
  littleEndian?: boolean;
  /** Default false. */
  bigTiff?: boolean;
  /** Directories in order of the chain. */
  directories: readonly TinyDirectory[];
  /** Makes the last directory point here in place of 0. */
  lastNextOffset?: number | "first";
}

/** One directory. */
export interface TinyDirectory {
  /** Fields but for offsets and byte counts. */
  fields: readonly Field[];
  /** Encoded tiles or strips; undefined for one that is left out. */
  chunks?: readonly (Uint8Array | undefined)[];
  /** Whether the chunks are tiles. */
  tiled?: boolean;
}

const SIZES: Record<number, number> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
};

/** The file's bytes: header, then for each directory its chunks, long values, and entries. */
export function buildTiff(tiff: TinyTiff): Uint8Array<ArrayBuffer> {
  const le = tiff.littleEndian ?? true;
  const big = tiff.bigTiff ?? false;
  const out: number[] = [];
  const put = (value: number | bigint, bytes: number, at = out.length) => {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (let i = 0; i < bytes; i++, rest >>= 8n) out[at + (le ? i : bytes - 1 - i)] = Number(rest & 255n);
  };
  const values = (type: number, list: readonly (number | bigint)[] | string) => {
    if (typeof list === "string") return [...new TextEncoder().encode(list), 0];
    const bytes = new DataView(new ArrayBuffer(list.length * SIZES[type]!));
    list.forEach((value, i) => {
      const at = i * SIZES[type]!;
      if (type === 12) bytes.setFloat64(at, Number(value), le);
      else if (type === 11) bytes.setFloat32(at, Number(value), le);
      else if (type === 16) bytes.setBigUint64(at, BigInt(value), le);
      else if (type === 4 || type === 13) bytes.setUint32(at, Number(value), le);
      else if (type === 3) bytes.setUint16(at, Number(value), le);
      else bytes.setUint8(at, Number(value));
    });
    return [...new Uint8Array(bytes.buffer)];
  };
  out.push(...(le ? [0x49, 0x49] : [0x4d, 0x4d]));
  put(big ? 43 : 42, 2);
  if (big) {
    put(8, 2);
    put(0, 2);
  }
  const word = big ? 8 : 4;
  let link = out.length;
  put(0, word);
  let first = 0;
  for (const { fields, chunks = [], tiled = false } of tiff.directories) {
    const offsets = chunks.map((chunk) => {
      if (chunk === undefined) return 0;
      const at = out.length;
      for (const byte of chunk) out.push(byte);
      return at;
    });
    const counts = chunks.map((chunk) => chunk?.length ?? 0);
    const all: Field[] = [...fields];
    if (chunks.length > 0) {
      all.push([tiled ? 324 : 273, big ? 16 : 4, offsets], [tiled ? 325 : 279, 4, counts]);
    }
    all.sort((a, b) => a[0] - b[0]);
    const places = all.map(([, type, list]) => {
      const bytes = values(type, list);
      if (bytes.length <= word) return { bytes, count: bytes.length / SIZES[type]!, offset: -1 };
      if (out.length % 2) out.push(0);
      const offset = out.length;
      for (const byte of bytes) out.push(byte);
      return { bytes, count: bytes.length / SIZES[type]!, offset };
    });
    if (out.length % 2) out.push(0);
    put(out.length, word, link);
    first ||= out.length;
    put(all.length, big ? 8 : 2);
    all.forEach(([tag, type], i) => {
      const { bytes, count, offset } = places[i]!;
      put(tag, 2);
      put(type, 2);
      put(count, word);
      if (offset >= 0) put(offset, word);
      else out.push(...bytes, ...new Array<number>(word - bytes.length).fill(0));
    });
    link = out.length;
    put(0, word);
  }
  if (tiff.lastNextOffset !== undefined) {
    put(tiff.lastNextOffset === "first" ? first : tiff.lastNextOffset, word, link);
  }
  return Uint8Array.from(out);
}

/** The fields of a plain image; `extra` fields replace those of the same tag. */
export function imageFields(
  size: {
    width: number;
    height: number;
    bits?: number;
    bands?: number;
    format?: number;
    rowsPerStrip?: number;
  },
  extra: readonly Field[] = [],
): Field[] {
  const { width, height, bits = 8, bands = 1, format = 1, rowsPerStrip } = size;
  const fields: Field[] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, new Array<number>(bands).fill(bits)],
    [259, 3, [1]],
    [262, 3, [1]],
    [277, 3, [bands]],
    [339, 3, new Array<number>(bands).fill(format)],
  ];
  if (rowsPerStrip !== undefined) fields.push([278, 4, [rowsPerStrip]]);
  const replaced = new Set(extra.map(([tag]) => tag));
  return [...fields.filter(([tag]) => !replaced.has(tag)), ...extra];
}

/**
 * A copy of `bytes`, a little-endian classic TIFF of one directory, whose field `tag` gets another tag, type, count or
 * first value.
 */
export function changeField(
  bytes: Uint8Array<ArrayBuffer>,
  tag: number,
  to: { tag?: number; type?: number; count?: number; firstValue?: number },
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const directory = view.getUint32(4, true);
  for (let i = 0; i < view.getUint16(directory, true); i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, true) !== tag) continue;
    const type = view.getUint16(entry + 2, true);
    const isInline = SIZES[type]! * view.getUint32(entry + 4, true) <= 4;
    const value = isInline ? entry + 8 : view.getUint32(entry + 8, true);
    if (to.firstValue !== undefined) {
      if (type === 3) view.setUint16(value, to.firstValue, true);
      else view.setUint32(value, to.firstValue, true);
    }
    if (to.count !== undefined) view.setUint32(entry + 4, to.count, true);
    if (to.type !== undefined) view.setUint16(entry + 2, to.type, true);
    if (to.tag !== undefined) view.setUint16(entry, to.tag, true);
    return copy;
  }
  throw new Error(`no field ${tag}`);
}
