// Finds the longest earlier occurrence of what comes next, by words of four bytes.

import { MOST_WORDS, WINDOW_WORDS } from "./tables";

const PAIR_BITS: u64 = 15;
const WORD_BITS: u32 = 16;
const WINDOW_MASK: i32 = WINDOW_WORDS - 1;

// The last place of each pair of words, and from each place the one before with the same hash; the last place of each word.
const LAST_PAIR: usize = memory.data(4 << 15);
const PAIR_BEFORE: usize = memory.data(4 << 13);
const LAST_WORD: usize = memory.data(4 << 16);

let input: usize = 0;
let inputWords: i32 = 0;
let mostTries: i32 = 0;
let goodWords: i32 = 0;
let foundDistance: i32 = 0;

/** Begins with so many words at an address: gives up after so many tries, or with a match of so many words. */
export function startMatches(address: usize, words: i32, tries: i32, enough: i32): void {
  memory.fill(LAST_PAIR, 0xff, 4 << 15);
  memory.fill(LAST_WORD, 0xff, 4 << 16);
  input = address;
  inputWords = words;
  mostTries = tries;
  goodWords = enough;
}

/** How far back the match is that was found last, words. */
export function matchDistance(): i32 {
  return foundDistance;
}

function addressOf(place: i32): usize {
  return input + (<usize> place << 2);
}

function lastPairOf(address: usize): usize {
  return LAST_PAIR + (<usize> (load<u64>(address) * 0x9e3779b97f4a7c15 >> (64 - PAIR_BITS)) << 2);
}

function lastWordOf(word: u32): usize {
  return LAST_WORD + (<usize> (word * 0x9e3779b1 >> (32 - WORD_BITS)) << 2);
}

/** Notes places that a match covers; the last word of all begins no pair. */
export function notePlaces(first: i32, end: i32): void {
  for (let place = first; place < min(end, inputWords - 1); place++) {
    const address = addressOf(place);
    notePair(lastPairOf(address), place);
    store<i32>(lastWordOf(load<u32>(address)), place);
  }
}

function notePair(last: usize, place: i32): void {
  store<i32>(PAIR_BEFORE + (<usize> (place & WINDOW_MASK) << 2), load<i32>(last));
  store<i32>(last, place);
}

/** The words of the longest match found at a place, 0 for none; the place is noted. */
export function findMatch(place: i32): i32 {
  const address = addressOf(place);
  const word = load<u32>(address);
  const oldest = max(0, place - WINDOW_WORDS);
  let most = 0;
  if (place + 1 < inputWords) {
    const last = lastPairOf(address);
    const candidate = load<i32>(last);
    notePair(last, place);
    most = longestOf(candidate, oldest, place);
  }
  const lastWord = lastWordOf(word);
  const candidate = load<i32>(lastWord);
  store<i32>(lastWord, place);
  if (most > 0 || candidate < oldest || load<u32>(addressOf(candidate)) !== word) return most;
  foundDistance = place - candidate;
  return 1;
}

function longestOf(first: i32, oldest: i32, place: i32): i32 {
  const address = addressOf(place);
  const limit = min(inputWords - place, MOST_WORDS);
  let most = 0;
  let tries = mostTries;
  for (let candidate = first; candidate >= oldest;) {
    const other = addressOf(candidate);
    const ahead = <usize> most << 2;
    if (load<u32>(other + ahead) === load<u32>(address + ahead) && load<u32>(other) === load<u32>(address)) {
      const words = equalWords(other, address, limit);
      if (words > most) {
        most = words;
        foundDistance = place - candidate;
        if (words >= goodWords || words === limit) break;
      }
    }
    if (--tries === 0) break;
    const before = load<i32>(PAIR_BEFORE + (<usize> (candidate & WINDOW_MASK) << 2));
    // The window has come round: what stands there is of a later place.
    if (before >= candidate) break;
    candidate = before;
  }
  return most;
}

function equalWords(a: usize, b: usize, limit: i32): i32 {
  let words = 0;
  for (; words + 2 <= limit; words += 2) {
    const at = <usize> words << 2;
    const difference = load<u64>(a + at) ^ load<u64>(b + at);
    if (difference !== 0) return <u32> difference === 0 ? words + 1 : words;
  }
  const at = <usize> words << 2;
  return words < limit && load<u32>(a + at) === load<u32>(b + at) ? words + 1 : words;
}
