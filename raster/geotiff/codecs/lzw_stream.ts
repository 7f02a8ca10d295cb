/**
 * LZW piece by piece, for strips that are too large to be decoded as a whole.
 *
 * @module
 */
import { CURE } from "../refusals.ts";
import type { ChunkStream } from "./chunk_decoder.ts";
import { UnsupportedData } from "./unsupported_data.ts";

const CLEAR = 256;
const END = 257;
const FIRST_FREE = 258;
const TABLE_SIZE = 4096;

/**
 * libtiff's mark of files from before 1988, whose bits are in the other order: they begin with CLEAR.
 *
 * @throws {UnsupportedData} if `encoded`, the beginning of a strip, has it.
 */
export function refuseOldStyle(encoded: Uint8Array<ArrayBuffer>): void {
  if (encoded.length >= 2 && encoded[0] === 0 && (encoded[1]! & 1) === 1) {
    throw new UnsupportedData("old-style LZW (least significant bit first) is", CURE.rewrite);
  }
}

/** A decoder at the beginning of a strip. */
export function openLzwStream(): ChunkStream {
  return new LzwStream();
}

/** Each code's string is that of another code and one more byte, since the output of before is not there any more. */
class LzwStream implements ChunkStream {
  readonly #prefixes = new Uint16Array(TABLE_SIZE);
  readonly #lastBytes = Uint8Array.from({ length: TABLE_SIZE }, (_, code) => code & 0xff);
  readonly #firstBytes = Uint8Array.from({ length: TABLE_SIZE }, (_, code) => code & 0xff);
  readonly #lengths = new Uint16Array(TABLE_SIZE).fill(1, 0, CLEAR);
  /** What of the last string found no room in the output. */
  #rest = new Uint8Array(0);
  #bits = 0;
  #bitCount = 0;
  #width = 9;
  #free = FIRST_FREE;
  #previous = -1;
  #begun = false;
  #ended = false;

  decode(
    input: Uint8Array<ArrayBuffer>,
    out: Uint8Array<ArrayBuffer>,
  ): { taken: number; written: number } {
    if (!this.#begun) refuseOldStyle(input);
    this.#begun = true;
    let taken = 0;
    let written = Math.min(this.#rest.length, out.length);
    out.set(this.#rest.subarray(0, written));
    this.#rest = this.#rest.subarray(written);
    while (written < out.length && !this.#ended) {
      while (this.#bitCount < this.#width && taken < input.length) {
        this.#bits = ((this.#bits << 8) | input[taken++]!) & 0xffffff;
        this.#bitCount += 8;
      }
      if (this.#bitCount < this.#width) break;
      this.#bitCount -= this.#width;
      const code = (this.#bits >>> this.#bitCount) & ((1 << this.#width) - 1);
      if (code === END) this.#ended = true;
      else if (code === CLEAR) this.#clear();
      else written = this.#put(this.#define(code), out, written);
    }
    return { taken, written };
  }

  #clear(): void {
    this.#width = 9;
    this.#free = FIRST_FREE;
    this.#previous = -1;
  }

  /** Adds the string that a code completes to the table, and gives the code. */
  #define(code: number): number {
    const previous = this.#previous;
    const free = this.#free;
    if (code >= free && (code > free || previous < 0)) {
      throw new Error(`damaged LZW data (code ${code} where ${free} are defined)`);
    }
    if (previous >= 0 && free < TABLE_SIZE) {
      this.#prefixes[free] = previous;
      this.#firstBytes[free] = this.#firstBytes[previous]!;
      this.#lengths[free] = this.#lengths[previous]! + 1;
      // The string being defined begins as the one before, so that its own last byte is that one's first.
      this.#lastBytes[free] = code === free ? this.#firstBytes[previous]! : this.#firstBytes[code]!;
      this.#free++;
      if (this.#free === (1 << this.#width) - 1 && this.#width < 12) this.#width++;
    }
    this.#previous = code;
    return code;
  }

  /** Writes a code's string from its last byte to its first; gives where the next one begins. */
  #put(code: number, out: Uint8Array<ArrayBuffer>, at: number): number {
    const length = this.#lengths[code]!;
    const fits = at + length <= out.length;
    const target = fits ? out : new Uint8Array(length);
    const start = fits ? at : 0;
    for (let to = start + length - 1; to >= start; to--) {
      target[to] = this.#lastBytes[code]!;
      code = this.#prefixes[code]!;
    }
    if (fits) return at + length;
    const room = out.length - at;
    out.set(target.subarray(0, room), at);
    this.#rest = target.subarray(room);
    return out.length;
  }
}
