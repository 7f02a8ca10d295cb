/**
 * Copying a rectangle of pixels from a tile into a window. Pixels are moved as unsigned integers of their width:
 * a floating point move could change the bits of a NaN.
 *
 * @module
 */

/** A rectangle in two arrays; offsets, steps and strides count samples. */
export interface PixelRectangle {
  /** Rows to copy. */
  readonly rows: number;
  /** Columns to copy. */
  readonly cols: number;
  /** The first sample in the source. */
  readonly fromOffset: number;
  /** From one pixel to the next in the source: its interleaved samples. */
  readonly fromStep: number;
  /** From one row to the next in the source. */
  readonly fromRowStride: number;
  /** The first sample in the destination. */
  readonly toOffset: number;
  /** From one row to the next in the destination. */
  readonly toRowStride: number;
}

/**
 * Copies pixels of `sampleBytes` each. `from` holds whole samples in this machine's byte order and begins at an offset
 * that is a multiple of their size.
 */
export function copyPixels(
  from: Uint8Array<ArrayBuffer>,
  to: ArrayBufferView<ArrayBuffer>,
  rectangle: PixelRectangle & { readonly sampleBytes: number },
): void {
  const { sampleBytes } = rectangle;
  const fromCount = from.byteLength / sampleBytes;
  const toCount = to.byteLength / sampleBytes;
  switch (sampleBytes) {
    case 1: {
      const target = new Uint8Array(to.buffer, to.byteOffset, toCount);
      if (rectangle.fromStep === 1) return copyRows(from, target, rectangle);
      return copy8(from, target, rectangle);
    }
    case 2: {
      const source = new Uint16Array(from.buffer, from.byteOffset, fromCount);
      const target = new Uint16Array(to.buffer, to.byteOffset, toCount);
      if (rectangle.fromStep === 1) return copyRows(source, target, rectangle);
      return copy16(source, target, rectangle);
    }
    case 4: {
      const source = new Uint32Array(from.buffer, from.byteOffset, fromCount);
      const target = new Uint32Array(to.buffer, to.byteOffset, toCount);
      if (rectangle.fromStep === 1) return copyRows(source, target, rectangle);
      return copy32(source, target, rectangle);
    }
    default: {
      if (rectangle.fromStep === 1) {
        const source = new BigUint64Array(from.buffer, from.byteOffset, fromCount);
        const target = new BigUint64Array(to.buffer, to.byteOffset, toCount);
        return copyRows(source, target, rectangle);
      }
      const source = new Uint32Array(from.buffer, from.byteOffset, fromCount * 2);
      const target = new Uint32Array(to.buffer, to.byteOffset, toCount * 2);
      return copy64(source, target, rectangle);
    }
  }
}

interface Rows<T> {
  set(array: T, offset: number): void;
  subarray(begin: number, end: number): T;
}

function copyRows<T extends Rows<T>>(from: T, to: T, rectangle: PixelRectangle): void {
  const { rows, cols, fromOffset, fromRowStride, toOffset, toRowStride } = rectangle;
  if (fromRowStride === cols && toRowStride === cols) {
    to.set(from.subarray(fromOffset, fromOffset + rows * cols), toOffset);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const start = fromOffset + row * fromRowStride;
    to.set(from.subarray(start, start + cols), toOffset + row * toRowStride);
  }
}

// One loop for each width: a shared one would see several types of array and lose its speed.

function copy8(from: Uint8Array<ArrayBuffer>, to: Uint8Array<ArrayBuffer>, rectangle: PixelRectangle): void {
  const { rows, cols, fromStep } = rectangle;
  for (let row = 0; row < rows; row++) {
    let i = rectangle.fromOffset + row * rectangle.fromRowStride;
    const start = rectangle.toOffset + row * rectangle.toRowStride;
    for (let o = start; o < start + cols; o++, i += fromStep) to[o] = from[i]!;
  }
}

function copy16(
  from: Uint16Array<ArrayBuffer>,
  to: Uint16Array<ArrayBuffer>,
  rectangle: PixelRectangle,
): void {
  const { rows, cols, fromStep } = rectangle;
  for (let row = 0; row < rows; row++) {
    let i = rectangle.fromOffset + row * rectangle.fromRowStride;
    const start = rectangle.toOffset + row * rectangle.toRowStride;
    for (let o = start; o < start + cols; o++, i += fromStep) to[o] = from[i]!;
  }
}

function copy32(
  from: Uint32Array<ArrayBuffer>,
  to: Uint32Array<ArrayBuffer>,
  rectangle: PixelRectangle,
): void {
  const { rows, cols, fromStep } = rectangle;
  for (let row = 0; row < rows; row++) {
    let i = rectangle.fromOffset + row * rectangle.fromRowStride;
    const start = rectangle.toOffset + row * rectangle.toRowStride;
    for (let o = start; o < start + cols; o++, i += fromStep) to[o] = from[i]!;
  }
}

/** The arrays hold two halves a sample; the rectangle still counts samples. */
function copy64(
  from: Uint32Array<ArrayBuffer>,
  to: Uint32Array<ArrayBuffer>,
  rectangle: PixelRectangle,
): void {
  const { rows, cols, fromStep } = rectangle;
  for (let row = 0; row < rows; row++) {
    let i = (rectangle.fromOffset + row * rectangle.fromRowStride) * 2;
    const start = (rectangle.toOffset + row * rectangle.toRowStride) * 2;
    for (let o = start; o < start + cols * 2; o += 2, i += fromStep * 2) {
      to[o] = from[i]!;
      to[o + 1] = from[i + 1]!;
    }
  }
}
