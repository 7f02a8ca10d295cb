/**
 * The nodata value as text (tag 42113, GDAL_NODATA) and as a pixel.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import { type DataType, INTEGER_RANGES } from "../data_type.ts";

/**
 * The nodata value as GDAL writes it: C's %.17g, "nan", "inf"; for 64-bit integers all digits.
 *
 * @throws {ConfigError} if a 64-bit type's value is no whole number of its range: GDAL could not read it back.
 */
export function nodataText(nodata: number | bigint, dataType: DataType): string {
  if (dataType === "int64" || dataType === "uint64") {
    const [least, greatest] = INTEGER_RANGES[dataType]!;
    const whole = typeof nodata === "bigint" ? nodata : Number.isInteger(nodata) ? BigInt(nodata) : undefined;
    if (whole === undefined || whole < least || whole > greatest) {
      throw new ConfigError(
        `Nodata value ${nodata} is not a whole number that ${dataType} can hold; give another`,
      );
    }
    return String(whole);
  }
  return typeof nodata === "bigint" ? String(nodata) : formatDouble(nodata);
}

/**
 * The pixel that stands for nodata: 0 without one, else converted as GDAL does when it fills a tile that is not in
 * the file (whole-number types round half away from zero and clamp, NaN becomes 0). A bigint for 64-bit types.
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

/** C's printf("%.17g"), which is exact for a double. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponentText = ""] = value.toExponential(16).split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 17) return stripZeros(value.toPrecision(17));
  const sign = exponent < 0 ? "-" : "+";
  return `${stripZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function stripZeros(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
