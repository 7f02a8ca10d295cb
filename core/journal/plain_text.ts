/**
 * Plain data as text, to be compared and shown.
 *
 * @module
 */

/** JSON that also tells bigints, NaN, infinities and -0 apart. */
export function plainText(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (typeof item === "bigint") return `${item}n`;
    if (typeof item !== "number" || Number.isFinite(item) && !Object.is(item, -0)) return item;
    return Object.is(item, -0) ? "-0" : String(item);
  }) ?? "undefined";
}
