/**
 * One zlib compressor or decompressor that is used again for each tile and writes where it is told. The documented calls
 * (`inflateSync`, `deflateSync`) make a stream, a handle and an output buffer each time, which costs 15% of the time to
 * inflate a tile of 64 KiB and 4% of that to deflate one.
 *
 * @module
 */
import { constants, createDeflate, createInflate, createZstdDecompress } from "node:zlib";
import type { ChunkStream } from "./chunk_decoder.ts";

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

/**
 * Runs `data` through zlib into `out`, and gives how many bytes it wrote. Throws an Error if the data is damaged; data that
 * is cut off ends it early, and what does not fit into `out` is left out.
 */
export type ZlibInto = (data: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>) => number;

/** A stream of the bytes 1, 2, 3 to try a handle with. */
const PROBE = Uint8Array.of(0x78, 0x9c, 0x63, 0x64, 0x62, 0x06, 0x00, 0x00, 0x0d, 0x00, 0x07);
const PROBE_CONTENT = Uint8Array.of(1, 2, 3);
/** The same as a Zstandard frame. */
const ZSTD_PROBE = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x03, 0x19, 0, 0, 1, 2, 3);

/** An inflater over a reused handle; undefined where this runtime's zlib has none that works. */
export function openInflateHandle(): ZlibInto | undefined {
  return tried(() => {
    const inflateInto = wrapHandle(createInflate({ chunkSize: 64 }), constants.Z_NO_FLUSH);
    return isInverse(inflateInto, PROBE) ? inflateInto : undefined;
  });
}

/** A decompressor of Zstandard over a reused handle; undefined where this runtime has none that works. */
export function openZstdHandle(): ZlibInto | undefined {
  return tried(() => {
    const unzstdInto = wrapHandle(createZstdDecompress({ chunkSize: 64 }), constants.ZSTD_e_continue);
    return isInverse(unzstdInto, ZSTD_PROBE) && isInverse(unzstdInto, ZSTD_PROBE) ? unzstdInto : undefined;
  });
}

/** A decompressor of its own for one tile that is decoded piece by piece. */
export function openZlibStream(kind: "inflate" | "zstd"): ChunkStream {
  const [stream, flush] = kind === "inflate"
    ? [createInflate({ chunkSize: 64 }), constants.Z_NO_FLUSH]
    : [createZstdDecompress({ chunkSize: 64 }), constants.ZSTD_e_continue];
  const run = runHandle(stream);
  return {
    decode(input, out) {
      const [outLeft, inputLeft] = run(flush, input, out);
      return { taken: input.length - inputLeft!, written: out.length - outLeft! };
    },
  };
}

/** A deflater over a reused handle; undefined where this runtime's zlib has none that works. */
export function openDeflateHandle(options: { level: number; memLevel: number }): ZlibInto | undefined {
  return tried(() => {
    const inflateInto = openInflateHandle();
    const deflateInto = wrapHandle(createDeflate({ chunkSize: 64, ...options }), constants.Z_FINISH);
    const probe = new Uint8Array(64);
    // Twice, since it is the second use that needs the reset.
    for (let use = 0; use < 2; use++) {
      const encoded = probe.slice(0, deflateInto(PROBE_CONTENT, probe));
      if (!inflateInto || !isInverse(inflateInto, encoded)) return undefined;
    }
    return deflateInto;
  });
}

function tried(open: () => ZlibInto | undefined): ZlibInto | undefined {
  try {
    return open();
  } catch {
    // Whatever a runtime without it throws: the documented call does the same, only slower.
    return undefined;
  }
}

function isInverse(inflateInto: ZlibInto, encoded: Uint8Array<ArrayBuffer>): boolean {
  const out = new Uint8Array(PROBE_CONTENT.length);
  return inflateInto(encoded, out) === out.length && out.every((byte, at) => byte === PROBE_CONTENT[at]);
}

function wrapHandle(stream: unknown, flush: number): ZlibInto {
  const { _handle: handle } = stream as { _handle: ZlibHandle };
  const run = runHandle(stream);
  return (data, out) => {
    handle.reset();
    return out.length - run(flush, data, out)[0]!;
  };
}

/** Runs a handle on; gives the room that is left in `out`, and the bytes of `data` that are. */
function runHandle(
  stream: unknown,
): (flush: number, data: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>) => Uint32Array {
  const { _handle: handle, _writeState: state } = stream as { _handle: ZlibHandle; _writeState: Uint32Array };
  let failure: string | undefined;
  handle.onerror = (message) => {
    failure = message;
  };
  return (flush, data, out) => {
    failure = undefined;
    handle.writeSync(flush, data, 0, data.length, out, 0, out.length);
    if (failure !== undefined) throw new Error(failure);
    return state;
  };
}
