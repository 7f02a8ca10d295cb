import { assert, assertEquals, assertThrows } from "@std/assert";
import { Decoder, encode, ExtData } from "@msgpack/msgpack";
import { checkHeader, MAX_HEADER_DEPTH } from "../../../core/channel/header_check.ts";
import { decodeHeader, encodeHeader } from "../../../core/channel/header_codec.ts";
import { ProtocolError } from "../../../core/errors.ts";
import { seededRandom } from "./channel_support.ts";

/** As many copies of a few bytes. */
function repeated(count: number, ...bytes: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(count * bytes.length).map((_, at) => bytes[at % bytes.length]!);
}

function refusal(bytes: Uint8Array<ArrayBuffer>): string {
  return assertThrows(() => decodeHeader({ header: bytes, parts: [] }), ProtocolError).message;
}

Deno.test("every format of msgpack that headers have is let through, and no byte more or less", () => {
  const values: unknown[] = [
    ...[0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1],
    ...[-1, -32, -33, -128, -129, -32768, -32769, -(2 ** 31), -(2 ** 31) - 1, 0.5, NaN, null, true, false],
    ...[0, 31, 32, 255, 256, 65535, 65536].map((length) => "x".repeat(length)),
    ...[0, 15, 16, 65535, 65536].map((length) => Array.from({ length }, (_, at) => at)),
    ...[0, 15, 16, 65536].map((length) =>
      Object.fromEntries(Array.from({ length }, (_, at) => [`k${at}`, at]))
    ),
    ...[0, 1, 2, 3, 4, 8, 16, 17, 255, 256, 65536].map((length) => new ExtData(5, new Uint8Array(length))),
    [[], {}, "", [[[]]], { a: [{ b: [] }] }],
  ];
  for (const value of [...values, values]) {
    const bytes = encode(value, { forceFloat32: value === 0.5 });
    checkHeader(bytes);
    for (const length of new Set([0, 1, bytes.length - 1])) {
      if (length < bytes.length) assertThrows(() => checkHeader(bytes.subarray(0, length)), ProtocolError);
    }
    assertThrows(() => checkHeader(new Uint8Array([...bytes.subarray(0, 70_000), 0, 0])), ProtocolError);
  }
});

Deno.test("lists in lists that each claim as many entries as there are bytes are refused before room is made for them", () => {
  // 0xdd: a list with a count of 32 bits, here 2^20; 0xdf: a map; 0xdc: a list with a count of 16 bits.
  for (
    const [count, ...bytes] of [[200_000, 0xdd, 0, 0x10, 0, 0], [200_000, 0xdf, 0, 8, 0, 0], [
      300_000,
      0xdc,
      0xff,
      0xff,
    ]]
  ) {
    const before = Deno.memoryUsage().heapUsed;
    assertEquals(
      refusal(repeated(count!, ...bytes)),
      "The peer sent a header whose lists and texts contradict its length",
    );
    assert(Deno.memoryUsage().heapUsed - before < 10 << 20);
  }
});

Deno.test("values that are nested too deep, or take far more memory than bytes, are refused", () => {
  const deep = "The peer sent values that are nested deeper than 2000 levels";
  assertEquals(refusal(new Uint8Array([...repeated(1_000_000, 0x91), 0xc0])), deep);
  assertEquals(refusal(new Uint8Array([...repeated(500_000, 0x81, 0xa0), 0xc0])), deep);
  // A list of 16 million empty maps.
  const many = new Uint8Array(16_000_005).fill(0x80);
  many.set([0xdd, 16_000_000 >> 24, 16_000_000 >> 16 & 255, 16_000_000 >> 8 & 255, 16_000_000 & 255]);
  assertEquals(refusal(many), "The peer sent values that take 1099 MiB of memory; 512 MiB are the most");
});

Deno.test("objects of a few shapes are let through, and those of too many names or orders of names are refused", () => {
  const many = "The peer sent objects with more than 100000 different lists of property names";
  const names = Array.from({ length: 1000 }, (_, at) => `n${at}`);
  const encoded = (value: unknown) => new Uint8Array(encode(value));
  const record = { name: "x", deep: { list: [{ a: 1, b: 2 }], none: {} }, last: 0 };
  checkHeader(encoded(Array.from({ length: 150_000 }, () => record)));
  checkHeader(encoded(Object.fromEntries(Array.from({ length: 90_000 }, (_, at) => [`name ${at}`, record]))));
  assertEquals(
    refusal(encoded(Object.fromEntries(Array.from({ length: 110_000 }, (_, at) => [`n${at}`, 0])))),
    many,
  );
  assertEquals(refusal(encoded(Array.from({ length: 110_000 }, (_, at) => ({ [`n${at}`]: 0 })))), many);
  const pairs = names.flatMap((one) => names.slice(0, 120).map((other) => ({ [one]: 0, [`${other}b`]: 0 })));
  assertEquals(refusal(encoded(pairs)), many);
  // 0x81: a map of one, whose name is the number 7.
  const numbers = new Uint8Array([0xdd, 0, 2, 0, 0, ...repeated(1 << 17, 0x81, 7, 7)]);
  assertEquals(refusal(numbers), "The peer sent a name that is no text");
});

Deno.test("values as deep as they may be sent arrive", () => {
  let value: unknown[] = [];
  for (let depth = 1; depth < MAX_HEADER_DEPTH; depth++) value = [value];
  const { header } = encodeHeader(value);
  assertEquals(decodeHeader({ header: new Uint8Array(header), parts: [] }), value);
  assertThrows(() => encodeHeader([value]), Error, "Too deep");
});

Deno.test("a part of which many arrays are made is copied once at most", () => {
  const part = new Uint8Array(new ArrayBuffer(1 << 20), 1, (1 << 20) - 8);
  // Extension 1: type 9 (Float32Array) of part 0, a hundred thousand times.
  const arrays = encode(
    Array.from({ length: 100_000 }, () => new ExtData(1, new Uint8Array([9, 0, 0, 0, 0]))),
  );
  const views = decodeHeader({ header: new Uint8Array(arrays), parts: [part] }) as Float32Array[];
  assertEquals(new Set(views.map(({ buffer }) => buffer)).size, 1);
});

Deno.test("what the check lets through of 100,000 damaged headers is decoded or refused, and nothing else is lost by it", () => {
  const seed = 41;
  const random = seededRandom(seed);
  const anyType = { tryToEncode: () => null, decode: () => 0 };
  const decoder = new Decoder({ extensionCodec: anyType });
  const honest = new Uint8Array(
    encode([7, [1.5, 2], { a: "text", b: [[], {}, -5, 70_000] }, new ExtData(2, new Uint8Array([49])), null]),
  );
  let taken = 0;
  for (let input = 0; input < 100_000; input++) {
    const bytes = honest.slice(0, input % 7 === 0 ? random() * honest.length : honest.length);
    for (let hit = 0; hit <= input % 3; hit++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    const isLetThrough = ran(() => checkHeader(bytes));
    const isDecoded = ran(() => decoder.decode(bytes));
    const hasBytes = bytes.some((byte) => byte >= 0xc4 && byte <= 0xc6);
    // Names of objects that the decoder refuses are no matter of lengths; values that are bytes are never sent.
    if (isDecoded && !hasBytes) assert(isLetThrough, `seed ${seed}, input ${input}: ${bytes.toHex()}`);
    if (isLetThrough) taken++;
  }
  assert(taken > 15_000, `${taken} were let through`);
});

function ran(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    assert(error instanceof Error);
    return false;
  }
}
