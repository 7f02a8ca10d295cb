/**
 * Loops over the pixels of tiles, in WebAssembly with SIMD: several times as fast as JavaScript's, copies there and back
 * included. The sources are in `wasm/pixels`.
 *
 * @module
 */
import { PIXELS_WASM } from "./codecs/pixels_wasm.ts";

/** Pixels are worked on in parts of about this size, which stay in the processor's cache. */
export const PART_BYTES = 128 << 10;

interface Exports {
  readonly memory: WebAssembly.Memory;
  inputAddress(): number;
  outputAddress(bytes: number): number;
  reserve(bytes: number): number;
  undoHorizontal(rows: number, rowSamples: number, samples: number, sampleBytes: number): void;
  undoFloatingPoint(rows: number, rowSamples: number, samples: number, sampleBytes: number): void;
  split(pixels: number, samples: number, sampleBytes: number): void;
}

/** The loops, and the memory that they work on. */
export interface PixelKernels extends Exports {
  /** The memory, with room for an input and an output of so many bytes. */
  room(byteLength: number): Uint8Array<ArrayBuffer>;
}

let kernels: PixelKernels | undefined;

/** The loops of this thread; made when they are first needed. */
export function pixelKernels(): PixelKernels {
  return kernels ??= makeKernels();
}

function makeKernels(): PixelKernels {
  const module = new WebAssembly.Module(Uint8Array.fromBase64(PIXELS_WASM));
  const exports = new WebAssembly.Instance(module).exports as unknown as Exports;
  let memory = new Uint8Array(exports.memory.buffer as ArrayBuffer);
  return {
    ...exports,
    room(byteLength) {
      if (exports.reserve(byteLength) === 0) {
        throw new RangeError(`no memory for ${byteLength} bytes of pixels`);
      }
      // Grown memory is another buffer.
      if (memory.buffer !== exports.memory.buffer) {
        memory = new Uint8Array(exports.memory.buffer as ArrayBuffer);
      }
      return memory;
    },
  };
}
