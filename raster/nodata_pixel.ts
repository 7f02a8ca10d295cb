/**
 * Nodata values as pixels of a type hold them.
 *
 * @module
 */
import type { DataType, PixelArray } from "./data_type.ts";

/**
 * The user's nodata value as it compares with pixels of `dataType`: the nearest float32 for float32, a bigint for
 * 64-bit integers. What no pixel can be stays as it is; in 64-bit integers it is null, as for a file's own value.
 */
export function nodataOfType(nodata: number | bigint | null, dataType: DataType): number | bigint | null {
  if (nodata === null) return null;
  if (dataType === "float32") return Math.fround(Number(nodata));
  if (dataType !== "int64" && dataType !== "uint64") return Number(nodata);
  if (typeof nodata === "number" && !Number.isInteger(nodata)) return null;
  const whole = BigInt(nodata);
  const held = dataType === "int64" ? BigInt.asIntN(64, whole) : BigInt.asUintN(64, whole);
  return held === whole ? whole : null;
}

/** Fills a zeroed array with the nodata value; leaves it 0 where there is none, or the type can't hold it. */
export function fillWithNodata(data: PixelArray, nodata: number | bigint | null): void {
  if (nodata === null || data.length === 0) return;
  const first = data.subarray(0, 1);
  first.fill(nodata as never);
  if (first[0] === nodata || Number.isNaN(first[0])) data.fill(nodata as never);
  else first.fill((typeof nodata === "bigint" ? 0n : 0) as never);
}
