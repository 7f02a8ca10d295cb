/**
 * TIFF predictors, on the way into a file. All work in place on one tile of little-endian samples.
 *
 * @module
 */

/** The tile that a predictor works on. */
export interface PredictedTile {
  /** The tile's samples as they lie in the file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Pixels in a row. */
  readonly columns: number;
  /** Samples a pixel: bands of a chunky file, else 1. */
  readonly samplesPerPixel: number;
  /** 1, 2, 4 or 8. */
  readonly bytesPerSample: number;
}

/**
 * Predictor 2 (TIFF 6.0, section 14): each sample minus the one of the same band to its left, as unsigned whole
 * numbers of the sample's size, floating point too.
 */
export function differenceHorizontally(tile: PredictedTile): void {
  const { bytes, samplesPerPixel: stride, bytesPerSample } = tile;
  const row = tile.columns * stride;
  const { buffer, byteOffset, byteLength } = bytes;
  // One loop a type, so that each stays on one kind of array and is compiled for it.
  switch (bytesPerSample) {
    case 1:
      return difference8(bytes, row, stride);
    case 2:
      return difference16(new Uint16Array(buffer, byteOffset, byteLength / 2), row, stride);
    case 4:
      return difference32(new Uint32Array(buffer, byteOffset, byteLength / 4), row, stride);
    default:
      return difference64(new Uint32Array(buffer, byteOffset, byteLength / 4), row * 2, stride * 2);
  }
}

function difference8(samples: Uint8Array, row: number, stride: number): void {
  for (let start = 0; start < samples.length; start += row) {
    for (let i = start + row - 1; i >= start + stride; i--) {
      samples[i] = samples[i]! - samples[i - stride]!;
    }
  }
}

function difference16(samples: Uint16Array, row: number, stride: number): void {
  for (let start = 0; start < samples.length; start += row) {
    for (let i = start + row - 1; i >= start + stride; i--) {
      samples[i] = samples[i]! - samples[i - stride]!;
    }
  }
}

function difference32(samples: Uint32Array, row: number, stride: number): void {
  for (let start = 0; start < samples.length; start += row) {
    for (let i = start + row - 1; i >= start + stride; i--) {
      samples[i] = samples[i]! - samples[i - stride]!;
    }
  }
}

/** In halves, low one first: BigInts would be thirty times slower. `row` and `stride` count halves. */
function difference64(halves: Uint32Array, row: number, stride: number): void {
  for (let start = 0; start < halves.length; start += row) {
    for (let i = start + row - 2; i >= start + stride; i -= 2) {
      const low = halves[i]!;
      const lowLeft = halves[i - stride]!;
      const borrow = low < lowLeft ? 1 : 0;
      halves[i] = low - lowLeft;
      halves[i + 1] = halves[i + 1]! - halves[i + 1 - stride]! - borrow;
    }
  }
}

/**
 * Predictor 3 (Adobe Photoshop TIFF Technical Note 3): the bytes of a row are put together by significance, the
 * most significant of all samples first, and then differenced as bytes of `samplesPerPixel` bands.
 */
export function differenceFloats(tile: PredictedTile): void {
  const { bytes, samplesPerPixel, bytesPerSample } = tile;
  const samples = tile.columns * samplesPerPixel;
  const rowBytes = samples * bytesPerSample;
  const scratch = new Uint8Array(rowBytes);
  for (let start = 0; start < bytes.length; start += rowBytes) {
    scratch.set(bytes.subarray(start, start + rowBytes));
    for (let plane = 0; plane < bytesPerSample; plane++) {
      let from = bytesPerSample - 1 - plane;
      const to = start + plane * samples;
      for (let i = 0; i < samples; i++, from += bytesPerSample) bytes[to + i] = scratch[from]!;
    }
    for (let i = start + rowBytes - 1; i >= start + samplesPerPixel; i--) {
      bytes[i] = bytes[i]! - bytes[i - samplesPerPixel]!;
    }
  }
}
