// DEFLATE in a zlib stream (RFC 1950 and 1951) for pixels of four or eight bytes.
//
// A general compressor looks for matches at every byte. Pixels of four bytes repeat as whole pixels, so this one looks at
// every fourth byte only, which is a quarter of the places and finds nearly all there is.

import { adler32 } from "./adler";
import { drainBits, endBits, putBits, startBits } from "./bits";
import { addLiterals, addMatch, isBlockFull, startBlock, writeBlock } from "./block";
import { findMatch, matchDistance, notePlaces, startMatches } from "./matches";
import { fillTables } from "./tables";

/** CMF and FLG: DEFLATE, a window of 32 KiB, the default level, as the checked number that they must be. */
const ZLIB_HEADER: u64 = 0x9c78;
const PAGE_BYTES: usize = 65536;
/** What may be read or written behind the last byte, and more than one block's codes need. */
const SLACK_BYTES: usize = 4096;

/** Where the input goes: at `__heap_base`. */
export function inputAddress(): usize {
  return __heap_base;
}

/** Where the output of so many words is. */
export function outputAddress(words: i32): usize {
  return __heap_base + (<usize> words << 2) + SLACK_BYTES;
}

/**
 * Makes room for so many words and what becomes of them: with codes of 9 bits for a byte and 32 for a match no token would
 * take more than 9/8 of what it stands for, and Huffman's are never worse.
 */
export function reserve(words: i32): bool {
  const most = (<usize> words << 2) + (<usize> words >> 1) + (<usize> words >> 5) + SLACK_BYTES;
  const pages = <i32> ((outputAddress(words) + most + PAGE_BYTES - 1) / PAGE_BYTES);
  const missing = pages - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

/** Compresses so many words, and gives the number of bytes. */
export function deflate(words: i32, tries: i32, enough: i32): i32 {
  fillTables();
  const input = inputAddress();
  const output = outputAddress(words);
  startBits(output);
  putBits(ZLIB_HEADER, 16);
  drainBits();
  startMatches(input, words, tries, enough);
  startBlock();
  for (let place = 0; place < words;) {
    if (isBlockFull()) {
      writeBlock(false);
      startBlock();
    }
    const match = findMatch(place);
    if (match === 0) {
      addLiterals(load<u32>(input + (<usize> place << 2)));
      place++;
    } else {
      addMatch(match, matchDistance());
      notePlaces(place + 1, place + match);
      place += match;
    }
  }
  writeBlock(true);
  const end = endBits();
  store<u32>(end, bswap<u32>(adler32(input, words)));
  return <i32> (end + 4 - output);
}
