// Decodes PackBits (TIFF 6.0 section 9): a count, then as many bytes, or one byte that is so often there. Both kinds of run are
// written sixteen bytes at a time, beyond their ends: what stands there is written again by the next one.

const PAGE_BYTES: usize = 65536;
/** What may be read behind the input, or written behind the output: the longest run. */
const SLACK_BYTES: usize = 128 + 16;

/** Where the input goes. */
export function inputAddress(): usize {
  return __heap_base;
}

/** Where the output of an input of so many bytes is. */
export function outputAddress(inputBytes: usize): usize {
  return (__heap_base + inputBytes + SLACK_BYTES + 15) & ~15;
}

/** Makes room for so much input and output; whether there was enough. */
export function reserve(inputBytes: usize, outputBytes: usize): bool {
  const end = outputAddress(inputBytes) + outputBytes + SLACK_BYTES;
  const pages = <i32> ((end + PAGE_BYTES - 1) / PAGE_BYTES);
  const missing = pages - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

/** Decodes until the output is full or the input ends; gives the number of bytes written. */
export function decode(inputBytes: usize, outputBytes: usize): usize {
  let from = inputAddress();
  const output = outputAddress(inputBytes);
  const inputEnd = from + inputBytes;
  const end = output + outputBytes;
  let to = output;
  while (to < end && from < inputEnd) {
    const n = <usize> load<u8>(from++);
    if (n < 128) {
      const count: usize = n + 1;
      v128.store(to, v128.load(from));
      for (let at: usize = 16; at < count; at += 16) v128.store(to + at, v128.load(from + at));
      const there = min(count, inputEnd - from);
      to += there;
      from += there;
    } else if (n > 128 && from < inputEnd) {
      const count: usize = <usize> 257 - n;
      const bytes = i8x16.splat(load<i8>(from++));
      v128.store(to, bytes);
      for (let at: usize = 16; at < count; at += 16) v128.store(to + at, bytes);
      to += count;
    }
  }
  // The last run may be longer than what is wanted.
  return min(to, end) - output;
}
