// Decodes LZW as TIFF has it (TIFF 6.0 section 13): codes of 9 to 12 bits, the most significant bit first, and one code
// earlier wider than GIF's.
//
// A code's string stands somewhere in what has been written already, so the table holds places in the output, and a
// string is copied from there, eight bytes at a time.

const CLEAR: u32 = 256;
const END: u32 = 257;
const FIRST_FREE: u32 = 258;
const TABLE_SIZE: u32 = 4096;
const PAGE_BYTES: usize = 65536;
/** What may be read behind the input, or written behind the output: the longest string and what a copy overshoots. */
const SLACK_BYTES: usize = 4096 + 64;

/** The bytes 0 to 255: the strings of the codes below CLEAR. */
const literals: usize = memory.data(256);
/** For each code the place of its string (low half) and its length (high half). */
const table: usize = memory.data(32768, 8);
let isPrepared: bool = false;

/** Where the input goes. */
export function inputAddress(): usize {
  return __heap_base;
}

/** Where the output of an input of so many bytes is. */
export function outputAddress(inputBytes: usize): usize {
  return (__heap_base + inputBytes + SLACK_BYTES + 7) & ~7;
}

/** Makes room for so much input and output; whether there was enough. */
export function reserve(inputBytes: usize, outputBytes: usize): bool {
  const end = outputAddress(inputBytes) + outputBytes + SLACK_BYTES;
  const pages = <i32> ((end + PAGE_BYTES - 1) / PAGE_BYTES);
  const missing = pages - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

/**
 * Decodes until the output is full or the input ends; gives the number of bytes written. Damage gives -1 minus the code
 * that is not defined, times 4096, minus how many codes are.
 */
export function decode(inputBytes: usize, outputBytes: usize): i32 {
  if (!isPrepared) prepare();
  let from = inputAddress();
  const output = outputAddress(inputBytes);
  const inputEnd = from + inputBytes;
  const end = output + outputBytes;
  let to = output;
  let bits: u64 = 0;
  let bitCount: u32 = 0;
  let width: u32 = 9;
  let free = FIRST_FREE;
  // Codes are read with one more bit from this one on.
  let widenAt: u32 = 511;
  let previous: usize = 0;
  let previousLength: u32 = 0;
  while (to < end) {
    if (bitCount < 12) {
      bits = bits << 32 | <u64> bswap<u32>(load<u32>(from));
      bitCount += 32;
      from += 4;
    }
    bitCount -= width;
    const code = <u32> (bits >> bitCount) & ((1 << width) - 1);
    // Bits behind the input are no code.
    if (from > inputEnd && ((from - inputEnd) << 3) > <usize> bitCount) break;
    let start: usize;
    let length: u32;
    if (code < free) {
      if ((code & ~1) == CLEAR) {
        if (code == END) break;
        width = 9;
        widenAt = 511;
        free = FIRST_FREE;
        previous = 0;
        continue;
      }
      const entry = load<u64>(table + (<usize> code << 3));
      start = <usize> (entry & 0xffffffff);
      length = <u32> (entry >> 32);
      store<u64>(to, load<u64>(start));
      if (length > 8) copyRest(to, start, length);
    } else {
      if (code != free || previous == 0) return -1 - <i32> (code * TABLE_SIZE + free);
      // The string being defined: the one before and its own first byte.
      length = previousLength + 1;
      store<u64>(to, load<u64>(previous));
      if (previousLength > 8) copyRest(to, previous, previousLength);
      store<u8>(to + previousLength, load<u8>(previous));
    }
    if (previous != 0 && free < TABLE_SIZE) {
      // The string before and the first byte of this one stand side by side in the output.
      store<u64>(table + (<usize> free << 3), <u64> previous | <u64> (previousLength + 1) << 32);
      free++;
      if (free == widenAt && width < 12) {
        width++;
        widenAt = (1 << width) - 1;
      }
    }
    previous = to;
    previousLength = length;
    to += length;
  }
  // The last string may be longer than what is wanted.
  return <i32> (min(to, end) - output);
}

/** Copies what is behind the first eight bytes of a string; it ends before `to` begins. */
function copyRest(to: usize, start: usize, length: u32): void {
  for (let at: usize = 8; at < <usize> length; at += 8) store<u64>(to + at, load<u64>(start + at));
}

function prepare(): void {
  for (let byte: usize = 0; byte < 256; byte++) {
    store<u8>(literals + byte, <u8> byte);
    store<u64>(table + (byte << 3), <u64> (literals + byte) | 1 << 32);
  }
  isPrepared = true;
}
