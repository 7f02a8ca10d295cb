// What is done to the pixels of a tile between decompressing and using them: predictors are undone (TIFF 6.0 section 14, TIFF
// Technical Note 3), and interleaved samples are split by bands. Samples are little-endian.

const PAGE_BYTES: usize = 65536;
/** What may be read or written behind the last byte. */
const SLACK_BYTES: usize = 64;

/** Where the pixels go. */
export function inputAddress(): usize {
  return (__heap_base + 15) & ~15;
}

/** Where a second array of so many bytes is: bands that were split, or a row. */
export function outputAddress(bytes: usize): usize {
  return (inputAddress() + bytes + SLACK_BYTES + 15) & ~15;
}

/** Makes room for two arrays of so many bytes; whether that worked. */
export function reserve(bytes: usize): bool {
  const pages = <i32> ((outputAddress(bytes) + bytes + SLACK_BYTES + PAGE_BYTES - 1) / PAGE_BYTES);
  const missing = pages - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

/** Undoes horizontal differences in place. */
export function undoHorizontal(rows: i32, rowSamples: i32, samples: i32, sampleBytes: i32): void {
  const rowBytes = <usize> (rowSamples * sampleBytes);
  let row = inputAddress();
  for (let y = 0; y < rows; y++, row += rowBytes) {
    if (sampleBytes == 1) undoRow<u8>(row, row + rowBytes, samples);
    else if (sampleBytes == 2) undoRow<u16>(row, row + rowBytes, samples);
    else if (sampleBytes == 4) undoRow<u32>(row, row + rowBytes, samples);
    else undoRow<u64>(row, row + rowBytes, samples);
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function undoRow<T>(row: usize, end: usize, samples: i32): void {
  if (samples == 1) undoOne<T>(row, end);
  else if (samples == 3) undoThree<T>(row, end);
  else if (samples == 4) undoFour<T>(row, end);
  else {
    const step = <usize> samples * sizeof<T>();
    for (let at = row + step; at < end; at += sizeof<T>()) {
      store<T>(at, load<T>(at) + load<T>(at - step));
    }
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function undoOne<T>(row: usize, end: usize): void {
  let sum: T = 0;
  let at = row;
  if (sizeof<T>() <= 2) {
    // Sums of 16 bytes at a time: of neighbours, of pairs, of fours ...
    let before = i32x4.splat(0);
    for (; at + 16 <= end; at += 16) {
      let sums = v128.load(at);
      if (sizeof<T>() == 1) {
        sums = i8x16.add(sums, v128.shuffle<i8>(sums, i32x4.splat(0), 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));
        sums = i8x16.add(sums, v128.shuffle<i16>(sums, i32x4.splat(0), 8, 0, 1, 2, 3, 4, 5, 6));
        sums = i8x16.add(sums, v128.shuffle<i32>(sums, i32x4.splat(0), 4, 0, 1, 2));
        sums = i8x16.add(sums, v128.shuffle<i64>(sums, i32x4.splat(0), 2, 0));
        sums = i8x16.add(sums, before);
        before = v128.shuffle<i8>(sums, sums, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15);
      } else {
        sums = i16x8.add(sums, v128.shuffle<i16>(sums, i32x4.splat(0), 8, 0, 1, 2, 3, 4, 5, 6));
        sums = i16x8.add(sums, v128.shuffle<i32>(sums, i32x4.splat(0), 4, 0, 1, 2));
        sums = i16x8.add(sums, v128.shuffle<i64>(sums, i32x4.splat(0), 2, 0));
        sums = i16x8.add(sums, before);
        before = v128.shuffle<i16>(sums, sums, 7, 7, 7, 7, 7, 7, 7, 7);
      }
      v128.store(at, sums);
    }
    if (at > row) sum = load<T>(at - sizeof<T>());
  }
  for (; at < end; at += sizeof<T>()) {
    sum += load<T>(at);
    store<T>(at, sum);
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function undoThree<T>(row: usize, end: usize): void {
  let a: T = 0, b: T = 0, c: T = 0;
  for (let at = row; at < end; at += 3 * sizeof<T>()) {
    a += load<T>(at);
    b += load<T>(at + sizeof<T>());
    c += load<T>(at + 2 * sizeof<T>());
    store<T>(at, a);
    store<T>(at + sizeof<T>(), b);
    store<T>(at + 2 * sizeof<T>(), c);
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function undoFour<T>(row: usize, end: usize): void {
  let a: T = 0, b: T = 0, c: T = 0, d: T = 0;
  for (let at = row; at < end; at += 4 * sizeof<T>()) {
    a += load<T>(at);
    b += load<T>(at + sizeof<T>());
    c += load<T>(at + 2 * sizeof<T>());
    d += load<T>(at + 3 * sizeof<T>());
    store<T>(at, a);
    store<T>(at + sizeof<T>(), b);
    store<T>(at + 2 * sizeof<T>(), c);
    store<T>(at + 3 * sizeof<T>(), d);
  }
}

/** Undoes the floating point predictor in place: differences of bytes, and all most significant bytes of a row first. */
export function undoFloatingPoint(rows: i32, rowSamples: i32, samples: i32, sampleBytes: i32): void {
  const rowBytes = <usize> (rowSamples * sampleBytes);
  let row = inputAddress();
  const copy = outputAddress(<usize> rows * rowBytes);
  for (let y = 0; y < rows; y++, row += rowBytes) {
    undoRow<u8>(row, row + rowBytes, samples);
    memory.copy(copy, row, rowBytes);
    if (sampleBytes == 4) join4(copy, row, <usize> rowSamples);
    else if (sampleBytes == 8) join8(copy, row, <usize> rowSamples);
    else joinAny(copy, row, <usize> rowSamples, <usize> sampleBytes);
  }
}

function joinAny(from: usize, to: usize, count: usize, sampleBytes: usize): void {
  for (let i: usize = 0; i < count; i++, to += sampleBytes) {
    for (let byte: usize = 0; byte < sampleBytes; byte++) {
      store<u8>(to + byte, load<u8>(from + (sampleBytes - 1 - byte) * count + i));
    }
  }
}

function join4(from: usize, to: usize, count: usize): void {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16, to += 64) {
    const p0 = v128.load(from + i), p1 = v128.load(from + count + i);
    const p2 = v128.load(from + 2 * count + i), p3 = v128.load(from + 3 * count + i);
    const low0 = zipLow<i8>(p3, p2), low1 = zipHigh<i8>(p3, p2);
    const high0 = zipLow<i8>(p1, p0), high1 = zipHigh<i8>(p1, p0);
    v128.store(to, zipLow<i16>(low0, high0), 0);
    v128.store(to, zipHigh<i16>(low0, high0), 16);
    v128.store(to, zipLow<i16>(low1, high1), 32);
    v128.store(to, zipHigh<i16>(low1, high1), 48);
  }
  for (; i < count; i++, to += 4) {
    for (let byte: usize = 0; byte < 4; byte++) store<u8>(to + byte, load<u8>(from + (3 - byte) * count + i));
  }
}

function join8(from: usize, to: usize, count: usize): void {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16, to += 128) {
    join8Half(from + i, to, count, true);
    join8Half(from + i, to + 64, count, false);
  }
  for (; i < count; i++, to += 8) {
    for (let byte: usize = 0; byte < 8; byte++) store<u8>(to + byte, load<u8>(from + (7 - byte) * count + i));
  }
}

/** Eight samples, of the first or the last eight bytes of each row of bytes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function join8Half(from: usize, to: usize, count: usize, isFirst: bool): void {
  const skip: usize = isFirst ? 0 : 8;
  const b0 = v128.load64_zero(from + 7 * count + skip), b1 = v128.load64_zero(from + 6 * count + skip);
  const b2 = v128.load64_zero(from + 5 * count + skip), b3 = v128.load64_zero(from + 4 * count + skip);
  const b4 = v128.load64_zero(from + 3 * count + skip), b5 = v128.load64_zero(from + 2 * count + skip);
  const b6 = v128.load64_zero(from + count + skip), b7 = v128.load64_zero(from + skip);
  const pair0 = zipLow<i8>(b0, b1), pair1 = zipLow<i8>(b2, b3), pair2 = zipLow<i8>(b4, b5), pair3 = zipLow<i8>(b6, b7);
  const low0 = zipLow<i16>(pair0, pair1), low1 = zipHigh<i16>(pair0, pair1);
  const high0 = zipLow<i16>(pair2, pair3), high1 = zipHigh<i16>(pair2, pair3);
  v128.store(to, zipLow<i32>(low0, high0), 0);
  v128.store(to, zipHigh<i32>(low0, high0), 16);
  v128.store(to, zipLow<i32>(low1, high1), 32);
  v128.store(to, zipHigh<i32>(low1, high1), 48);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function zipLow<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 1) return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  if (sizeof<T>() == 2) return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function zipHigh<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 1) return v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  if (sizeof<T>() == 2) return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}

/** Splits pixels of interleaved samples by samples, one after another, in the output. */
export function split(pixels: usize, samples: i32, sampleBytes: i32): void {
  const to = outputAddress(pixels * <usize> (samples * sampleBytes));
  if (sampleBytes == 1 && samples == 3) splitThreeBytes(to, pixels);
  else if (sampleBytes == 1) splitAny<u8>(to, pixels, samples);
  else if (sampleBytes == 2) splitAny<u16>(to, pixels, samples);
  else if (sampleBytes == 4) splitAny<u32>(to, pixels, samples);
  else splitAny<u64>(to, pixels, samples);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function splitAny<T>(to: usize, pixels: usize, samples: i32): void {
  const plane = pixels * sizeof<T>();
  const step = <usize> samples * sizeof<T>();
  let sample = 0;
  // Three at a time, which is mostly all of them.
  for (; sample + 3 <= samples; sample += 3, to += 3 * plane) {
    let from = inputAddress() + <usize> sample * sizeof<T>();
    for (let at = to; at < to + plane; at += sizeof<T>(), from += step) {
      store<T>(at, load<T>(from));
      store<T>(at + plane, load<T>(from + sizeof<T>()));
      store<T>(at + 2 * plane, load<T>(from + 2 * sizeof<T>()));
    }
  }
  for (; sample < samples; sample++, to += plane) {
    let from = inputAddress() + <usize> sample * sizeof<T>();
    for (let at = to; at < to + plane; at += sizeof<T>(), from += step) store<T>(at, load<T>(from));
  }
}

function splitThreeBytes(to: usize, pixels: usize): void {
  let from = inputAddress();
  let i: usize = 0;
  for (; i + 16 <= pixels; i += 16, from += 48) {
    const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32);
    const ab0 = v128.shuffle<i8>(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0);
    v128.store(to + i, v128.shuffle<i8>(ab0, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29));
    const ab1 = v128.shuffle<i8>(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0);
    v128.store(to + pixels + i, v128.shuffle<i8>(ab1, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30));
    const ab2 = v128.shuffle<i8>(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0);
    v128.store(to + 2 * pixels + i, v128.shuffle<i8>(ab2, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31));
  }
  for (; i < pixels; i++, from += 3) {
    store<u8>(to + i, load<u8>(from));
    store<u8>(to + pixels + i, load<u8>(from, 1));
    store<u8>(to + 2 * pixels + i, load<u8>(from, 2));
  }
}
