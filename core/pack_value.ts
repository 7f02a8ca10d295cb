/**
 * Values on their way between manager and workers: plain data with the typed arrays taken out as parts.
 *
 * @module
 */
import { ConfigError, cutText } from "./errors.ts";
import type { Payload } from "./payload.ts";

const ARRAY_TYPES = {
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
} as const;

type ArrayTypeName = keyof typeof ARRAY_TYPES;

// Every object in a packed header stands under a tag, so that a user's own keys can't be mistaken for one.
type Packed =
  | null
  | undefined
  | boolean
  | number
  | string
  // Neither survives msgpack as itself, nor JSON.
  | { readonly t: "undefined" | "-0" }
  | { readonly t: "bigint"; readonly v: string }
  | { readonly t: "date"; readonly v: number }
  | { readonly t: "list"; readonly v: readonly Packed[] }
  | { readonly t: "object"; readonly v: readonly (readonly [string, Packed])[] }
  | { readonly t: "map"; readonly v: readonly (readonly [Packed, Packed])[] }
  | { readonly t: "set"; readonly v: readonly Packed[] }
  | { readonly t: "array"; readonly type: ArrayTypeName; readonly part: number };

/** How deep lists, objects, maps and sets may stand in one another: packing, sending and copying go down into them. */
const MAX_DEPTH = 600;
/** The longest bigint, digits: it takes milliseconds to read one, and minutes to read one of as many bytes as a worker may send. */
const MAX_DIGITS = 100_000;
/** The longest path that an error names, characters. */
const MAX_PATH = 80;

/**
 * Packs a value: null, undefined, booleans, numbers, strings, bigints, dates, lists, plain objects, maps, sets and typed
 * arrays, nested as you like. Typed arrays are copied, so that the value stays the caller's.
 *
 * @param what the value's name in an error, such as `otherArgs`.
 * @param receiver to whom it would be sent, in an error.
 * @throws {ConfigError} for anything else (functions, class instances, cycles), with the path to it, and for what is nested
 *   deeper than 600 levels.
 */
export function packValue(
  value: unknown,
  what: string,
  receiver: "a worker" | "the manager" = "a worker",
): Payload {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const above = new Set<object>();

  function pack(item: unknown, path: string): Packed {
    if (item === undefined) return above.size === 0 ? undefined : { t: "undefined" };
    if (item === null || typeof item === "boolean" || typeof item === "string") return item;
    if (typeof item === "number") return Object.is(item, -0) ? { t: "-0" } : item;
    if (typeof item === "bigint") return packBigInt(item, path);
    if (typeof item !== "object") throw refusal(path, `a ${typeof item}`);
    if (ArrayBuffer.isView(item)) return packArray(item, path);
    if (item instanceof Date) return { t: "date", v: item.getTime() };
    if (above.has(item)) throw refusal(path, "a reference to itself");
    if (above.size === MAX_DEPTH) {
      throw new ConfigError(
        `${what} is nested deeper than ${MAX_DEPTH} levels (${path.slice(0, MAX_PATH)}...): make it flatter`,
      );
    }
    above.add(item);
    const packed = packContainer(item, path);
    above.delete(item);
    return packed;
  }

  function packContainer(item: object, path: string): Packed {
    if (Array.isArray(item)) return { t: "list", v: item.map((entry, i) => pack(entry, `${path}[${i}]`)) };
    if (item instanceof Map) {
      return {
        t: "map",
        v: [...item].map(([k, v]) => [
          pack(k, `${path} (key)`),
          pack(v, `${path}.get(${typeof k === "object" ? "..." : String(k)})`),
        ]),
      };
    }
    if (item instanceof Set) return { t: "set", v: [...item].map((entry) => pack(entry, `${path} (entry)`)) };
    const prototype = Object.getPrototypeOf(item);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw refusal(path, `an instance of ${prototype.constructor?.name || "a class"}`);
    }
    return { t: "object", v: Object.entries(item).map(([key, v]) => [key, pack(v, `${path}.${key}`)]) };
  }

  function packBigInt(item: bigint, path: string): Packed {
    const digits = item.toString();
    if (digits.length > MAX_DIGITS) throw refusal(path, `a bigint of more than ${MAX_DIGITS} digits`);
    return { t: "bigint", v: digits };
  }

  function packArray(item: ArrayBufferView, path: string): Packed {
    const type = Object.prototype.toString.call(item).slice(8, -1);
    if (!Object.hasOwn(ARRAY_TYPES, type)) throw refusal(path, `a ${type}`);
    const bytes = new Uint8Array(item.byteLength);
    bytes.set(new Uint8Array(item.buffer, item.byteOffset, item.byteLength));
    parts.push(bytes);
    return { t: "array", type: type as ArrayTypeName, part: parts.length - 1 };
  }

  function refusal(path: string, found: string): ConfigError {
    return new ConfigError(
      `${
        cutText(path, MAX_PATH)
      } is ${found}, which can't be sent to ${receiver}: use plain objects, lists, maps, sets, dates, ` +
        `numbers, strings and typed arrays`,
    );
  }

  return { header: pack(value, what), parts };
}

/**
 * Gets back what {@linkcode packValue} packed. Typed arrays are views on the parts where their alignment allows.
 *
 * @throws {TypeError} if the payload was not packed by it.
 */
export function unpackValue(payload: Payload): unknown {
  function unpack(item: Packed): unknown {
    if (item === null || typeof item !== "object") return item;
    switch (item.t) {
      case "undefined":
        return undefined;
      case "-0":
        return -0;
      case "bigint":
        if (item.v.length > MAX_DIGITS) throw new TypeError("not a packed value");
        return BigInt(item.v);
      case "date":
        return new Date(item.v);
      case "list":
        return item.v.map(unpack);
      case "object": {
        // Not fromEntries on a literal: a key of "__proto__" must stay a key.
        const object: Record<string, unknown> = {};
        for (const [key, value] of item.v) {
          Object.defineProperty(object, key, {
            value: unpack(value),
            writable: true,
            enumerable: true,
            configurable: true,
          });
        }
        return object;
      }
      case "map":
        return new Map(item.v.map(([key, value]) => [unpack(key), unpack(value)]));
      case "set":
        return new Set(item.v.map(unpack));
      case "array":
        return unpackArray(item.type, item.part);
      default:
        throw new TypeError("not a packed value");
    }
  }
  const parts = [...payload.parts];

  function unpackArray(type: ArrayTypeName, index: number): ArrayBufferView {
    const constructor = ARRAY_TYPES[type];
    const part = parts[index];
    if (!constructor || !part) throw new TypeError("not a packed value");
    const size = constructor.BYTES_PER_ELEMENT;
    // A part is copied once at most, however many arrays a worker makes of it.
    const aligned = part.byteOffset % size === 0 ? part : parts[index] = part.slice();
    return new constructor(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
  }

  return unpack(payload.header as Packed);
}
