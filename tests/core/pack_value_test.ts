import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../core/errors.ts";
import { decodeHeader, encodeHeader } from "../../core/channel/header_codec.ts";
import { plainText } from "../../core/journal/plain_text.ts";
import { packValue, unpackValue } from "../../core/pack_value.ts";
import { buffersOf } from "../../core/payload.ts";

/** What comes out on the other side of a thread. */
function travel(value: unknown): unknown {
  const payload = packValue(value, "otherArgs");
  return unpackValue(structuredClone(payload, { transfer: buffersOf([payload]) }));
}

Deno.test("plain values come out as they went in", () => {
  const values = [
    null,
    undefined,
    true,
    false,
    0,
    -0,
    NaN,
    Infinity,
    -1.5,
    "",
    "\u0000ü😀",
    12345678901234567890n,
    -1n,
  ];
  for (const value of values) assertStrictEquals(travel(value), value);
});

Deno.test("dates, maps, sets, lists and objects come out as they went in, nested as you like", () => {
  const value = {
    date: new Date(1e12),
    noDate: new Date(NaN),
    map: new Map<unknown, unknown>([["a", [1, { b: new Set([1n, "x"]) }]], [{ key: 1 }, null], [
      NaN,
      undefined,
    ]]),
    empty: [{}, [], new Map(), new Set()],
    list: [undefined, , 3],
    "": 1,
  };
  assertEquals(travel(value), value);
});

Deno.test("every type of typed array comes out with its type and values, wherever it lies", () => {
  const value = {
    u8: Uint8Array.of(1, 255),
    clamped: Uint8ClampedArray.of(7),
    i8: Int8Array.of(-1),
    u16: Uint16Array.of(65535),
    i16: Int16Array.of(-32768),
    u32: [Uint32Array.of(4294967295)],
    i32: new Map([["x", Int32Array.of(-5, 6)]]),
    u64: BigUint64Array.of(2n ** 64n - 1n),
    i64: { deep: [{ er: BigInt64Array.of(-(2n ** 63n)) }] },
    f32: Float32Array.of(1.5, NaN),
    f64: new Set([Float64Array.of(Math.PI)]),
    empty: new Float64Array(0),
  };
  const copy = travel(value) as typeof value;
  assertEquals(copy, value);
  assert(copy.clamped instanceof Uint8ClampedArray);
  assert(copy.i64.deep[0]!.er instanceof BigInt64Array);
});

Deno.test("of a view only what it shows is sent, and the sender keeps its array", () => {
  const whole = new Float64Array(1000).fill(2);
  const view = whole.subarray(3, 5);
  const payload = packValue({ view }, "otherArgs");
  assertEquals(payload.parts.map(({ byteLength }) => byteLength), [16]);
  assertEquals(travel({ view }), { view: Float64Array.of(2, 2) });
  assertEquals(whole.length, 1000);
  const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(9);
  assertEquals(travel(shared), Uint8Array.of(9, 9, 9, 9));
});

Deno.test("parts that lie askew in a frame are realigned", () => {
  const { header, parts } = packValue(Float64Array.of(1, 2), "otherArgs");
  const frame = new Uint8Array(1 + parts[0]!.length);
  frame.set(parts[0]!, 1);
  assertEquals(unpackValue({ header, parts: [frame.subarray(1)] }), Float64Array.of(1, 2));
});

Deno.test("keys that JavaScript treats apart are keys like any other", () => {
  const value = JSON.parse(`{"__proto__": {"polluted": 1}, "constructor": 2, "t": "list", "v": [3]}`);
  const copy = travel(value) as Record<string, unknown>;
  assertEquals(Object.keys(copy), ["__proto__", "constructor", "t", "v"]);
  assertStrictEquals(Object.getPrototypeOf(copy), Object.prototype);
  assertEquals((copy as { polluted?: unknown }).polluted, undefined);
  assertEquals(Object.getOwnPropertyDescriptor(copy, "__proto__")!.value, { polluted: 1 });
});

Deno.test("an object without a prototype is plain, too", () => {
  const bare = Object.assign(Object.create(null), { a: 1 });
  assertEquals(travel(bare), { a: 1 });
  assertEquals(travel(new Map([[bare, 1]])), new Map([[{ a: 1 }, 1]]));
});

class Scene {
  bands = 3;
}

const loop: { self?: unknown; list: unknown[] } = { list: [] };
loop.list.push({ back: loop });

const REFUSED: [string, unknown, string][] = [
  ["a function", { f: () => 1 }, "otherArgs.f is a function"],
  ["a symbol", [[Symbol("s")]], "otherArgs[0][0] is a symbol"],
  ["a class instance", { scenes: [new Scene()] }, "otherArgs.scenes[0] is an instance of Scene"],
  ["a regular expression", new Map([["re", /x/]]), "otherArgs.get(re) is an instance of RegExp"],
  ["an error", new Set([new Error("x")]), "otherArgs (entry) is an instance of Error"],
  ["a promise", Promise.resolve(), "otherArgs is an instance of Promise"],
  ["an array buffer", { b: new ArrayBuffer(1) }, "otherArgs.b is an instance of ArrayBuffer"],
  ["a data view", new DataView(new ArrayBuffer(1)), "otherArgs is a DataView"],
  ["a map key of a class", new Map([[new Scene(), 1]]), "otherArgs (key) is an instance of Scene"],
  [
    "something under a bare object",
    new Map([[Object.create(null), Symbol()]]),
    "otherArgs.get(...) is a symbol",
  ],
  ["a cycle", loop, "otherArgs.list[0].back is a reference to itself"],
];
for (const [what, value, message] of REFUSED) {
  Deno.test(`${what} is refused with the path to it`, () => {
    assertThrows(() => packValue(value, "otherArgs"), ConfigError, message);
  });
}

Deno.test("the same object in two places is no cycle", () => {
  const twice = { a: Uint8Array.of(1) };
  assertEquals(travel([twice, twice]), [twice, twice]);
});

Deno.test("what was not packed is not unpacked", () => {
  assertThrows(() => unpackValue({ header: { a: 1 }, parts: [] }), TypeError);
  assertThrows(
    () => unpackValue({ header: { t: "array", type: "Uint8Array", part: 3 }, parts: [] }),
    TypeError,
  );
  assertThrows(
    () => unpackValue({ header: { t: "array", type: "Error", part: 0 }, parts: [new Uint8Array(1)] }),
    TypeError,
  );
});

Deno.test("a bigint is as long as can be read in no time, at both ends", () => {
  const long = 10n ** 99_998n;
  assertEquals(travel(-long), -long);
  assertThrows(
    () => packValue({ a: 10n ** 100_000n }, "otherArgs"),
    ConfigError,
    "otherArgs.a is a bigint of more than 100000 digits",
  );
  const sent = { header: { t: "bigint", v: "9".repeat(60_000_000) }, parts: [] };
  assertThrows(() => unpackValue(sent), TypeError, "not a packed value");
});

/** A value at the bottom of as many lists, objects, maps or sets. */
function nested(levels: number, wrap: (value: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

const WRAPS: Record<string, (value: unknown) => unknown> = {
  lists: (value) => [value],
  objects: (value) => ({ a: value }),
  maps: (value) => new Map([["a", value]]),
  "keys of maps": (value) => new Map([[value, "a"]]),
  sets: (value) => new Set([value]),
};

for (const [what, wrap] of Object.entries(WRAPS)) {
  Deno.test(`${what} that stand in one another arrive to 600 levels, and are refused by name beyond, however deep`, () => {
    const deep = nested(600, wrap);
    assertEquals(nestingOf(travel(deep)), 600);
    const payload = packValue(deep, "otherArgs");
    // What else is done with them: sent over the channel, and compared.
    const message = encodeHeader([1, 2, payload.header]);
    const [, , header] = decodeHeader({ header: new Uint8Array(message.header), parts: [] }) as unknown[];
    assertEquals(plainText(header), plainText(payload.header));
    for (const levels of [601, 10_000, 200_000]) {
      const tooDeep = nested(levels, wrap);
      assertThrows(
        () => packValue(tooDeep, "otherArgs"),
        ConfigError,
        "otherArgs is nested deeper than 600 levels (otherArgs",
      );
    }
  });
}

function nestingOf(value: unknown): number {
  let levels = 0;
  for (let at = value; typeof at === "object" && at !== null; levels++) {
    const inside: unknown[] = at instanceof Map
      ? [...at.entries()].flat()
      : at instanceof Set
      ? [...at]
      : Object.values(at);
    at = inside.find((one) => one !== "a");
  }
  return levels;
}
