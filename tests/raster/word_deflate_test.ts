import { assert, assertEquals } from "@std/assert";
import { deflateSync, inflateSync } from "node:zlib";
import { openWordDeflate, suitsWordDeflate } from "../../raster/geotiff/codecs/word_deflate.ts";
import { seededRandom } from "./seeded_random.ts";

const LEVELS = [1, 2, 3, 4, 5, 6];
const random = seededRandom(20261123);

/** Deflates, checks that zlib gives back what went in, and returns the length; 0 if it was left to zlib. */
function roundTrip(level: number, words: Uint32Array<ArrayBuffer>): number {
  const data = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const out = new Uint8Array(data.length + 1024);
  const length = openWordDeflate(level)(data, out);
  if (length > 0) assertEquals(new Uint8Array(inflateSync(out.subarray(0, length))), data);
  return length;
}

function wordsOf(count: number, word: (index: number) => number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, (_, index) => word(index));
}

function bitsOf(values: Float32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return new Uint32Array(values.buffer);
}

/** A scene's ratios: smooth, of few distinct values. */
function ratios(side: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: side * side }, (_, index) => {
    const [row, column] = [Math.floor(index / side), index % side];
    const red = 60 + Math.round(20 * Math.sin(row / 17) + 15 * Math.cos(column / 23));
    const nir = 90 + Math.round(25 * Math.cos(row / 29) + 10 * Math.sin(column / 11));
    return (nir - red) / (nir + red);
  });
}

Deno.test("zlib inflates what is deflated by words, whatever the pixels are", () => {
  const contents: Record<string, Uint32Array<ArrayBuffer>> = {
    noise: wordsOf(65536, () => Math.floor(random() * 2 ** 32)),
    "few values": wordsOf(65536, () => Math.floor(random() * 5)),
    ratios: bitsOf(ratios(256)),
    "long runs": wordsOf(65536, (index) => index >> 9),
    "the farthest match, and one that is too far": wordsOf(
      40000,
      (index) => index % 8192 < 100 || index % 8193 > 8100 ? index % 8192 : Math.floor(random() * 2 ** 32),
    ),
    "sequence numbers": wordsOf(65536, (index) => index),
    "the sign bit": wordsOf(5000, (index) => index % 3 === 0 ? 0x80000000 : 0xffffffff - index % 7),
  };
  for (const [name, words] of Object.entries(contents)) {
    for (const level of LEVELS) assert(roundTrip(level, words) > 0, `${name} at level ${level}`);
  }
});

Deno.test("any number of words is deflated, with any bytes after the last one", () => {
  for (let count = 2; count < 300; count++) {
    const words = wordsOf(count + 1, (index) => (index * 7919 + count) % 11);
    assert(
      roundTrip(4, words.subarray(0, count)) > 0 || words.subarray(0, count).every((w) => w === words[0]),
    );
  }
});

Deno.test("codes stay within 15 bits where the bytes are as uneven as can be", () => {
  // Fibonacci numbers give the deepest trees. No word comes twice, so that all bytes are literals.
  const counts = [1, 1];
  while (counts.length < 19) counts.push(counts.at(-1)! + counts.at(-2)!);
  const rare = counts.flatMap((count, byte) => Array<number>(count).fill(byte));
  const words = rare.map((byte, index) =>
    byte | rare[index * 7919 % rare.length]! << 8 | (128 + Math.floor(index / 105)) << 16 |
    (128 + index % 105) << 24
  );
  assert(roundTrip(1, Uint32Array.from(words)) > 0);
});

Deno.test("a deflater that is used again gives the same as a new one", () => {
  const used = openWordDeflate(5);
  const big = new Uint8Array(wordsOf(300_000, () => Math.floor(random() * 1000)).buffer);
  const small = new Uint8Array(ratios(64).buffer);
  const encode = (deflate: typeof used, data: Uint8Array<ArrayBuffer>) => {
    const out = new Uint8Array(data.length + 1024);
    return out.slice(0, deflate(data, out));
  };
  const first = encode(used, small);
  assertEquals(new Uint8Array(inflateSync(encode(used, big))), big);
  assertEquals(encode(used, small), first);
  assertEquals(encode(openWordDeflate(5), small), first);
});

Deno.test("a scene's ratios take no more than 2% above zlib's size at the same level", () => {
  const pixels = ratios(512);
  for (const level of [4, 5, 6]) {
    const zlib = deflateSync(new Uint8Array(pixels.buffer), { level, memLevel: 9 }).length;
    const ours = roundTrip(level, bitsOf(pixels));
    assert(ours > 0 && ours <= 1.02 * zlib, `level ${level}: ${ours} bytes, zlib's ${zlib}`);
  }
});

Deno.test("a map of few classes comes within 5% of the size that zlib makes it at the same level", () => {
  const classes = wordsOf(32 * 32, () => Math.floor(random() * 12));
  const map = wordsOf(65536, (index) => classes[32 * (index >> 11) + ((index & 255) >> 3)]!);
  for (const level of [3, 4, 5, 6]) {
    const zlib = deflateSync(new Uint8Array(map.buffer), { level, memLevel: 9 }).length;
    const ours = roundTrip(level, map);
    assert(ours > 0 && ours <= 1.05 * zlib, `level ${level}: ${ours} bytes, zlib's ${zlib}`);
  }
});

Deno.test("what is no whole words, one word throughout, or too long for its place is left to zlib", () => {
  const deflate = openWordDeflate(4);
  const out = new Uint8Array(1 << 20);
  assertEquals(deflate(new Uint8Array(4 * 100 + 2).fill(1, 7), out), 0);
  assertEquals(deflate(new Uint8Array(1 << 16), out), 0);
  assertEquals(deflate(new Uint8Array(0), out), 0);
  const noise = new Uint8Array(wordsOf(1000, () => Math.floor(random() * 2 ** 32)).buffer);
  assertEquals(deflate(noise, new Uint8Array(1000)), 0);
});

Deno.test("levels 1 to 6 of pixels of four and eight bytes are deflated by words", () => {
  const suited = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((level) => suitsWordDeflate(level, 4));
  assertEquals(suited, LEVELS);
  assertEquals([1, 2, 4, 8].filter((bytes) => suitsWordDeflate(6, bytes)), [4, 8]);
});
