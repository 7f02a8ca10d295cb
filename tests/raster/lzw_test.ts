import { assertEquals, assertThrows } from "@std/assert";
import type { ChunkStream } from "../../raster/geotiff/codecs/chunk_decoder.ts";
import { loadLzwDecoder } from "../../raster/geotiff/codecs/lzw.ts";
import { openLzwStream } from "../../raster/geotiff/codecs/lzw_stream.ts";
import { seededRandom } from "./seeded_random.ts";

const CLEAR = 256;
const END = 257;
const lzw = await loadLzwDecoder();
const random = seededRandom(20261129);

/** Packs codes as TIFF does: each as wide as the table is then, counted as a decoder counts. */
function packCodes(codes: readonly number[]): Uint8Array<ArrayBuffer> {
  let bits = "";
  let free = 258;
  let width = 9;
  let hasPrevious = false;
  for (const code of codes) {
    bits += code.toString(2).padStart(width, "0");
    if (code === CLEAR) [free, width, hasPrevious] = [258, 9, false];
    else {
      if (hasPrevious && free < 4096) free++;
      hasPrevious = true;
      if (free === 2 ** width - 1 && width < 12) width++;
    }
  }
  const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0").match(/.{8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => parseInt(byte, 2));
}

/** A plain encoder: the longest string that is known, then its next byte makes a new one. */
function encode(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const codes = [CLEAR];
  let table = new Map<string, number>();
  let free = 258;
  let text = "";
  let code = -1;
  for (const byte of data) {
    const longer = `${text},${byte}`;
    const known = text === "" ? byte : table.get(longer);
    if (known !== undefined) {
      [text, code] = [longer, known];
      continue;
    }
    codes.push(code);
    table.set(longer, free++);
    if (free === 4094) {
      codes.push(CLEAR);
      [table, free] = [new Map(), 258];
    }
    [text, code] = [`,${byte}`, byte];
  }
  return packCodes([...codes, ...code >= 0 ? [code] : [], END]);
}

function decodeWhole(encoded: Uint8Array<ArrayBuffer>, byteLength: number): Uint8Array {
  const out = new Uint8Array(byteLength);
  return out.subarray(0, lzw.decodeInto!(encoded, out));
}

/** Decodes in pieces of random sizes. */
function decodePieces(
  stream: ChunkStream,
  encoded: Uint8Array<ArrayBuffer>,
  byteLength: number,
): Uint8Array {
  const out = new Uint8Array(byteLength);
  let [from, to, inputEnd] = [0, 0, 0];
  while (to < byteLength && !(from === encoded.length && inputEnd > encoded.length)) {
    inputEnd = Math.max(inputEnd, from + Math.floor(random() * 40));
    if (from === encoded.length) inputEnd++;
    const piece = encoded.slice(from, inputEnd);
    const { taken, written } = stream.decode(piece, out.subarray(to, to + 1 + Math.floor(random() * 300)));
    from += taken;
    to += written;
  }
  return out.subarray(0, to);
}

const KINDS: Readonly<Record<string, (index: number) => number>> = {
  "one value": () => 7,
  "noise": () => Math.floor(random() * 256),
  "few values": () => Math.floor(random() * 3),
  "a ramp of runs": (index) => (index >> 6) & 0xff,
};

Deno.test("LZW decodes what an encoder wrote, at once and in pieces", () => {
  for (const [kind, byteAt] of Object.entries(KINDS)) {
    for (const length of [1, 2, 9, 300, 5000, 200_000]) {
      const data = Uint8Array.from({ length }, (_, index) => byteAt(index));
      const encoded = encode(data);
      assertEquals(decodeWhole(encoded, length), data, `${kind}, ${length} bytes`);
      assertEquals(
        decodePieces(openLzwStream(), encoded, length),
        data,
        `${kind}, ${length} bytes in pieces`,
      );
    }
  }
});

Deno.test("LZW gives the beginning if less is wanted, and what is there if the data is cut off", () => {
  const data = Uint8Array.from({ length: 5000 }, (_, index) => (index >> 3) & 0x1f);
  const encoded = encode(data);
  for (const wanted of [1, 7, 100, 4999]) {
    assertEquals(decodeWhole(encoded, wanted), data.subarray(0, wanted));
  }
  for (const cut of [2, 3, 11, encoded.length - 2]) {
    const part = decodeWhole(encoded.slice(0, cut), Math.min(5000, cut * 4096));
    assertEquals(part, data.subarray(0, part.length), `${cut} bytes`);
    assertEquals(decodePieces(openLzwStream(), encoded.slice(0, cut), 5000), part, `${cut} bytes in pieces`);
  }
});

Deno.test("LZW refuses codes that are not defined, at once and in pieces alike", () => {
  for (const codes of [[CLEAR, 300, END], [CLEAR, 65, 260, END], [258, 65, END], [CLEAR, 65, CLEAR, 258]]) {
    const encoded = packCodes(codes);
    const message = assertThrows(() => decodeWhole(encoded, 100), Error, "damaged LZW data").message;
    assertThrows(() => openLzwStream().decode(encoded, new Uint8Array(100)), Error, message);
  }
});

Deno.test("LZW of any bytes ends with an Error or with bytes, and both decoders agree", () => {
  for (let round = 0; round < 300; round++) {
    const encoded = Uint8Array.from({ length: 5 + round }, () => Math.floor(random() * 256));
    // CLEAR first, as every writer does.
    encoded.set([0x80, encoded[1]! & 0x7f]);
    const outcome = (decode: () => Uint8Array) => {
      try {
        return decode();
      } catch (error) {
        return (error as Error).message;
      }
    };
    assertEquals(
      outcome(() => decodeWhole(encoded, 4000)),
      outcome(() => decodePieces(openLzwStream(), encoded, 4000)),
    );
  }
});

Deno.test("LZW of a full table that no CLEAR ends goes on with codes of 12 bits", () => {
  const codes = [CLEAR, ...Array.from({ length: 5000 }, (_, index) => index % 256), END];
  const encoded = packCodes(codes);
  const data = Uint8Array.from(codes.slice(1, -1));
  assertEquals(decodeWhole(encoded, data.length), data);
  assertEquals(decodePieces(openLzwStream(), encoded, data.length), data);
});
