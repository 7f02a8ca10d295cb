/**
 * What travels between the manager and a worker: a small header and big binary parts beside it.
 *
 * @module
 */

/** Plain data and the bytes that go with it. Threads get the parts transferred, remote workers get them framed. */
export interface Payload {
  /** Serialisable: numbers, strings, booleans, null, arrays, plain objects. */
  readonly header: unknown;
  /** Each the whole of its buffer or a view on it; whoever sends a payload gives its buffers away. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}

/** A payload without parts. */
export function headerOnly(header: unknown): Payload {
  return { header, parts: [] };
}

/** The size of a payload's parts. */
export function payloadBytes(payload: Payload): number {
  let bytes = 0;
  for (const part of payload.parts) bytes += part.byteLength;
  return bytes;
}

/** The distinct buffers of payloads, to be transferred with a message. */
export function buffersOf(payloads: Iterable<Payload | undefined>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const payload of payloads) {
    for (const part of payload?.parts ?? []) buffers.add(part.buffer);
  }
  return [...buffers];
}
