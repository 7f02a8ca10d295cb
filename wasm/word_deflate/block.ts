// One block of DEFLATE with its own Huffman codes (RFC 1951, section 3.2.7): gathers tokens, then writes them.

import { drainBits, putBits } from "./bits";
import { makeCode } from "./huffman";
import {
  CODE_LENGTH_SYMBOLS,
  DISTANCE_SYMBOLS,
  distanceCode,
  distanceExtra,
  distanceExtraBits,
  END_OF_BLOCK,
  FIRST_LENGTH,
  lengthCode,
  lengthExtra,
  lengthExtraBits,
  LITERAL_SYMBOLS,
  MOST_WORDS,
} from "./tables";

const BLOCK_TOKENS: i32 = 16384;
const DYNAMIC_BLOCK: u64 = 2;
const IS_MATCH: u64 = 1 << 63;

const TOKENS: usize = memory.data(8 * 16384);
const LITERAL_COUNTS: usize = memory.data(4 * 288);
const DISTANCE_COUNTS: usize = memory.data(4 * 32);
const LENGTH_COUNTS: usize = memory.data(4 * 20);
const LITERAL_LENGTHS: usize = memory.data(288);
const DISTANCE_LENGTHS: usize = memory.data(32);
const LENGTH_LENGTHS: usize = memory.data(20);
const LITERAL_CODES: usize = memory.data(4 * 288);
const DISTANCE_CODES: usize = memory.data(4 * 32);
const LENGTH_CODES: usize = memory.data(4 * 20);
// A match's length with its extra bits, by words.
const WORDS_CODES: usize = memory.data(4 * 65);
const WORDS_BITS: usize = memory.data(65);
// The lengths of both codes, run by run: symbol, extra bits' value and number in one.
const RUNS: usize = memory.data(4 * 320);
// deno-fmt-ignore
const LENGTH_ORDER: StaticArray<i32> = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

let tokens: i32 = 0;
let runs: i32 = 0;

/** Begins a block. */
export function startBlock(): void {
  tokens = 0;
  memory.fill(LITERAL_COUNTS, 0, 4 * 288);
  memory.fill(DISTANCE_COUNTS, 0, 4 * 32);
}

/** Whether the block should be written before more is added. */
export function isBlockFull(): bool {
  return tokens === BLOCK_TOKENS;
}

/** Adds four literals. */
export function addLiterals(word: u32): void {
  store<u64>(TOKENS + (<usize> tokens << 3), <u64> word);
  tokens++;
  countOne(LITERAL_COUNTS, word & 255);
  countOne(LITERAL_COUNTS, word >> 8 & 255);
  countOne(LITERAL_COUNTS, word >> 16 & 255);
  countOne(LITERAL_COUNTS, word >> 24);
}

/** Adds a match: so many words, so many words back. */
export function addMatch(words: i32, distance: i32): void {
  store<u64>(TOKENS + (<usize> tokens << 3), <u64> (words << 16 | distance) | IS_MATCH);
  tokens++;
  countOne(LITERAL_COUNTS, FIRST_LENGTH + <usize> lengthCode(words));
  countOne(DISTANCE_COUNTS, <usize> distanceCode(distance));
}

function countOne(counts: usize, symbol: usize): void {
  const at = counts + (symbol << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Writes the block. */
export function writeBlock(isLast: bool): void {
  countOne(LITERAL_COUNTS, END_OF_BLOCK);
  makeCode(LITERAL_COUNTS, LITERAL_SYMBOLS, 15, LITERAL_LENGTHS, LITERAL_CODES);
  makeCode(DISTANCE_COUNTS, DISTANCE_SYMBOLS, 15, DISTANCE_LENGTHS, DISTANCE_CODES);
  putBits(isLast ? 1 : 0, 1);
  putBits(DYNAMIC_BLOCK, 2);
  writeCodes();
  for (let words = 1; words <= MOST_WORDS; words++) {
    const code = lengthCode(words);
    const symbol = FIRST_LENGTH + <usize> code;
    const bits = <u32> load<u8>(LITERAL_LENGTHS + symbol);
    const extra = <u32> lengthExtra(words, code) << bits;
    store<u32>(WORDS_CODES + (<usize> words << 2), load<u32>(LITERAL_CODES + (symbol << 2)) | extra);
    store<u8>(WORDS_BITS + <usize> words, <u8> (bits + lengthExtraBits(code)));
  }
  const end = TOKENS + (<usize> tokens << 3);
  for (let at = TOKENS; at < end; at += 8) {
    const token = load<u64>(at);
    if ((token & IS_MATCH) === 0) writeLiterals(<usize> token);
    else writeMatch(<i32> (token >> 16) & 0xff, <i32> token & 0xffff);
  }
  putSymbol(END_OF_BLOCK, LITERAL_CODES, LITERAL_LENGTHS);
  drainBits();
}

function putSymbol(symbol: usize, codes: usize, lengths: usize): void {
  putBits(<u64> load<u32>(codes + (symbol << 2)), <u64> load<u8>(lengths + symbol));
}

// 45 bits at the most before the drain, beside 7 that wait.
function writeLiterals(word: usize): void {
  putSymbol(word & 255, LITERAL_CODES, LITERAL_LENGTHS);
  putSymbol(word >> 8 & 255, LITERAL_CODES, LITERAL_LENGTHS);
  putSymbol(word >> 16 & 255, LITERAL_CODES, LITERAL_LENGTHS);
  drainBits();
  putSymbol(word >> 24, LITERAL_CODES, LITERAL_LENGTHS);
  drainBits();
}

// 48 bits at the most, beside 7 that wait.
function writeMatch(words: i32, distance: i32): void {
  putBits(<u64> load<u32>(WORDS_CODES + (<usize> words << 2)), <u64> load<u8>(WORDS_BITS + <usize> words));
  const code = distanceCode(distance);
  putSymbol(<usize> code, DISTANCE_CODES, DISTANCE_LENGTHS);
  putBits(<u64> distanceExtra(distance, code), <u64> distanceExtraBits(code));
  drainBits();
}

/** The two codes, as the lengths of their symbols' codes, in runs, in a code of their own. */
function writeCodes(): void {
  const literals = usedSymbols(LITERAL_LENGTHS, LITERAL_SYMBOLS, 257);
  const distances = usedSymbols(DISTANCE_LENGTHS, DISTANCE_SYMBOLS, 1);
  memory.fill(LENGTH_COUNTS, 0, 4 * 20);
  runs = 0;
  gatherRuns(LITERAL_LENGTHS, literals);
  gatherRuns(DISTANCE_LENGTHS, distances);
  makeCode(LENGTH_COUNTS, CODE_LENGTH_SYMBOLS, 7, LENGTH_LENGTHS, LENGTH_CODES);
  let lengths = CODE_LENGTH_SYMBOLS;
  while (lengths > 4 && load<u8>(LENGTH_LENGTHS + <usize> unchecked(LENGTH_ORDER[lengths - 1])) === 0) lengths--;
  putBits(<u64> (literals - 257), 5);
  putBits(<u64> (distances - 1), 5);
  putBits(<u64> (lengths - 4), 4);
  drainBits();
  for (let i = 0; i < lengths; i++) {
    putBits(<u64> load<u8>(LENGTH_LENGTHS + <usize> unchecked(LENGTH_ORDER[i])), 3);
    drainBits();
  }
  for (let i = 0; i < runs; i++) {
    const run = load<u32>(RUNS + (<usize> i << 2));
    putSymbol(<usize> (run & 31), LENGTH_CODES, LENGTH_LENGTHS);
    putBits(<u64> (run >> 8 & 255), <u64> (run >> 16));
    drainBits();
  }
}

function usedSymbols(lengths: usize, symbols: i32, least: i32): i32 {
  let used = symbols;
  while (used > least && load<u8>(lengths + <usize> (used - 1)) === 0) used--;
  return used;
}

/** RFC 1951, section 3.2.7: 16 repeats the length before 3 to 6 times, 17 and 18 are 3 to 10 and 11 to 138 zeros. */
function gatherRuns(lengths: usize, symbols: i32): void {
  for (let i = 0; i < symbols;) {
    const length = <i32> load<u8>(lengths + <usize> i);
    let left = 1;
    while (i + left < symbols && <i32> load<u8>(lengths + <usize> (i + left)) === length) left++;
    i += left;
    if (length > 0) {
      addRun(length, 0, 0);
      left--;
    }
    while (left >= 3) {
      const most = length > 0 ? 6 : left > 10 ? 138 : 10;
      const taken = left < most ? left : most;
      if (length > 0) addRun(16, taken - 3, 2);
      else if (left > 10) addRun(18, taken - 11, 7);
      else addRun(17, taken - 3, 3);
      left -= taken;
    }
    for (; left > 0; left--) addRun(length, 0, 0);
  }
}

function addRun(symbol: i32, extra: i32, extraBits: i32): void {
  countOne(LENGTH_COUNTS, <usize> symbol);
  store<u32>(RUNS + (<usize> runs << 2), <u32> (symbol | extra << 8 | extraBits << 16));
  runs++;
}
