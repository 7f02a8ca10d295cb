/**
 * The nodata value as text: GDAL_NODATA (tag 42113).
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import type { DataType } from "../data_type.ts";
import { nodataOfType } from "../nodata_pixel.ts";

/**
 * The nodata value that `text` stands for in a file of `dataType`; null if it is no number. A bigint for
 * 64-bit integers, where null also means that no pixel can have the value; for float32 the nearest
 * float32, since that is what the pixels hold.
 */
export function parseNodata(text: string, dataType: DataType): number | bigint | null {
  if (dataType === "int64" || dataType === "uint64") return parseWhole(text, dataType);
  const value = parseDouble(text);
  return value !== null && dataType === "float32" ? Math.fround(value) : value;
}

/**
 * The nodata value as GDAL writes it: C's %.17g, "nan", "inf"; for 64-bit integers all digits.
 *
 * @throws {ConfigError} if a 64-bit type's value is no whole number of its range: GDAL could not read it back.
 */
export function nodataText(nodata: number | bigint, dataType: DataType): string {
  if (dataType === "int64" || dataType === "uint64") {
    const held = nodataOfType(nodata, dataType);
    if (held !== undefined) return String(held);
    throw new ConfigError(
      `Nodata value ${nodata} is not a whole number that ${dataType} can hold; give another`,
    );
  }
  return typeof nodata === "bigint" ? String(nodata) : formatDouble(nodata);
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

/** No number is longer; what a file says beyond it is not looked at. */
export const MAX_NUMBER_CHARS = 512;
/** GDAL looks for a decimal comma this far. */
const COMMA_WITHIN_CHARS = 50;

const SPECIAL = /^([+-]?)(?:(nan)|(?:1\.#)?(inf)|1\.#(?:[qs]nan|ind))/i;
const HEXADECIMAL = /^([+-]?)0x([\da-f]*)(?:\.([\da-f]*))?(?:p([+-]?\d+))?/i;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/i;

/**
 * The number that a text begins with, as GDAL reads it (CPLAtofM over C's strtod): the decimal sign is a point or, if
 * it comes first, a comma; hexadecimal numbers and the names of NaN and infinity of several C libraries are numbers; what
 * follows is passed over. null for a text that begins with no number, which GDAL takes as 0.
 */
function parseDouble(text: string): number | null {
  const start = text.slice(0, MAX_NUMBER_CHARS).trimStart();
  const sign = /[.,]/.exec(start.slice(0, COMMA_WITHIN_CHARS))?.[0];
  const number = sign === "," ? start.replaceAll(".", " ").replace(",", ".") : start;
  const special = SPECIAL.exec(number);
  if (special !== null) {
    if (special[3] === undefined) return NaN;
    return special[1] === "-" ? -Infinity : Infinity;
  }
  const hexadecimal = HEXADECIMAL.exec(number);
  if (hexadecimal !== null) return hexadecimalValue(hexadecimal);
  const decimal = DECIMAL.exec(number);
  return decimal === null ? null : Number(decimal[0]);
}

function hexadecimalValue([, sign, whole = "", fraction = "", exponent = "0"]: RegExpExecArray): number {
  const digits = Number(BigInt(`0x0${whole}${fraction}`));
  const value = digits * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === "-" ? -value : value;
}

function parseWhole(text: string, dataType: "int64" | "uint64"): number | bigint | null {
  const digits = /^\+?(-?\d{1,20})(?!\d)/.exec(text.slice(0, MAX_NUMBER_CHARS).trimStart())?.[1];
  return digits === undefined ? null : nodataOfType(BigInt(digits), dataType) ?? null;
}
