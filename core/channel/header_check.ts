/**
 * Looks through a header's msgpack before anything is made of it: the decoder makes room for as many entries as a list says
 * that it has, and lists may stand in one another.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import { ObjectShapes } from "./object_shapes.ts";

/** The most lists and maps in one another. A user's values may be nested deeper than the library's default of 100. */
export const MAX_HEADER_DEPTH = 2000;

/** What the values of one header may take in memory, bytes. */
const MAX_MEMORY = 512 << 20;
/** What V8 takes for values, roughly: an entry of a list or map, a list or map itself, a text, a typed array. */
const ENTRY_BYTES = 8;
const CONTAINER_BYTES = 64;
const TEXT_BYTES = 32;
const ARRAY_BYTES = 160;

const Kind = { NUMBER: 0, TEXT: 1, EXTENSION: 2, LIST: 3, MAP: 4, NONE: 5 } as const;

// Three tables by a value's first byte, after the overview of formats in the specification of msgpack.
/** What it is. */
const kinds = new Uint8Array(256);
/** How many bytes behind it hold a size. */
const sizeBytes = new Uint8Array(256);
/** The size without those: entries, or bytes of the value. */
const fixedSizes = new Uint8Array(256);

function describe(
  first: number,
  last: number,
  row: { kind: number; size?: number; sizeBytes?: number },
): void {
  kinds.fill(row.kind, first, last + 1);
  sizeBytes.fill(row.sizeBytes ?? 0, first, last + 1);
  fixedSizes.fill(row.size ?? 0, first, last + 1);
}

for (let size = 0; size < 16; size++) {
  describe(0x80 + size, 0x80 + size, { kind: Kind.MAP, size });
  describe(0x90 + size, 0x90 + size, { kind: Kind.LIST, size });
}
for (let size = 0; size < 32; size++) describe(0xa0 + size, 0xa0 + size, { kind: Kind.TEXT, size });
// No value at all, and bytes, which go as parts.
describe(0xc1, 0xc1, { kind: Kind.NONE });
describe(0xc4, 0xc6, { kind: Kind.NONE });
for (let power = 0; power < 3; power++) {
  // An extension's type is a byte of its own.
  describe(0xc7 + power, 0xc7 + power, { kind: Kind.EXTENSION, sizeBytes: 1 << power, size: 1 });
  describe(0xd9 + power, 0xd9 + power, { kind: Kind.TEXT, sizeBytes: 1 << power });
}
describe(0xca, 0xca, { kind: Kind.NUMBER, size: 4 });
describe(0xcb, 0xcb, { kind: Kind.NUMBER, size: 8 });
for (let power = 0; power < 4; power++) {
  describe(0xcc + power, 0xcc + power, { kind: Kind.NUMBER, size: 1 << power });
  describe(0xd0 + power, 0xd0 + power, { kind: Kind.NUMBER, size: 1 << power });
}
for (let power = 0; power < 5; power++) {
  describe(0xd4 + power, 0xd4 + power, { kind: Kind.EXTENSION, size: 1 + (1 << power) });
}
for (let power = 1; power < 3; power++) {
  describe(0xdb + power, 0xdb + power, { kind: Kind.LIST, sizeBytes: 1 << power });
  describe(0xdd + power, 0xdd + power, { kind: Kind.MAP, sizeBytes: 1 << power });
}

/** A header of this length can't have too many names. */
const SMALL_HEADER_BYTES = 256 << 10;

/** By open list or map: how many values are still due once it is complete. */
const dueBehind = new Float64Array(MAX_HEADER_DEPTH);

/**
 * Checks that a header is one whole value of msgpack, that its lists and maps have no more entries than bytes can follow, and
 * that they are nested no deeper, and take no more memory, than they may. It takes time in proportion to the header's length.
 *
 * @throws {ProtocolError} if it is not.
 */
export function checkHeader(bytes: Uint8Array): void {
  const end = bytes.byteLength;
  const shapes = end > SMALL_HEADER_BYTES ? new ObjectShapes() : undefined;
  let at = 0;
  // Values that are still to come, in all open lists and maps.
  let due = 1;
  let depth = 0;
  let memory = 0;
  while (due > 0 && at < end) {
    const head = bytes[at++]!;
    // Names and values take turns, so that of an open map an even number is due before each name.
    const isName = shapes?.isObject(depth - 1) && (due - dueBehind[depth - 1]!) % 2 === 0;
    due--;
    const kind = kinds[head]!;
    let size = 0;
    for (let left = sizeBytes[head]!; left > 0; left--) size = size * 256 + (bytes[at++] ?? Infinity);
    size += fixedSizes[head]!;
    if (isName && kind !== Kind.TEXT) throw new ProtocolError("The peer sent a name that is no text");
    if (isName) shapes!.addName(depth - 1, bytes, { start: at, end: Math.min(end, at + size) });
    if (kind < Kind.LIST) {
      at += size;
      if (kind === Kind.TEXT) memory += TEXT_BYTES + 2 * size;
      else if (kind === Kind.EXTENSION) memory += ARRAY_BYTES;
    } else if (kind === Kind.NONE) {
      throw new ProtocolError("The peer sent a header with a value of unknown type");
    } else {
      const entries = kind === Kind.MAP ? 2 * size : size;
      memory += CONTAINER_BYTES + ENTRY_BYTES * entries;
      if (entries > 0) {
        if (depth === MAX_HEADER_DEPTH) throw tooDeep();
        shapes?.begin(depth, kind === Kind.MAP);
        dueBehind[depth++] = due;
        due += entries;
        // Each entry takes a byte at least.
        if (due > end - at) throw cutOff();
      }
    }
    while (depth > 0 && due === dueBehind[depth - 1]) depth--;
  }
  if (due > 0 || at !== end) throw cutOff();
  if (memory > MAX_MEMORY) throw tooLarge(memory);
}

function tooDeep(): ProtocolError {
  return new ProtocolError(`The peer sent values that are nested deeper than ${MAX_HEADER_DEPTH} levels`);
}

function cutOff(): ProtocolError {
  return new ProtocolError("The peer sent a header whose lists and texts contradict its length");
}

function tooLarge(memory: number): ProtocolError {
  const [taken, most] = [memory, MAX_MEMORY].map((bytes) => Math.round(bytes / 2 ** 20));
  return new ProtocolError(`The peer sent values that take ${taken} MiB of memory; ${most} MiB are the most`);
}
