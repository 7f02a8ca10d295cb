// From planes to pixels: subsampled chroma is brought to the size of luma as libjpeg does ("fancy upsampling", jdsample.c),
// and YCbCr becomes RGB by its tables' arithmetic (jdcolor.c).

/**
 * Doubles the columns of a row between two rows of chroma, the nearer and the further one: the nearer sample counts three
 * times, both ways. `sums` has room for a row of u16.
 */
export function widenBetween(near: usize, far: usize, sums: usize, to: usize, columns: i32): void {
  for (let x: usize = 0; x < <usize> columns; x += 8) {
    const nearer = i16x8.extend_low_i8x16_u(v128.load64_zero(near + x));
    const further = i16x8.extend_low_i8x16_u(v128.load64_zero(far + x));
    v128.store(sums + x * 2, i16x8.add(i16x8.mul(nearer, i16x8.splat(3)), further));
  }
  const last = <usize> columns - 1;
  const first = <u32> load<u16>(sums);
  // The ends come last: eight sums at a time overshoot them.
  for (let x: usize = 0; x < last; x += 8) {
    const middle = v128.load(sums + x * 2);
    const before = v128.load(sums + x * 2 - 2);
    const after = v128.load(sums + x * 2 + 2);
    const three = i16x8.mul(middle, i16x8.splat(3));
    const left = i16x8.shr_u(i16x8.add(i16x8.add(three, before), i16x8.splat(8)), 4);
    const right = i16x8.shr_u(i16x8.add(i16x8.add(three, after), i16x8.splat(7)), 4);
    v128.store(to + x * 2, v128.or(left, i16x8.shl(right, 8)));
  }
  store<u8>(to, <u8> ((first * 4 + 8) >> 4));
  const end = <u32> load<u16>(sums + last * 2);
  store<u8>(to + last * 2, <u8> ((end * 3 + load<u16>(sums + last * 2 - 2) + 8) >> 4));
  store<u8>(to + last * 2 + 1, <u8> ((end * 4 + 7) >> 4));
}

/** Makes RGB pixels of a row of YCbCr; up to 48 bytes behind them are overwritten. */
export function toRgb(y: usize, cb: usize, cr: usize, to: usize, columns: i32): void {
  const half = i16x8.splat(128);
  for (let x: usize = 0; x < <usize> columns; x += 16, to += 48) {
    const luma = v128.load(y + x);
    const blue = v128.load(cb + x);
    const red = v128.load(cr + x);
    const y0 = i16x8.extend_low_i8x16_u(luma), y1 = i16x8.extend_high_i8x16_u(luma);
    const cb0 = i16x8.sub(i16x8.extend_low_i8x16_u(blue), half);
    const cb1 = i16x8.sub(i16x8.extend_high_i8x16_u(blue), half);
    const cr0 = i16x8.sub(i16x8.extend_low_i8x16_u(red), half);
    const cr1 = i16x8.sub(i16x8.extend_high_i8x16_u(red), half);
    const r = i8x16.narrow_i16x8_u(i16x8.add(y0, scaled(cr0, RED)), i16x8.add(y1, scaled(cr1, RED)));
    const g = i8x16.narrow_i16x8_u(i16x8.add(y0, green(cb0, cr0)), i16x8.add(y1, green(cb1, cr1)));
    const b = i8x16.narrow_i16x8_u(i16x8.add(y0, scaled(cb0, BLUE)), i16x8.add(y1, scaled(cb1, BLUE)));
    interleave(r, g, b, to);
  }
}

/** Makes pixels of a row of three components as they are; up to 48 bytes behind them are overwritten. */
export function joinThree(a: usize, b: usize, c: usize, to: usize, columns: i32): void {
  for (let x: usize = 0; x < <usize> columns; x += 16, to += 48) {
    interleave(v128.load(a + x), v128.load(b + x), v128.load(c + x), to);
  }
}

// 16 bits behind the point.
const RED: i32 = 91881;
const BLUE: i32 = 116130;
const GREEN_CB: i32 = -22554;
const GREEN_CR: i32 = -46802;

/** Products, rounded to whole numbers. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function scaled(values: v128, factor: i32): v128 {
  const rounding = i32x4.splat(32768);
  const low = i32x4.add(i32x4.mul(i32x4.extend_low_i16x8_s(values), i32x4.splat(factor)), rounding);
  const high = i32x4.add(i32x4.mul(i32x4.extend_high_i16x8_s(values), i32x4.splat(factor)), rounding);
  return i16x8.narrow_i32x4_s(i32x4.shr_s(low, 16), i32x4.shr_s(high, 16));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function green(cb: v128, cr: v128): v128 {
  const low = greenOf(i32x4.extend_low_i16x8_s(cb), i32x4.extend_low_i16x8_s(cr));
  const high = greenOf(i32x4.extend_high_i16x8_s(cb), i32x4.extend_high_i16x8_s(cr));
  return i16x8.narrow_i32x4_s(low, high);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function greenOf(cb: v128, cr: v128): v128 {
  const sum = i32x4.add(i32x4.mul(cb, i32x4.splat(GREEN_CB)), i32x4.mul(cr, i32x4.splat(GREEN_CR)));
  return i32x4.shr_s(i32x4.add(sum, i32x4.splat(32768)), 16);
}

/** Writes 16 pixels of three bytes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function interleave(a: v128, b: v128, c: v128, to: usize): void {
  const ab0 = v128.shuffle<i8>(a, b, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
  v128.store(to, v128.shuffle<i8>(ab0, c, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15));
  const ab1 = v128.shuffle<i8>(a, b, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
  v128.store(to + 16, v128.shuffle<i8>(ab1, c, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15));
  const ab2 = v128.shuffle<i8>(a, b, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
  v128.store(to + 32, v128.shuffle<i8>(ab2, c, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31));
}
