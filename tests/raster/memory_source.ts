/**
 * Bytes in memory as a source that counts what is read of them.
 *
 * @module
 */
import type { ByteSource } from "../../raster/source/byte_source.ts";
import { checkRange } from "../../raster/source/check_range.ts";

/** A source of `bytes`; `reads` has offset and length of each read. With `later` it answers with promises, as HTTP does. */
export class MemorySource implements ByteSource {
  readonly name = "x.tif";
  readonly version = "1";
  readonly worthSkippingBytes: number = 0;
  readonly reads: [offset: number, byteLength: number][] = [];
  disposed = false;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #later: boolean;

  constructor(
    bytes: Uint8Array<ArrayBuffer>,
    options: { later?: boolean; worthSkippingBytes?: number } = {},
  ) {
    this.#bytes = bytes;
    this.#later = options.later ?? false;
    this.worthSkippingBytes = options.worthSkippingBytes ?? 0;
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  /** Bytes read since the last call. */
  takeByteCount(): number {
    return this.reads.splice(0).reduce((sum, [, byteLength]) => sum + byteLength, 0);
  }

  read(offset: number, byteLength: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, offset, byteLength);
    this.reads.push([offset, byteLength]);
    const bytes = this.#bytes.slice(offset, offset + byteLength);
    return this.#later ? Promise.resolve(bytes) : bytes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }
}
