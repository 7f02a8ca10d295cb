// Huffman codes (ISO/IEC 10918-1, annex C and F.2.2) and the bits of a scan.

const LOOK_BITS: i32 = 9;
/** Tables: DC 0 to 3, AC 0 to 3. */
const TABLES: i32 = 8;
const SPEC_BYTES: usize = 16 + 256;
const LOOK_ENTRIES: i32 = 1 << LOOK_BITS;

/** As in a file: 16 counts, then the symbols. */
const specs: usize = memory.data(8 * 272, 16);
/** For the first bits of a code: its length (high byte) and symbol; 0 if it is longer. */
const looks: usize = memory.data(8 * 512 * 2, 16);
/** For each length: the greatest code of it (i32), or -1; and what makes a code the place of its symbol. */
const greatest: usize = memory.data(8 * 18 * 4, 16);
const shifts: usize = memory.data(8 * 18 * 4, 16);

let bits: u64 = 0;
let bitCount: i32 = 0;
let next: usize = 0;
let end: usize = 0;
/** Bits behind the end that stand in `bits` as zeros. */
let missingBits: i32 = 0;

/** Where the counts and symbols of a table go. */
export function specAddress(table: i32): usize {
  return specs + <usize> table * SPEC_BYTES;
}

/** Makes a table ready; false if its counts can't be. */
export function prepareTable(table: i32): bool {
  const spec = specAddress(table);
  const look = looks + <usize> (table * LOOK_ENTRIES * 2);
  memory.fill(look, 0, LOOK_ENTRIES * 2);
  let code: i32 = 0;
  let place: i32 = 0;
  for (let length = 1; length <= 16; length++) {
    const count = <i32> load<u8>(spec + <usize> (length - 1));
    store<i32>(shifts + <usize> ((table * 18 + length) * 4), place - code);
    for (let i = 0; i < count; i++) {
      if (place >= 256 || code >= 1 << length) return false;
      if (length <= LOOK_BITS) {
        const entry = <u16> (length << 8 | <i32> load<u8>(spec + 16 + <usize> place));
        const first = code << (LOOK_BITS - length);
        const entries = 1 << (LOOK_BITS - length);
        for (let at = first; at < first + entries; at++) store<u16>(look + <usize> (at * 2), entry);
      }
      code++;
      place++;
    }
    store<i32>(greatest + <usize> ((table * 18 + length) * 4), count > 0 ? code - 1 : -1);
    code <<= 1;
  }
  return true;
}

/** Begins to read a scan's bits. */
export function startBits(from: usize, to: usize): void {
  bits = 0;
  bitCount = 0;
  missingBits = 0;
  next = from;
  end = to;
}

/** Whether more bits have been taken than there are. */
export function ranDry(): bool {
  return missingBits > bitCount;
}

/** Makes at least 32 bits ready; what is behind the end or a marker are zeros. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function fillBits(): void {
  if (bitCount > 31) return;
  if (next + 4 <= end) {
    const word = load<u32>(next);
    // No byte is 0xFF: neither a marker nor a stuffed zero behind one.
    if (((~word - 0x01010101) & word & 0x80808080) == 0) {
      bits = bits << 32 | <u64> bswap<u32>(word);
      bitCount += 32;
      next += 4;
      return;
    }
  }
  fillSlowly();
}

function fillSlowly(): void {
  while (bitCount <= 48) {
    if (next < end) {
      const byte = <u64> load<u8>(next);
      const isStuffed = byte == 0xff && next + 1 < end && load<u8>(next + 1) == 0;
      if (byte != 0xff || isStuffed) {
        bits = bits << 8 | byte;
        bitCount += 8;
        next += isStuffed ? 2 : 1;
        continue;
      }
      // A marker ends the scan.
      end = next;
    }
    bits <<= 8;
    bitCount += 8;
    missingBits += 8;
  }
}

/** The next symbol, or -1 if no code begins so. Bits must be ready. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function takeSymbol(table: i32): i32 {
  const look = <i32> (bits >> (bitCount - LOOK_BITS)) & (LOOK_ENTRIES - 1);
  const entry = <i32> load<u16>(looks + <usize> ((table * LOOK_ENTRIES + look) * 2));
  if (entry == 0) return takeLongSymbol(table);
  bitCount -= entry >> 8;
  return entry & 0xff;
}

function takeLongSymbol(table: i32): i32 {
  for (let length = LOOK_BITS + 1; length <= 16; length++) {
    const code = <i32> (bits >> (bitCount - length)) & ((1 << length) - 1);
    const at = <usize> ((table * 18 + length) * 4);
    if (code > load<i32>(greatest + at)) continue;
    bitCount -= length;
    const place = code + load<i32>(shifts + at);
    if (place < 0 || place > 255) return -1;
    return <i32> load<u8>(specAddress(table) + 16 + <usize> place);
  }
  return -1;
}

/** The next number of so many bits: those without a leading 1 are negative (F.2.2.1). */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function takeNumber(count: i32): i32 {
  bitCount -= count;
  const value = <i32> (bits >> bitCount) & ((1 << count) - 1);
  return value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
}
