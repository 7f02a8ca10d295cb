/**
 * Pixels out of a planar block into the order of one tile.
 *
 * @module
 */

/** Where the pixels of one tile lie in a planar block, and how the tile takes them. All in pixels. */
export interface TileGather {
  /** The tile's first pixel in the block, of its first band. */
  readonly offset: number;
  /** From one row of the block to the next. */
  readonly rowStride: number;
  /** From one band of the block to the next. */
  readonly bandStride: number;
  /** Columns to take. */
  readonly columns: number;
  /** Rows to take. */
  readonly rows: number;
  /** Columns of the tile, of which the first `columns` are set. */
  readonly tileWidth: number;
  /** Bands to take: all of them for a chunky file, else 1. */
  readonly bands: number;
}

/** Copies the pixels of one band; both arrays hold bytes. */
export function gatherPlanar(
  from: Uint8Array,
  to: Uint8Array,
  gather: TileGather & { readonly bytesPerSample: number },
): void {
  const { bytesPerSample: size, offset, rowStride, columns, rows, tileWidth } = gather;
  if (rowStride === columns && tileWidth === columns) {
    to.set(from.subarray(offset * size, (offset + rows * columns) * size));
    return;
  }
  for (let row = 0; row < rows; row++) {
    const start = (offset + row * rowStride) * size;
    to.set(from.subarray(start, start + columns * size), row * tileWidth * size);
  }
}

/** Interleaves bands of one-byte pixels. */
export function interleave8(from: Uint8Array, to: Uint8Array, gather: TileGather): void {
  const { offset, rowStride, bandStride, columns, rows, tileWidth, bands } = gather;
  for (let band = 0; band < bands; band++) {
    for (let row = 0; row < rows; row++) {
      let source = offset + band * bandStride + row * rowStride;
      const end = source + columns;
      for (let target = row * tileWidth * bands + band; source < end; source++, target += bands) {
        to[target] = from[source]!;
      }
    }
  }
}

/** Interleaves bands of two-byte pixels. */
export function interleave16(from: Uint16Array, to: Uint16Array, gather: TileGather): void {
  const { offset, rowStride, bandStride, columns, rows, tileWidth, bands } = gather;
  for (let band = 0; band < bands; band++) {
    for (let row = 0; row < rows; row++) {
      let source = offset + band * bandStride + row * rowStride;
      const end = source + columns;
      for (let target = row * tileWidth * bands + band; source < end; source++, target += bands) {
        to[target] = from[source]!;
      }
    }
  }
}

/** Interleaves bands of four-byte pixels; as whole numbers, so that NaNs keep their bits. */
export function interleave32(from: Uint32Array, to: Uint32Array, gather: TileGather): void {
  const { offset, rowStride, bandStride, columns, rows, tileWidth, bands } = gather;
  for (let band = 0; band < bands; band++) {
    for (let row = 0; row < rows; row++) {
      let source = offset + band * bandStride + row * rowStride;
      const end = source + columns;
      for (let target = row * tileWidth * bands + band; source < end; source++, target += bands) {
        to[target] = from[source]!;
      }
    }
  }
}

/** Interleaves bands of eight-byte pixels. */
export function interleave64(from: BigUint64Array, to: BigUint64Array, gather: TileGather): void {
  const { offset, rowStride, bandStride, columns, rows, tileWidth, bands } = gather;
  for (let band = 0; band < bands; band++) {
    for (let row = 0; row < rows; row++) {
      let source = offset + band * bandStride + row * rowStride;
      const end = source + columns;
      for (let target = row * tileWidth * bands + band; source < end; source++, target += bands) {
        to[target] = from[source]!;
      }
    }
  }
}
