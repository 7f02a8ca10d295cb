/**
 * Results as JSON, also where they hold what JSON can't.
 *
 * @module
 */

/**
 * One line of JSON. Bigints become numbers where a double holds them and strings where it doesn't; typed arrays and
 * sets become arrays, maps with string keys objects and others lists of pairs; NaN and infinities become null.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === "bigint") {
      return Number.isSafeInteger(Number(item)) ? Number(item) : String(item);
    }
    if (ArrayBuffer.isView(item) && !(item instanceof DataView)) return Array.from(item as Uint8Array);
    if (item instanceof Set) return [...item];
    if (item instanceof Map) {
      const entries = [...item];
      return entries.every(([key]) => typeof key === "string") ? Object.fromEntries(entries) : entries;
    }
    return item;
  });
}
