/**
 * Decoding bytes in the memory of a WebAssembly module.
 *
 * @module
 */
import { loadedOnce } from "../../loaded_once.ts";
import type { ChunkDecoder, ChunkStream } from "./chunk_decoder.ts";

/** A compression of bytes that a WebAssembly module decodes, and a stream in JavaScript where that is too large. */
export interface ByteCompression {
  /** The module's text, base64. */
  readonly wasm: string;
  /** Its name for people. */
  readonly name: string;
  /** The most bytes that one encoded byte can stand for, so that no memory is taken for a lie. */
  readonly maxRatio: number;
  /** Refuses what is another compression by this one's number. */
  refuse?(encoded: Uint8Array): void;
  /** What a negative answer of the module's `decode` means. */
  damage?(answer: number): Error;
  /** Decodes piece by piece. */
  openStream(): ChunkStream;
}

/** The loader of a decoder; the module is made once for each thread. */
export function byteDecoder(compression: ByteCompression): () => Promise<ChunkDecoder> {
  const instance = loadedOnce(async (): Promise<ByteDecoderExports> => {
    const { instance } = await WebAssembly.instantiate(Uint8Array.fromBase64(compression.wasm));
    return instance.exports as unknown as ByteDecoderExports;
  });
  return async () => decoderOf(compression, await instance());
}

function decoderOf(compression: ByteCompression, wasm: ByteDecoderExports): ChunkDecoder {
  const checkRatio = (encodedBytes: number, byteLength: number): void => {
    if (encodedBytes * compression.maxRatio >= byteLength) return;
    throw new Error(`${encodedBytes} bytes of ${compression.name} data can't hold ${byteLength}`);
  };
  const decodeInto = (encoded: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>): number => {
    compression.refuse?.(encoded);
    checkRatio(encoded.length, out.length);
    if (!fitsWasm(encoded, out)) return compression.openStream().decode(encoded, out).written;
    const written = decodeThroughWasm(wasm, encoded, out);
    if (written < 0 && compression.damage) throw compression.damage(written);
    return written;
  };
  return {
    nativeOrder: false,
    decode(encoded, { byteLength }) {
      const out = new Uint8Array(byteLength);
      return out.subarray(0, decodeInto(encoded, out));
    },
    decodeInto,
    openStream(encodedBytes, byteLength) {
      checkRatio(encodedBytes, byteLength);
      return compression.openStream();
    },
  };
}

/** What a module of a decoder of bytes has. */
interface ByteDecoderExports {
  /** Its memory. */
  readonly memory: WebAssembly.Memory;
  /** Where the input goes. */
  inputAddress(): number;
  /** Where the output of an input of so many bytes is. */
  outputAddress(inputBytes: number): number;
  /** Makes room; 0 if there was not enough. */
  reserve(inputBytes: number, outputBytes: number): number;
  /** Decodes; gives the bytes written, or a negative number that tells of damage. */
  decode(inputBytes: number, outputBytes: number): number;
}

/** The most bytes of input and output together that are decoded so: memory once grown for a tile is kept. */
const MOST_BYTES = 16 << 20;

/** Whether a tile is small enough for {@linkcode decodeThroughWasm}. */
function fitsWasm(encoded: Uint8Array, out: Uint8Array): boolean {
  return encoded.length + out.length <= MOST_BYTES;
}

/**
 * Decodes `encoded` into `out`; gives what the module's `decode` does.
 *
 * @throws {Error} if there is not enough memory.
 */
function decodeThroughWasm(
  wasm: ByteDecoderExports,
  encoded: Uint8Array<ArrayBuffer>,
  out: Uint8Array<ArrayBuffer>,
): number {
  if (wasm.reserve(encoded.length, out.length) === 0) throw new Error("there is not enough memory for it");
  // Grown memory is another buffer.
  const memory = new Uint8Array(wasm.memory.buffer as ArrayBuffer);
  memory.set(encoded, wasm.inputAddress());
  const written = wasm.decode(encoded.length, out.length);
  if (written <= 0) return written;
  const start = wasm.outputAddress(encoded.length);
  out.set(memory.subarray(start, start + written));
  return written;
}
