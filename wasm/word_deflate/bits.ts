// Writes bits as DEFLATE packs them (RFC 1951, section 3.1.1): from the lowest of each byte on.

let waiting: u64 = 0;
let waitingBits: u64 = 0;
let next: usize = 0;

/** Starts at an address. */
export function startBits(address: usize): void {
  waiting = 0;
  waitingBits = 0;
  next = address;
}

/** Adds bits; no more than 56 in all between two calls of `drainBits`. */
export function putBits(value: u64, count: u64): void {
  waiting |= value << waitingBits;
  waitingBits += count;
}

/** Writes the whole bytes that wait; up to 8 bytes after them are overwritten. */
export function drainBits(): void {
  store<u64>(next, waiting);
  const bytes = waitingBits >> 3;
  next += <usize> bytes;
  waiting >>= bytes << 3;
  waitingBits &= 7;
}

/** Fills the last byte up, and gives the address behind it. */
export function endBits(): usize {
  drainBits();
  if (waitingBits > 0) next++;
  waitingBits = 0;
  waiting = 0;
  return next;
}
