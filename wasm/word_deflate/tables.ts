// The tables of DEFLATE (RFC 1951, section 3.2.5), for matches of whole words of four bytes.

/** The longest match, words: DEFLATE ends at 258 bytes. */
export const MOST_WORDS: i32 = 64;
/** The farthest match, words: DEFLATE's window is 32 KiB. */
export const WINDOW_WORDS: i32 = 8192;
/** The symbol that ends a block, and the first one that is a length. */
export const END_OF_BLOCK: usize = 256;
export const FIRST_LENGTH: usize = 257;
/** Symbols of the alphabets: literals and lengths, distances, code lengths. */
export const LITERAL_SYMBOLS: i32 = 286;
export const DISTANCE_SYMBOLS: i32 = 30;
export const CODE_LENGTH_SYMBOLS: i32 = 19;

// The last one, for 258 bytes, is no multiple of four and is left out.
// deno-fmt-ignore
const LENGTH_BASE: StaticArray<i32> = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
];
// deno-fmt-ignore
const DISTANCE_BASE: StaticArray<i32> = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];

const LENGTH_OF_WORDS: usize = memory.data(65);
const DISTANCE_OF_WORDS: usize = memory.data(8193);
let isFilled: bool = false;

/** Fills what is looked up by the number of words. */
export function fillTables(): void {
  if (isFilled) return;
  isFilled = true;
  for (let words = 1, symbol = 0; words <= MOST_WORDS; words++) {
    while (symbol < 27 && unchecked(LENGTH_BASE[symbol + 1]) <= 4 * words) symbol++;
    store<u8>(LENGTH_OF_WORDS + <usize> words, <u8> symbol);
  }
  for (let words = 1, symbol = 0; words <= WINDOW_WORDS; words++) {
    while (symbol < 29 && unchecked(DISTANCE_BASE[symbol + 1]) <= 4 * words) symbol++;
    store<u8>(DISTANCE_OF_WORDS + <usize> words, <u8> symbol);
  }
}

/** The length code of a match, from 0 for symbol 257. */
export function lengthCode(words: i32): i32 {
  return <i32> load<u8>(LENGTH_OF_WORDS + <usize> words);
}

/** Bits that follow a length code. */
export function lengthExtraBits(code: i32): i32 {
  return code < 8 ? 0 : (code >> 2) - 1;
}

/** What these bits say. */
export function lengthExtra(words: i32, code: i32): i32 {
  return 4 * words - unchecked(LENGTH_BASE[code]);
}

/** The distance code of a match. */
export function distanceCode(words: i32): i32 {
  return <i32> load<u8>(DISTANCE_OF_WORDS + <usize> words);
}

/** Bits that follow a distance code. */
export function distanceExtraBits(code: i32): i32 {
  return code < 4 ? 0 : (code >> 1) - 1;
}

/** What these bits say. */
export function distanceExtra(words: i32, code: i32): i32 {
  return 4 * words - unchecked(DISTANCE_BASE[code]);
}
