/**
 * The check that every read goes through.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";

/**
 * Throws unless `byteLength` bytes from `offset` on lie inside `source`.
 *
 * @throws {RasterError} that says the file is truncated or damaged.
 */
export function checkRange(
  source: { readonly name: string; readonly byteLength: number },
  offset: number,
  byteLength: number,
): void {
  if (
    Number.isSafeInteger(offset) && offset >= 0 && byteLength >= 0 && offset + byteLength <= source.byteLength
  ) {
    return;
  }
  throw new RasterError(
    `'${source.name}' is truncated or damaged: it refers to bytes ${offset} to ${offset + byteLength - 1}, ` +
      `but has only ${source.byteLength}; get a whole copy of it`,
  );
}
