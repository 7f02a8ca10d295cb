/**
 * One zlib decompressor that is used again for each tile and writes where it is told. `inflateSync` makes a stream, a
 * handle and an output buffer for each call, which costs 15 % of the time of a tile of 64 KiB.
 *
 * @module
 */
import { constants, createInflate } from "node:zlib";

/** The handle below a zlib stream: the same in Node and Deno, but not documented, so it is tried out before use. */
interface ZlibHandle {
  onerror: (message: string) => void;
  reset(): void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
}

/** Writes the content of a zlib stream into `out`, and gives how many bytes it wrote. */
export type InflateInto = (data: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>) => number;

/** A stream of the bytes 1, 2, 3 to try a handle with. */
const PROBE = Uint8Array.of(0x78, 0x9c, 0x63, 0x64, 0x62, 0x06, 0x00, 0x00, 0x0d, 0x00, 0x07);

/**
 * An inflater over a reused handle; undefined where this runtime's zlib has none that works. The inflater throws an
 * Error if the data is damaged; data that is cut off ends it early, and what is beyond `out` is not decoded.
 */
export function openInflateHandle(): InflateInto | undefined {
  try {
    const inflateInto = wrapHandle();
    const out = new Uint8Array(3);
    const written = inflateInto(PROBE, out);
    return written === 3 && out[0] === 1 && out[1] === 2 && out[2] === 3 ? inflateInto : undefined;
  } catch {
    // Whatever a runtime without it throws: the documented call does the same, only slower.
    return undefined;
  }
}

function wrapHandle(): InflateInto {
  const stream = createInflate({ chunkSize: 64 }) as unknown as {
    _handle: ZlibHandle;
    _writeState: Uint32Array;
  };
  const { _handle: handle, _writeState: state } = stream;
  let failure: string | undefined;
  handle.onerror = (message) => {
    failure = message;
  };
  return (data, out) => {
    failure = undefined;
    handle.reset();
    handle.writeSync(constants.Z_NO_FLUSH, data, 0, data.length, out, 0, out.length);
    if (failure !== undefined) throw new Error(failure);
    return out.length - state[0]!;
  };
}
