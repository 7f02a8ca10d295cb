/**
 * Undoing predictors: horizontal differences (TIFF 6.0 section 14) and floating point (TIFF Technical Note 3).
 * Loops are one for each width of samples, so that each sees one type of array and stays fast.
 *
 * @module
 */

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

/** Undoes predictor 2 in place. Samples are in this machine's (little-endian) order, at an aligned offset. */
export function undoHorizontal(bytes: Uint8Array<ArrayBuffer>, rows: PredictedRows): void {
  const { buffer, byteOffset } = bytes;
  const count = rows.rowSamples * rows.rows;
  switch (rows.sampleBytes) {
    case 1:
      return undo8(bytes, rows);
    case 2:
      return undo16(new Uint16Array(buffer, byteOffset, count), rows);
    case 4:
      return undo32(new Uint32Array(buffer, byteOffset, count), rows);
    default:
      return undo64(new Uint32Array(buffer, byteOffset, count * 2), rows);
  }
}

function undo8(data: Uint8Array<ArrayBuffer>, { rowSamples, rows, samples }: PredictedRows): void {
  for (let row = 0; row < rows; row++) {
    const start = row * rowSamples;
    const end = start + rowSamples;
    if (samples === 1) {
      let sum = 0;
      for (let i = start; i < end; i++) data[i] = sum = (sum + data[i]!) & 0xff;
    } else {
      for (let i = start + samples; i < end; i++) data[i] = data[i]! + data[i - samples]!;
    }
  }
}

function undo16(data: Uint16Array<ArrayBuffer>, { rowSamples, rows, samples }: PredictedRows): void {
  for (let row = 0; row < rows; row++) {
    const start = row * rowSamples;
    const end = start + rowSamples;
    if (samples === 1) {
      let sum = 0;
      for (let i = start; i < end; i++) data[i] = sum = (sum + data[i]!) & 0xffff;
    } else {
      for (let i = start + samples; i < end; i++) data[i] = data[i]! + data[i - samples]!;
    }
  }
}

function undo32(data: Uint32Array<ArrayBuffer>, { rowSamples, rows, samples }: PredictedRows): void {
  for (let row = 0; row < rows; row++) {
    const start = row * rowSamples;
    const end = start + rowSamples;
    if (samples === 1) {
      let sum = 0;
      for (let i = start; i < end; i++) data[i] = sum = (sum + data[i]!) | 0;
    } else {
      for (let i = start + samples; i < end; i++) data[i] = data[i]! + data[i - samples]!;
    }
  }
}

/** 64-bit sums from pairs of 32-bit halves: several times as fast as with bigints. */
function undo64(halves: Uint32Array<ArrayBuffer>, { rowSamples, rows, samples }: PredictedRows): void {
  const step = samples * 2;
  for (let row = 0; row < rows; row++) {
    const start = row * rowSamples * 2;
    const end = start + rowSamples * 2;
    for (let i = start + step; i < end; i += 2) {
      const low = halves[i]! + halves[i - step]!;
      halves[i] = low;
      halves[i + 1] = halves[i + 1]! + halves[i + 1 - step]! + (low > 0xffffffff ? 1 : 0);
    }
  }
}

/**
 * Undoes predictor 3 in place. Whatever the file's byte order, each row has all most significant bytes first,
 * then the next ones; afterwards samples are in this machine's (little-endian) order.
 */
export function undoFloatingPoint(bytes: Uint8Array<ArrayBuffer>, rows: PredictedRows): void {
  const { rowSamples, samples, sampleBytes } = rows;
  const rowBytes = rowSamples * sampleBytes;
  const row = new Uint8Array(rowBytes);
  for (let n = 0; n < rows.rows; n++) {
    const start = n * rowBytes;
    const end = start + rowBytes;
    undo8(bytes.subarray(start, end), { rowSamples: rowBytes, rows: 1, samples, sampleBytes: 1 });
    row.set(bytes.subarray(start, end));
    if (sampleBytes === 4) join32(row, new Uint32Array(bytes.buffer, bytes.byteOffset + start, rowSamples));
    else joinAny(row, bytes.subarray(start, end), sampleBytes);
  }
}

function join32(row: Uint8Array<ArrayBuffer>, out: Uint32Array<ArrayBuffer>): void {
  const n = out.length;
  for (let i = 0; i < n; i++) {
    out[i] = (row[i]! << 24) | (row[i + n]! << 16) | (row[i + 2 * n]! << 8) | row[i + 3 * n]!;
  }
}

function joinAny(row: Uint8Array<ArrayBuffer>, out: Uint8Array<ArrayBuffer>, sampleBytes: number): void {
  const n = out.length / sampleBytes;
  for (let byte = 0; byte < sampleBytes; byte++) {
    const plane = (sampleBytes - 1 - byte) * n;
    for (let i = 0, to = byte; i < n; i++, to += sampleBytes) out[to] = row[plane + i]!;
  }
}
