/**
 * Lists that are too long for one call.
 *
 * @module
 */

/** A list in pieces of at most `size`, in order. */
export function inChunks<T>(list: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < list.length; at += size) chunks.push(list.slice(at, at + size));
  return chunks;
}
