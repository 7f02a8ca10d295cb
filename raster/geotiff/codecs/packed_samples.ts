/**
 * Samples that a file stores in fewer bits than their type has: 1 to 15 bits, and floating point numbers of 16 bits.
 *
 * @module
 */
import { newPixelArray } from "../../data_type.ts";
import { swapBytes } from "../byte_order.ts";
import { undoFloatingPoint, undoHorizontal } from "../predictor_decode.ts";
import type { ChunkDecoder, ChunkShape } from "./chunk_decoder.ts";

/** How the samples are stored and what they become. */
export interface PackedFormat {
  /** Bits that a sample takes in the file. */
  readonly storedBits: number;
  /** What the samples become; float32 stands for stored float16. */
  readonly dataType: "uint8" | "uint16" | "float32";
  /** Whether the file's numbers are little-endian. */
  readonly littleEndian: boolean;
  /** TIFF predictor of float16; 1 for all others. */
  readonly predictor: 1 | 2 | 3;
}

/** A decoder of whole samples over one of packed ones. Each row begins with a byte of its own (TIFF 6.0, section 3). */
export function packedSamples(decoder: ChunkDecoder, format: PackedFormat): ChunkDecoder {
  return {
    nativeOrder: true,
    decode(encoded, shape) {
      const rowSamples = shape.width * shape.samples;
      const rowBytes = Math.ceil(rowSamples * format.storedBits / 8);
      const packedShape: ChunkShape = { ...shape, byteLength: shape.rows * rowBytes };
      const packed = decoder.decode(encoded, packedShape);
      const rows = Math.min(shape.rows, Math.floor(packed.length / rowBytes));
      const pixels = newPixelArray(format.dataType, rows * rowSamples);
      if (format.dataType === "float32") {
        const { samples } = shape;
        const halves = halfFloats(packed, { ...format, rows, rowSamples, samples });
        (pixels as Float32Array).set(halves);
      } else {unpackBits(packed, pixels as Uint8Array | Uint16Array, {
          ...format,
          rows,
          rowSamples,
          rowBytes,
        });}
      return new Uint8Array(pixels.buffer as ArrayBuffer, pixels.byteOffset, pixels.byteLength);
    },
  };
}

/** No compression at all, for tiles that have to be unpacked. */
export const storedDecoder: ChunkDecoder = { nativeOrder: false, decode: (encoded) => encoded };

/** The most significant bit comes first, in files of either byte order. */
function unpackBits(
  packed: Uint8Array,
  pixels: Uint8Array | Uint16Array,
  { storedBits, rows, rowSamples, rowBytes }: PackedFormat & {
    rows: number;
    rowSamples: number;
    rowBytes: number;
  },
): void {
  const mask = (1 << storedBits) - 1;
  for (let row = 0, to = 0; row < rows; row++) {
    let from = row * rowBytes;
    let bits = 0;
    let bitCount = 0;
    for (const end = to + rowSamples; to < end; to++) {
      while (bitCount < storedBits) {
        bits = (bits << 8) | packed[from++]!;
        bitCount += 8;
      }
      bitCount -= storedBits;
      pixels[to] = (bits >>> bitCount) & mask;
    }
  }
}

function halfFloats(
  packed: Uint8Array<ArrayBuffer>,
  { littleEndian, predictor, ...shape }: PackedFormat & { rows: number; rowSamples: number; samples: number },
): Float16Array {
  // A copy, aligned and ours to change.
  const bytes = packed.slice(0, shape.rows * shape.rowSamples * 2);
  // Predictor 3 is the same in both byte orders.
  if (!littleEndian && predictor !== 3) swapBytes(bytes, 2);
  if (predictor === 2) undoHorizontal(bytes, { ...shape, sampleBytes: 2 });
  else if (predictor === 3) undoFloatingPoint(bytes, { ...shape, sampleBytes: 2 });
  return new Float16Array(bytes.buffer);
}
