/**
 * Undoing predictors: horizontal differences (TIFF 6.0 section 14) and floating point (TIFF Technical Note 3).
 *
 * @module
 */
import { PART_BYTES, type PixelKernels, pixelKernels } from "./pixel_kernels.ts";

/** The rows of a decoded tile. */
export interface PredictedRows {
  /** Samples a row: columns times samples a pixel. */
  readonly rowSamples: number;
  /** Rows. */
  readonly rows: number;
  /** Samples a pixel: each is predicted from the one this far before it. */
  readonly samples: number;
  /** Bytes a sample. */
  readonly sampleBytes: number;
}

/** Undoes predictor 2 in place. Samples are in this machine's (little-endian) order. */
export function undoHorizontal(bytes: Uint8Array<ArrayBuffer>, rows: PredictedRows): void {
  undo(bytes, rows, (kernels, count) => {
    kernels.undoHorizontal(count, rows.rowSamples, rows.samples, rows.sampleBytes);
  });
}

/**
 * Undoes predictor 3 in place. Whatever the file's byte order, each row has all most significant bytes first,
 * then the next ones; afterwards samples are in this machine's (little-endian) order.
 */
export function undoFloatingPoint(bytes: Uint8Array<ArrayBuffer>, rows: PredictedRows): void {
  undo(bytes, rows, (kernels, count) => {
    kernels.undoFloatingPoint(count, rows.rowSamples, rows.samples, rows.sampleBytes);
  });
}

function undo(
  bytes: Uint8Array<ArrayBuffer>,
  { rowSamples, rows, sampleBytes }: PredictedRows,
  work: (kernels: PixelKernels, rows: number) => void,
): void {
  const kernels = pixelKernels();
  const rowBytes = rowSamples * sampleBytes;
  const partRows = Math.max(1, Math.floor(PART_BYTES / rowBytes));
  for (let row = 0; row < rows; row += partRows) {
    const count = Math.min(partRows, rows - row);
    const part = bytes.subarray(row * rowBytes, (row + count) * rowBytes);
    const memory = kernels.room(part.length);
    const start = kernels.inputAddress();
    memory.set(part, start);
    work(kernels, count);
    part.set(memory.subarray(start, start + part.length));
  }
}
