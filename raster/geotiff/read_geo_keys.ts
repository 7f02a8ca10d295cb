/**
 * The coordinate system's three tags, as a file has them.
 *
 * @module
 */
import type { GeoKeys } from "../raster_info.ts";
import { byteString } from "./geo_text.ts";
import type { Ifd } from "./ifd.ts";
import { FIELD_TYPE, TAG } from "./tags.ts";

/** Field types of which libtiff takes shorts. */
const WHOLE_NUMBERS: ReadonlySet<number> = new Set([
  ...[FIELD_TYPE.BYTE, FIELD_TYPE.SBYTE, FIELD_TYPE.SHORT, FIELD_TYPE.SSHORT],
  ...[FIELD_TYPE.LONG, FIELD_TYPE.SLONG, FIELD_TYPE.LONG8, FIELD_TYPE.SLONG8],
]);
/** Field types of which libtiff takes doubles. */
const NUMBERS: ReadonlySet<number> = new Set([
  ...WHOLE_NUMBERS,
  ...[FIELD_TYPE.RATIONAL, FIELD_TYPE.SRATIONAL, FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE],
]);
/** Field types of which libtiff takes text. */
const TEXTS: ReadonlySet<number> = new Set([...WHOLE_NUMBERS, FIELD_TYPE.ASCII, FIELD_TYPE.UNDEFINED]);
const MAX_SHORT = 65535;
/** The only version of the directory that there is (OGC 19-008r4, section 7.1.1). */
const DIRECTORY_VERSION = 1;
/** libgeotiff takes no more. */
const MAX_KEYS = 256;

/** Keys, whose offsets and counts are shorts, reach no further in any type. */
const MAX_TEXT_BYTES = 8 * 2 * (MAX_SHORT + 1);

/**
 * The characters and numbers of all keys together. Keys may share them, so that a small file could claim any number; no system
 * has more than some thousand.
 */
const MAX_VALUES = 1 << 17;

/** What a file says of its coordinate system. */
export interface ReadGeoKeys {
  /** The keys; null if there are none, or none that count. */
  readonly geoKeys: GeoKeys | null;
  /** Why keys that are there don't count, in words that follow "has"; undefined if all is well. */
  readonly damage?: string;
}

/**
 * The GeoKeys of an image. As for libgeotiff, and so GDAL, they count only if all of them are sound: a directory of shorts
 * that lists no more keys than it has, whose values lie inside their lists.
 *
 * @throws {RasterError} if a tag lies outside the file.
 */
export async function readGeoKeys(ifd: Ifd): Promise<ReadGeoKeys> {
  const directory = await numbersOf(ifd, TAG.GeoKeyDirectory, WHOLE_NUMBERS);
  if (directory === undefined) {
    return ifd.has(TAG.GeoKeyDirectory)
      ? damaged("a directory of another type than shorts")
      : { geoKeys: null };
  }
  if (directory.some((value) => value < 0 || value > MAX_SHORT)) {
    return damaged("a directory of other than shorts");
  }
  const [version, , , count = 0] = directory;
  // A directory of no keys says nothing: an output must not gain one.
  if (directory.length < 4 || count === 0) return { geoKeys: null };
  if (version! > DIRECTORY_VERSION) return damaged(`a directory of version ${version}`);
  if (count > MAX_KEYS || directory.length < 4 + 4 * count) {
    return damaged(`${count} keys in a directory that has fewer`);
  }
  const geoKeys: GeoKeys = {
    directory: directory.slice(0, 4 + 4 * count),
    doubles: await numbersOf(ifd, TAG.GeoDoubleParams, NUMBERS) ?? [],
    ascii: await textOf(ifd),
  };
  if (valueCount(geoKeys) > MAX_VALUES) return damaged("keys of more values than any system has");
  const key = keyOutside(geoKeys);
  return key === undefined ? { geoKeys } : damaged(`a key ${key} whose value is not there`);
}

function damaged(what: string): ReadGeoKeys {
  return { geoKeys: null, damage: `a damaged coordinate system (${what})` };
}

/** How many characters and numbers the keys have, those that they share counted for each. */
function valueCount({ directory, ascii }: GeoKeys): number {
  let total = 0;
  for (let at = 4; at < directory.length; at += 4) {
    const [location, count, offset] = directory.slice(at + 1, at + 4) as [number, number, number];
    // A text ends where the tag does, whatever the key says.
    total += location === TAG.GeoAsciiParams ? Math.max(0, Math.min(count, ascii.length - offset)) : count;
  }
  return total;
}

/** The first key whose value lies outside its list. */
function keyOutside({ directory, doubles, ascii }: GeoKeys): number | undefined {
  for (let at = 4; at < directory.length; at += 4) {
    const [key, location, count, offset] = directory.slice(at, at + 4) as [number, number, number, number];
    const isThere = location === 0
      ? count === 1
      : location === TAG.GeoKeyDirectory
      ? offset + count <= directory.length
      : location === TAG.GeoDoubleParams
      ? offset + count <= doubles.length
      // Some writers count the NUL behind the last text, or more: the text ends where the tag does.
      : location === TAG.GeoAsciiParams && (offset < ascii.length || offset + count <= ascii.length + 1);
    if (!isThere) return key;
  }
  return undefined;
}

async function numbersOf(ifd: Ifd, tag: number, types: ReadonlySet<number>): Promise<number[] | undefined> {
  const entry = ifd.entry(tag);
  return entry !== undefined && types.has(entry.type) ? await ifd.numbers(tag) : undefined;
}

async function textOf(ifd: Ifd): Promise<string> {
  const entry = ifd.entry(TAG.GeoAsciiParams);
  if (entry === undefined || !TEXTS.has(entry.type) || entry.byteLength > MAX_TEXT_BYTES) return "";
  const isBytes = entry.byteLength === entry.count;
  const bytes = isBytes
    ? await ifd.bytes(TAG.GeoAsciiParams)
    : Uint8Array.from(await ifd.numbers(TAG.GeoAsciiParams) ?? []);
  return byteString(bytes!.at(-1) === 0 ? bytes!.subarray(0, -1) : bytes!);
}
