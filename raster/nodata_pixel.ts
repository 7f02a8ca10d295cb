/**
 * Nodata values as pixels of a type hold them.
 *
 * @module
 */
import { type DataType, INTEGER_RANGES } from "./data_type.ts";

/**
 * A nodata value as it compares with pixels of `dataType`: the nearest float32 for float32, a bigint for 64-bit
 * integers.
 *
 * @returns undefined if no pixel can have the value: it would mark nothing, and nothing could be filled with it.
 */
export function nodataOfType(nodata: number | bigint, dataType: DataType): number | bigint | undefined {
  const range = INTEGER_RANGES[dataType];
  if (!range) {
    const value = dataType === "float32" ? Math.fround(Number(nodata)) : Number(nodata);
    return Number.isFinite(value) || typeof nodata === "number" && !Number.isFinite(nodata)
      ? value
      : undefined;
  }
  if (typeof nodata === "number" && !Number.isInteger(nodata)) return undefined;
  if (nodata < range[0] || nodata > range[1]) return undefined;
  return dataType === "int64" || dataType === "uint64" ? BigInt(nodata) : Number(nodata);
}

/**
 * The pixel that stands for nodata where a file has no tile, and that pads partial ones: 0 without nodata, else converted
 * as GDAL does (whole-number types round half away from zero and clamp, NaN becomes 0). A bigint for 64-bit types.
 */
export function fillValue(nodata: number | bigint | null, dataType: DataType): number | bigint {
  const range = INTEGER_RANGES[dataType];
  if (!range) return Number(nodata ?? 0);
  let whole: bigint;
  if (typeof nodata === "bigint") whole = nodata;
  else if (nodata === null || Number.isNaN(nodata)) whole = 0n;
  else if (!Number.isFinite(nodata)) whole = nodata > 0 ? range[1] : range[0];
  else whole = BigInt(Math.sign(nodata) * Math.floor(Math.abs(nodata) + 0.5));
  if (whole < range[0]) whole = range[0];
  if (whole > range[1]) whole = range[1];
  return dataType === "int64" || dataType === "uint64" ? whole : Number(whole);
}

/** What can be the nodata value of `dataType`, for people. */
export function nodataChoice(dataType: DataType): string {
  const range = INTEGER_RANGES[dataType];
  if (range) return `a whole number from ${range[0]} to ${range[1]}, or none`;
  return `a number that ${dataType} can hold, nan, inf, -inf or none`;
}

/** A nodata value as it is written on the command line. */
export function nodataWord(nodata: number | bigint): string {
  return String(nodata).replace("NaN", "nan").replace("Infinity", "inf");
}
