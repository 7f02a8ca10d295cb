import { assertEquals } from "@std/assert";
import { crc32c } from "../../../core/journal/crc32c.ts";
import { seededRandom } from "../../raster/seeded_random.ts";

Deno.test("the CRC-32C of RFC 3720's examples is theirs", () => {
  const examples: [string, Uint8Array<ArrayBuffer>, number][] = [
    ["the digits 1 to 9", new TextEncoder().encode("123456789"), 0xe3069283],
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(255), 0x62a8ab43],
    ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["31 to 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ["nothing", new Uint8Array(0), 0],
  ];
  for (const [what, bytes, crc] of examples) assertEquals(crc32c(bytes), crc, what);
});

/** Bit by bit, as the polynomial is defined. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

Deno.test("the CRC-32C is the same wherever the bytes lie, whole or in pieces", () => {
  const random = seededRandom(32);
  const buffer = Uint8Array.from({ length: 200 }, () => random() * 256);
  for (let from = 0; from < 9; from++) {
    for (let length = 0; length < 70; length++) {
      const bytes = buffer.subarray(from, from + length);
      const expected = slowCrc32c(bytes);
      assertEquals(crc32c(bytes), expected, `${length} bytes from ${from}`);
      const cut = Math.floor(random() * (length + 1));
      assertEquals(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), expected, `cut at ${cut}`);
    }
  }
});
