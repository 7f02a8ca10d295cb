/**
 * Values of options: numbers, sizes, choices, pixel types and nodata values.
 *
 * @module
 */
import { didYouMean } from "../core/closest_name.ts";
import { ConfigError } from "../core/errors.ts";
import { DATA_TYPES, type DataType, isDataType } from "../raster/data_type.ts";

/**
 * A whole number.
 *
 * @throws {ConfigError} if it is none, or lies outside `range`.
 */
export function parseCount(option: string, text: string, range: { min: number; max?: number }): number {
  const { min, max = Number.MAX_SAFE_INTEGER } = range;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) {
    const upTo = max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : " or more";
    throw new ConfigError(`--${option} takes a whole number, ${min}${upTo}, not '${text}'`);
  }
  return value;
}

/**
 * Seconds, more than 0; undefined for `none`.
 *
 * @throws {ConfigError} if it is neither.
 */
export function parseSeconds(option: string, text: string): number | undefined {
  if (text === "none") return undefined;
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value > 0 && Number.isFinite(value))) {
    throw new ConfigError(`--${option} takes seconds, more than 0, or none, not '${text}'`);
  }
  return value;
}

/**
 * `WxH`, or one number for a square, in pixels.
 *
 * @throws {ConfigError} if it is neither.
 */
export function parseWindow(option: string, text: string): { width: number; height: number } {
  const [, width, height = width] = /^(\d+)(?:[xX×](\d+))?$/.exec(text) ?? [];
  const size = { width: Number(width), height: Number(height) };
  if (!(size.width > 0 && size.height > 0 && Number.isSafeInteger(size.width * size.height))) {
    throw new ConfigError(`--${option} takes a width and a height in pixels, such as 512x256, not '${text}'`);
  }
  return size;
}

/**
 * One of a few words.
 *
 * @throws {ConfigError} if it is none of them.
 */
export function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (choice === undefined) {
    throw new ConfigError(
      `--${option} takes ${choices.join(", ")}, not '${text}'${didYouMean(text, choices)}`,
    );
  }
  return choice;
}

/**
 * A pixel type, by blockfleet's name or GDAL's, in any case.
 *
 * @throws {ConfigError} if there is no such type.
 */
export function parseDataType(option: string, text: string): DataType {
  const name = text.toLowerCase();
  if (isDataType(name)) return name;
  const types = Object.entries(DATA_TYPES) as [DataType, { gdalName: string }][];
  const byGdalName = types.find(([, { gdalName }]) => gdalName.toLowerCase() === name);
  if (byGdalName) return byGdalName[0];
  const names = types.map(([type]) => type);
  throw new ConfigError(
    `--${option} takes ${names.join(", ")}, not '${text}'${didYouMean(text, names)}`,
  );
}

/**
 * A nodata value: a number, `nan`, `inf`, `-inf`, or null for `none`. A whole number that a double can't hold is a
 * bigint.
 *
 * @throws {ConfigError} if it is none of these.
 */
export function parseNoData(option: string, text: string): number | bigint | null {
  switch (text.toLowerCase()) {
    case "none":
      return null;
    case "nan":
      return NaN;
    case "inf":
    case "+inf":
      return Infinity;
    case "-inf":
      return -Infinity;
  }
  const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(value)) {
    throw new ConfigError(`--${option} takes a number, nan, inf or none, not '${text}'`);
  }
  const isWhole = /^[+-]?\d+$/.test(text);
  return isWhole && !Number.isSafeInteger(value) ? BigInt(text.replace("+", "")) : value;
}

/**
 * A nodata value as {@linkcode parseNoData} takes it, or with commas one a layer.
 *
 * @throws {ConfigError} for anything else.
 */
export function parseLayersNoData(
  option: string,
  text: string,
): number | bigint | null | (number | bigint | null)[] {
  if (!text.includes(",")) return parseNoData(option, text);
  return text.split(",").map((value) => parseNoData(option, value.trim()));
}

/**
 * Band numbers, counting from 1, with commas.
 *
 * @throws {ConfigError} if one is not a whole number of at least 1.
 */
export function parseBands(option: string, text: string): number[] {
  return text.split(",").map((band) => parseCount(option, band.trim(), { min: 1, max: 65535 }));
}

/**
 * A number of workers, `N`, or from a least to a greatest, `MIN:MAX`, as `apply()` takes them.
 *
 * @throws {ConfigError} if it is neither.
 */
export function parseWorkers(
  option: string,
  text: string,
): { numComputeWorkers: number; minComputeWorkers?: number } {
  if (!text.includes(":")) return { numComputeWorkers: parseCount(option, text, { min: 0 }) };
  const [, least, most] = /^(\d+):(\d+)$/.exec(text) ?? [];
  const range = { minComputeWorkers: Number(least), numComputeWorkers: Number(most) };
  const isRange = range.minComputeWorkers >= 1 && range.minComputeWorkers <= range.numComputeWorkers;
  if (isRange && Number.isSafeInteger(range.numComputeWorkers)) return range;
  throw new ConfigError(
    `--${option} takes a number, or the least and the most, such as 20:200, not '${text}'`,
  );
}
