// The blocks of a scan: coefficients (ISO/IEC 10918-1, F.2.2), and the inverse DCT, which gives the same samples as
// libjpeg's accurate integer method, "islow", to the last bit.

import { fillBits, takeNumber, takeSymbol } from "./huffman";
import { block, Field, field, quantTables, setField, workspace } from "./memory";

/** The places of coefficients in the order of rows, and places for runs that go beyond the last one. */
const zigzag: usize = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55,
  62, 63,
]);
/** The first coefficient, in the order of the scan, of the columns 4 to 7. */
const FIRST_OF_RIGHT_HALF: i32 = 14;

/** Decodes the next block of a component to `target`; false if its codes can't be. */
export function decodeBlock(component: i32, target: usize, stride: usize): bool {
  const zero = i64x2.splat(0);
  for (let at: usize = 0; at < 128; at += 16) v128.store(block + at, zero);
  fillBits();
  const size = takeSymbol(field(component, Field.DC));
  if (size < 0 || size > 11) return false;
  const dc = field(component, Field.LAST_DC) + (size == 0 ? 0 : takeNumber(size));
  // No encoder makes such a mean; what becomes of it differs from decoder to decoder.
  if (dc < -2048 || dc > 2047) return false;
  setField(component, Field.LAST_DC, dc);
  store<i16>(block, <i16> dc);
  const table = 4 + field(component, Field.AC);
  let last = 0;
  for (let k = 1; k < 64; k++) {
    fillBits();
    const symbol = takeSymbol(table);
    if (symbol < 0) return false;
    const bits = symbol & 15;
    if (bits == 0) {
      if (symbol != 0xf0) break;
      k += 15;
      continue;
    }
    k += symbol >> 4;
    if (k > 63 || bits > 10) return false;
    store<i16>(block + (<usize> load<u8>(zigzag + k) << 1), <i16> takeNumber(bits));
    last = k;
  }
  const quant = quantTables + (<usize> field(component, Field.QUANT) << 7);
  if (last == 0) fillFlat(dc * <i32> load<u16>(quant), target, stride);
  else transform(quant, target, stride, last < FIRST_OF_RIGHT_HALF);
  return true;
}

/** A block of nothing but its mean. */
function fillFlat(dc: i32, target: usize, stride: usize): void {
  const sample = min(255, max(0, ((dc << 2) + 16 >> 5) + 128));
  const row = <u64> sample * 0x0101010101010101;
  for (let y = 0; y < 8; y++, target += stride) store<u64>(target, row);
}

/** Undoes quantisation and DCT; that of four columns of zeros is zeros. */
function transform(quant: usize, target: usize, stride: usize, isRightHalfZero: bool): void {
  for (let at: usize = 0; at < 128; at += 16) {
    const coefficients = v128.load(block + at);
    const factors = v128.load(quant + at);
    v128.store(workspace + at * 2, i32x4.extmul_low_i16x8_s(coefficients, factors));
    v128.store(workspace + at * 2 + 16, i32x4.extmul_high_i16x8_s(coefficients, factors));
  }
  pass(workspace, 11);
  if (!isRightHalfZero) pass(workspace + 16, 11);
  transpose();
  pass(workspace, 18);
  pass(workspace + 16, 18);
  transpose();
  const middle = i16x8.splat(128);
  for (let at: usize = 0; at < 256; at += 32, target += stride) {
    const row = i16x8.narrow_i32x4_s(v128.load(workspace + at), v128.load(workspace + at + 16));
    const samples = i16x8.add_sat_s(row, middle);
    v128.store64_lane(target, i8x16.narrow_i16x8_u(samples, samples), 0);
  }
}

// The factors of libjpeg's jidctint.c: 13 bits behind the point.
const F_0_298631336: i32 = 2446;
const F_0_390180644: i32 = 3196;
const F_0_541196100: i32 = 4433;
const F_0_765366865: i32 = 6270;
const F_0_899976223: i32 = 7373;
const F_1_175875602: i32 = 9633;
const F_1_501321110: i32 = 12299;
const F_1_847759065: i32 = 15137;
const F_1_961570560: i32 = 16069;
const F_2_053119869: i32 = 16819;
const F_2_562915447: i32 = 20995;
const F_3_072711026: i32 = 25172;

// @ts-ignore: a decorator of AssemblyScript
@inline
function times(value: v128, factor: i32): v128 {
  return i32x4.mul(value, i32x4.splat(factor));
}

/** The one-dimensional inverse DCT of four columns of the workspace, in place; the result is rounded by so many bits. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function pass(at: usize, shift: i32): void {
  const rounding = i32x4.splat(1 << (shift - 1));
  // Even part.
  let z2 = v128.load(at, 64);
  let z3 = v128.load(at, 192);
  let z1 = times(i32x4.add(z2, z3), F_0_541196100);
  const even2 = i32x4.sub(z1, times(z3, F_1_847759065));
  const even3 = i32x4.add(z1, times(z2, F_0_765366865));
  z2 = v128.load(at, 0);
  z3 = v128.load(at, 128);
  const even0 = i32x4.add(i32x4.shl(i32x4.add(z2, z3), 13), rounding);
  const even1 = i32x4.add(i32x4.shl(i32x4.sub(z2, z3), 13), rounding);
  const sum0 = i32x4.add(even0, even3);
  const sum3 = i32x4.sub(even0, even3);
  const sum1 = i32x4.add(even1, even2);
  const sum2 = i32x4.sub(even1, even2);
  // Odd part.
  let odd0 = v128.load(at, 224);
  let odd1 = v128.load(at, 160);
  let odd2 = v128.load(at, 96);
  let odd3 = v128.load(at, 32);
  z1 = i32x4.add(odd0, odd3);
  z2 = i32x4.add(odd1, odd2);
  z3 = i32x4.add(odd0, odd2);
  let z4 = i32x4.add(odd1, odd3);
  const z5 = times(i32x4.add(z3, z4), F_1_175875602);
  odd0 = times(odd0, F_0_298631336);
  odd1 = times(odd1, F_2_053119869);
  odd2 = times(odd2, F_3_072711026);
  odd3 = times(odd3, F_1_501321110);
  z1 = times(z1, -F_0_899976223);
  z2 = times(z2, -F_2_562915447);
  z3 = i32x4.add(times(z3, -F_1_961570560), z5);
  z4 = i32x4.add(times(z4, -F_0_390180644), z5);
  odd0 = i32x4.add(odd0, i32x4.add(z1, z3));
  odd1 = i32x4.add(odd1, i32x4.add(z2, z4));
  odd2 = i32x4.add(odd2, i32x4.add(z2, z3));
  odd3 = i32x4.add(odd3, i32x4.add(z1, z4));
  v128.store(at, i32x4.shr_s(i32x4.add(sum0, odd3), shift), 0);
  v128.store(at, i32x4.shr_s(i32x4.sub(sum0, odd3), shift), 224);
  v128.store(at, i32x4.shr_s(i32x4.add(sum1, odd2), shift), 32);
  v128.store(at, i32x4.shr_s(i32x4.sub(sum1, odd2), shift), 192);
  v128.store(at, i32x4.shr_s(i32x4.add(sum2, odd1), shift), 64);
  v128.store(at, i32x4.shr_s(i32x4.sub(sum2, odd1), shift), 160);
  v128.store(at, i32x4.shr_s(i32x4.add(sum3, odd0), shift), 96);
  v128.store(at, i32x4.shr_s(i32x4.sub(sum3, odd0), shift), 128);
}

/** Turns rows of the workspace into columns. */
function transpose(): void {
  turn(0, 0);
  turn(144, 144);
  // The other two quarters change places.
  const a = v128.load(workspace, 16), b = v128.load(workspace, 48), c = v128.load(workspace, 80), d = v128.load(workspace, 112);
  turn(128, 16);
  turnTo(a, b, c, d, 128);
}

/** Turns the quarter at one place, to another. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function turn(from: usize, to: usize): void {
  const at = workspace + from;
  turnTo(v128.load(at, 0), v128.load(at, 32), v128.load(at, 64), v128.load(at, 96), to);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function turnTo(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  const at = workspace + to;
  v128.store(at, v128.shuffle<i64>(ab0, cd0, 0, 2), 0);
  v128.store(at, v128.shuffle<i64>(ab0, cd0, 1, 3), 32);
  v128.store(at, v128.shuffle<i64>(ab1, cd1, 0, 2), 64);
  v128.store(at, v128.shuffle<i64>(ab1, cd1, 1, 3), 96);
}
