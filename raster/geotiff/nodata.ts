/**
 * GDAL_NODATA (tag 42113): a number as text.
 *
 * @module
 */
import { DATA_TYPES, type DataType, newPixelArray } from "../data_type.ts";

/**
 * The nodata value that `text` stands for in a file of `dataType`; null if it is no number. A bigint for
 * 64-bit integers, where null also means that no pixel can have the value; for float32 the nearest
 * float32, since that is what the pixels hold.
 */
export function parseNodata(text: string, dataType: DataType): number | bigint | null {
  if (dataType === "int64" || dataType === "uint64") return parseBigint(text, dataType);
  const value = parseDouble(text);
  return value !== null && dataType === "float32" ? Math.fround(value) : value;
}

/**
 * The value of pixels that a sparse file leaves out: nodata brought into the type's range as GDAL does (NaN
 * becomes 0 in integers, fractions are rounded half away from zero), or 0.
 */
export function sparseFill(nodata: number | bigint | null, dataType: DataType): number | bigint {
  if (dataType === "int64" || dataType === "uint64") return typeof nodata === "bigint" ? nodata : 0n;
  const value = Number(nodata ?? 0);
  const { sampleFormat, bytes } = DATA_TYPES[dataType];
  if (sampleFormat === 3) return value;
  if (Number.isNaN(value)) return 0;
  const bits = bytes * 8;
  const [low, high] = sampleFormat === 2 ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return Math.min(Math.max(Math.sign(value) * Math.round(Math.abs(value)), low), high);
}

function parseDouble(text: string): number | null {
  const trimmed = text.trim();
  const special = /^([+-]?)(?:(nan)|(?:1\.#)?(inf(?:inity)?)|1\.#(?:qnan|ind))/i.exec(trimmed);
  if (special !== null) {
    if (special[3] === undefined) return NaN;
    return special[1] === "-" ? -Infinity : Infinity;
  }
  // As C's strtod does, what follows the number is passed over.
  const value = Number.parseFloat(trimmed);
  return Number.isNaN(value) ? null : value;
}

function parseBigint(text: string, dataType: "int64" | "uint64"): bigint | null {
  const digits = /^\s*\+?(-?\d{1,20})(?!\d)/.exec(text)?.[1];
  if (digits === undefined) return null;
  const value = BigInt(digits);
  const pixel = newPixelArray(dataType, 1) as BigInt64Array | BigUint64Array;
  pixel[0] = value;
  return pixel[0] === value ? value : null;
}
