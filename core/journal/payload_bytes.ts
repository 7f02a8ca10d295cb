/**
 * A payload as one run of bytes, to be kept.
 *
 * Little-endian: the header's length (u32), the number of parts (u32), the length of each (u32), the header as msgpack,
 * the parts.
 *
 * @module
 */
import { decodeHeader, encodeHeader } from "../channel/header_codec.ts";
import type { Payload } from "../payload.ts";

/** The bytes of a payload, which stays the caller's. */
export function payloadToBytes({ header, parts: given }: Payload): Uint8Array<ArrayBuffer> {
  const { header: encoded, parts } = encodeHeader(header, [...given]);
  const prefix = 8 + 4 * parts.length;
  let byteLength = prefix + encoded.byteLength;
  for (const part of parts) byteLength += part.byteLength;
  const bytes = new Uint8Array(byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, encoded.byteLength, true);
  view.setUint32(4, parts.length, true);
  parts.forEach((part, index) => view.setUint32(8 + 4 * index, part.byteLength, true));
  let at = prefix;
  for (const piece of [encoded, ...parts]) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

/**
 * Gets back what {@linkcode payloadToBytes} gave. The parts are views on `bytes`.
 *
 * @throws {TypeError} if it gave no such bytes.
 * @throws {ProtocolError} if the header can't be read.
 */
export function payloadFromBytes(bytes: Uint8Array<ArrayBuffer>): Payload {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 8) throw notAPayload();
  const headerBytes = view.getUint32(0, true);
  const count = view.getUint32(4, true);
  const prefix = 8 + 4 * count;
  if (prefix > bytes.byteLength) throw notAPayload();
  let at = prefix;
  const take = (byteLength: number): Uint8Array<ArrayBuffer> => {
    if (at + byteLength > bytes.byteLength) throw notAPayload();
    return bytes.subarray(at, at += byteLength);
  };
  const header = take(headerBytes);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let index = 0; index < count; index++) parts.push(take(view.getUint32(8 + 4 * index, true)));
  if (at !== bytes.byteLength) throw notAPayload();
  return { header: decodeHeader({ header, parts }), parts };
}

function notAPayload(): TypeError {
  return new TypeError("these bytes are no payload");
}
