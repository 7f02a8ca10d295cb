/**
 * DEFLATE for pixels of four or eight bytes, which repeat as wholes: it looks for matches at every fourth byte only. On the
 * NDVI of a real scene it takes six tenths of zlib's time at level 6 and seven tenths at level 4, for the same size to 1%;
 * on noise a third. The sources are in `wasm/word_deflate`.
 *
 * @module
 */
import { WORD_DEFLATE_WASM } from "./word_deflate_wasm.ts";
import type { ZlibInto } from "./zlib_handle.ts";

/** How long it searches, by level: earlier places that are tried, and the words (4 bytes) that are enough. */
const EFFORTS: readonly (readonly [tries: number, enoughWords: number])[] = [
  [2, 16],
  [3, 16],
  [4, 16],
  [5, 24],
  [16, 32],
  [64, 64],
];

/** Tiles that shrink to less than one part in so many are of few patterns: a longer search is cheap there, and pays. */
const FEW_PATTERNS_RATIO = 12;

/** The greatest tile that is taken: memory once grown for one is kept. */
const MOST_BYTES = 16 << 20;

interface Exports {
  readonly memory: WebAssembly.Memory;
  reserve(words: number): number;
  inputAddress(): number;
  outputAddress(words: number): number;
  deflate(words: number, tries: number, enoughWords: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** Whether this is the better way to compress at a level: above 6 zlib finds what is only to be found byte by byte. */
export function suitsWordDeflate(level: number, bytesPerSample: number): boolean {
  return level >= 1 && level <= EFFORTS.length && bytesPerSample % 4 === 0;
}

/**
 * A compressor to a zlib stream (RFC 1950). It gives 0 for what it leaves to zlib: data that is not made of whole words, is
 * the same word throughout, is very large, or would not fit into `out`.
 *
 * @param level from 1 to 6.
 */
export function openWordDeflate(level: number): ZlibInto {
  const [tries, enoughWords] = EFFORTS[level - 1]!;
  const [mostTries, mostWords] = EFFORTS.at(-1)!;
  compiled ??= new WebAssembly.Module(Uint8Array.fromBase64(WORD_DEFLATE_WASM));
  const wasm = new WebAssembly.Instance(compiled).exports as unknown as Exports;
  let memory = new Uint8Array(wasm.memory.buffer);
  return (data, out) => {
    const words = data.length / 4;
    if (!Number.isInteger(words) || data.length > MOST_BYTES || isOneWord(data)) return 0;
    if (wasm.reserve(words) === 0) return 0;
    // Grown memory is another buffer.
    if (memory.buffer !== wasm.memory.buffer) memory = new Uint8Array(wasm.memory.buffer);
    memory.set(data, wasm.inputAddress());
    let length = wasm.deflate(words, tries, enoughWords);
    if (length * FEW_PATTERNS_RATIO < data.length && tries < mostTries) {
      length = wasm.deflate(words, mostTries, mostWords);
    }
    if (length > out.length) return 0;
    const start = wasm.outputAddress(words);
    out.set(memory.subarray(start, start + length));
    return length;
  };
}

function isOneWord(data: Uint8Array): boolean {
  for (let at = 4; at < data.length; at++) if (data[at] !== data[at - 4]) return false;
  return true;
}
