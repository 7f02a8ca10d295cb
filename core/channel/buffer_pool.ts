/**
 * Buffers that are used again. A fresh array for each part costs half of the channel's throughput: the system has to
 * find, clear and map its pages every time.
 *
 * @module
 */
import type { Payload } from "../payload.ts";

/** Buffers come in steps of an eighth of a power of two, so that parts of about the same size share them. */
const STEPS = 8;
const LEAST_BYTES = 64 << 10;

const lenders = new WeakMap<ArrayBuffer, BufferPool>();

/** Lends buffers and takes them back. */
export class BufferPool {
  readonly #idle = new Map<number, ArrayBuffer[]>();
  readonly #mostIdleBytes: number;
  #idleBytes = 0;

  /**
   * An empty pool.
   *
   * @param mostIdleBytes what it keeps at the most; what is lent is not counted.
   */
  constructor(mostIdleBytes: number = 64 << 20) {
    this.#mostIdleBytes = mostIdleBytes;
  }

  /** Bytes that wait to be lent again. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A view of `length` bytes on a buffer of the pool, with whatever was in it before. */
  lend(length: number): Uint8Array<ArrayBuffer> {
    const size = sizeClass(length);
    const idle = this.#idle.get(size)?.pop();
    if (idle) this.#idleBytes -= size;
    const buffer = idle ?? new ArrayBuffer(size);
    lenders.set(buffer, this);
    return new Uint8Array(buffer, 0, length);
  }

  /** Gets a buffer back; nobody may look at it any more. */
  takeBack(buffer: ArrayBuffer): void {
    lenders.delete(buffer);
    const size = buffer.byteLength;
    // One that was transferred to a thread in the meantime has no bytes left.
    if (size === 0 || this.#idleBytes + size > this.#mostIdleBytes) return;
    this.#idleBytes += size;
    const idle = this.#idle.get(size);
    if (idle) idle.push(buffer);
    else this.#idle.set(size, [buffer]);
  }
}

/**
 * Gives the buffers of a payload back to the pool that lent them, once its bytes are written or copied. Those that are
 * no pool's are left to the garbage collector, as are those that are never released.
 */
export function releaseBuffers(payload: Payload): void {
  for (const { buffer } of payload.parts) lenders.get(buffer)?.takeBack(buffer);
}

function sizeClass(length: number): number {
  if (length <= LEAST_BYTES) return LEAST_BYTES;
  const step = 2 ** Math.floor(Math.log2(length)) / STEPS;
  return Math.ceil(length / step) * step;
}
