/**
 * Decoding bytes in the memory of a WebAssembly module.
 *
 * @module
 */

/** What a module of a decoder of bytes has. */
export interface ByteDecoderExports {
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
export function fitsWasm(encoded: Uint8Array, out: Uint8Array): boolean {
  return encoded.length + out.length <= MOST_BYTES;
}

/**
 * Decodes `encoded` into `out`; gives what the module's `decode` does.
 *
 * @throws {Error} if there is not enough memory.
 */
export function decodeThroughWasm(
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
