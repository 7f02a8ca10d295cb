/**
 * Interleaved samples, split by bands.
 *
 * @module
 */
import { PART_BYTES, pixelKernels } from "./pixel_kernels.ts";
import type { BandSlot } from "./window_tiles.ts";

/** A rectangle of interleaved pixels, and where its bands go. */
export interface SplitRectangle {
  /** Rows. */
  readonly rows: number;
  /** Columns. */
  readonly cols: number;
  /** Samples a pixel. */
  readonly samples: number;
  /** Bytes a sample. */
  readonly sampleBytes: number;
  /** The first pixel in the source. */
  readonly fromPixel: number;
  /** Pixels from one row to the next in the source. */
  readonly fromRowPixels: number;
  /** Samples from one row to the next in the destination. */
  readonly toRowStride: number;
  /** Which samples are wanted. */
  readonly slots: readonly BandSlot[];
  /** The first sample of a band in the destination. */
  start(slot: number): number;
}

/** Copies a rectangle's bands; both arrays are given as bytes. */
export function splitPixels(
  from: Uint8Array<ArrayBuffer>,
  to: Uint8Array<ArrayBuffer>,
  rectangle: SplitRectangle,
): void {
  const { rows, cols, samples, sampleBytes, fromPixel, fromRowPixels, toRowStride, slots } = rectangle;
  const kernels = pixelKernels();
  const pixelBytes = samples * sampleBytes;
  const partRows = Math.max(1, Math.floor(PART_BYTES / (cols * pixelBytes)));
  for (let row = 0; row < rows; row += partRows) {
    const count = Math.min(partRows, rows - row);
    const byteLength = count * cols * pixelBytes;
    const memory = kernels.room(byteLength);
    const source = {
      start: (fromPixel + row * fromRowPixels) * pixelBytes,
      stride: fromRowPixels * pixelBytes,
    };
    const input = { start: kernels.inputAddress(), stride: cols * pixelBytes };
    copyRows(from, memory, { count, source, target: input, byteLength: cols * pixelBytes });
    kernels.split(count * cols, samples, sampleBytes);
    const output = kernels.outputAddress(byteLength);
    for (const { sample, slot } of slots) {
      const plane = { start: output + sample * count * cols * sampleBytes, stride: cols * sampleBytes };
      const first = rectangle.start(slot) + row * toRowStride;
      const target = { start: first * sampleBytes, stride: toRowStride * sampleBytes };
      copyRows(memory, to, { count, source: plane, target, byteLength: cols * sampleBytes });
    }
  }
}

interface Rows {
  readonly start: number;
  readonly stride: number;
}

function copyRows(
  from: Uint8Array<ArrayBuffer>,
  to: Uint8Array<ArrayBuffer>,
  options: { count: number; source: Rows; target: Rows; byteLength: number },
): void {
  const { count, source, target, byteLength } = options;
  if (source.stride === byteLength && target.stride === byteLength) {
    to.set(from.subarray(source.start, source.start + count * byteLength), target.start);
    return;
  }
  for (let row = 0, at = source.start, out = target.start; row < count; row++) {
    to.set(from.subarray(at, at + byteLength), out);
    at += source.stride;
    out += target.stride;
  }
}
