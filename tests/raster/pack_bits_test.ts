import { assertEquals, assertThrows } from "@std/assert";
import { loadPackBitsDecoder } from "../../raster/geotiff/codecs/pack_bits.ts";
import { seededRandom } from "./seeded_random.ts";

const packBits = await loadPackBitsDecoder();
const random = seededRandom(32773);
const pick = (below: number) => Math.floor(random() * below);

/** Runs of both kinds and any length, with the byte that means nothing between some; and what they stand for. */
function randomRuns(count: number): { encoded: Uint8Array<ArrayBuffer>; decoded: Uint8Array<ArrayBuffer> } {
  const encoded: number[] = [];
  const decoded: number[] = [];
  for (let i = 0; i < count; i++) {
    const kind = pick(5);
    if (kind === 0) encoded.push(128);
    else if (kind < 3) {
      const bytes = Array.from({ length: 1 + pick(128) }, () => pick(256));
      encoded.push(bytes.length - 1, ...bytes);
      decoded.push(...bytes);
    } else {
      const [length, byte] = [2 + pick(127), pick(256)];
      encoded.push(257 - length, byte);
      decoded.push(...Array(length).fill(byte));
    }
  }
  return { encoded: Uint8Array.from(encoded), decoded: Uint8Array.from(decoded) };
}

/** Decodes into the middle of an array whose other bytes must stay. */
function decodeWhole(encoded: Uint8Array<ArrayBuffer>, byteLength: number): Uint8Array {
  const around = new Uint8Array(byteLength + 400).fill(0xa5);
  const out = around.subarray(200, 200 + byteLength);
  const written = packBits.decodeInto!(encoded, out);
  assertEquals(around.filter((byte, at) => byte !== 0xa5 && (at < 200 || at >= 200 + written)).length, 0);
  return out.subarray(0, written);
}

/** Decodes in pieces of random sizes. */
function decodePieces(encoded: Uint8Array<ArrayBuffer>, byteLength: number): Uint8Array {
  const stream = packBits.openStream!(encoded.length, byteLength);
  const out = new Uint8Array(byteLength);
  let [from, to] = [0, 0];
  for (let idle = 0; to < byteLength && idle < 100;) {
    const input = encoded.subarray(from, from + pick(60));
    const { taken, written } = stream.decode(input, out.subarray(to, to + pick(60)));
    [from, to] = [from + taken, to + written];
    idle = from === encoded.length ? idle + 1 : 0;
  }
  return out.subarray(0, to);
}

Deno.test("PackBits of runs of any length gives the same bytes whole and in pieces, and nothing beyond them", () => {
  for (let round = 0; round < 200; round++) {
    const { encoded, decoded } = randomRuns(1 + pick(60));
    assertEquals(decodeWhole(encoded, decoded.length), decoded);
    assertEquals(decodePieces(encoded, decoded.length), decoded);
    const part = pick(decoded.length + 1);
    assertEquals(decodeWhole(encoded, part), decoded.subarray(0, part));
  }
});

Deno.test("PackBits that is cut off anywhere gives what is there, and nothing of tiles before it", () => {
  const { encoded, decoded } = randomRuns(60);
  for (let end = encoded.length >> 1; end < encoded.length; end++) {
    const cut = encoded.slice(0, end);
    const whole = decodeWhole(cut, decoded.length);
    assertEquals(whole, decoded.subarray(0, whole.length));
    assertEquals(whole, decodePieces(cut, decoded.length));
  }
});

Deno.test("PackBits of more than WebAssembly is given decodes as well", () => {
  const runs = 140_000;
  const encoded = new Uint8Array(runs * 2).map((_, at) => at % 2 === 0 ? 129 : at >> 9);
  const byteLength = runs * 128;
  const out = new Uint8Array(byteLength);
  assertEquals(packBits.decodeInto!(encoded, out), byteLength);
  assertEquals(out.findIndex((byte, at) => byte !== ((((at >> 7) * 2 + 1) >> 9) & 255)), -1);
});

Deno.test("so little PackBits that it can't hold what is wanted is refused before memory is taken for it", () => {
  const few = new Uint8Array(10);
  const message = "10 bytes of PackBits data can't hold 100000";
  assertThrows(() => packBits.decodeInto!(few, new Uint8Array(100_000)), Error, message);
  assertThrows(() => packBits.openStream!(10, 100_000), Error, message);
});
