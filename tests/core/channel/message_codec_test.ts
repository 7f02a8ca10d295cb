import { assert, assertEquals, assertThrows } from "@std/assert";
import type { WholeMessage } from "../../../core/channel/frame_reader.ts";
import { type EncodedHeader, encodeHeader } from "../../../core/channel/header_codec.ts";
import {
  decodeFromWorker,
  decodeToWorker,
  encodeFromWorker,
  encodeToWorker,
} from "../../../core/channel/message_codec.ts";
import { ProtocolError } from "../../../core/errors.ts";
import type { FromWorker, ToWorker } from "../../../core/messages.ts";
import { seededRandom } from "./channel_support.ts";

function whole({ header, parts }: EncodedHeader): WholeMessage {
  return { header: new Uint8Array(header), parts: parts.map((part) => part.slice()) };
}

const PART = new Uint8Array([1, 2, 3]);

Deno.test("whatever the manager says arrives as it was", () => {
  const messages: ToWorker[] = [
    {
      type: "init",
      init: {
        worker: 3,
        session: 9,
        processor: "raster",
        job: {
          header: { nodata: 12n, name: "ä", list: [1, -0.5, null, true], big: new Float64Array([1.5]) },
          parts: [PART, new Uint8Array(0)],
        },
      },
    },
    {
      type: "init",
      init: {
        ...{ worker: 0, session: 1, processor: "raster", job: { header: 1, parts: [] } },
        reading: { processor: "raster-read", threads: 2 },
      },
    },
    { type: "assign", items: [] },
    {
      type: "assign",
      items: [
        { block: 0, attempt: 1 },
        { block: 2 ** 40, attempt: 2, input: { header: undefined, parts: [PART] } },
        { block: 7, attempt: 1, input: { header: null, parts: [] } },
      ],
    },
    { type: "release", blocks: [5, 6] },
    { type: "end" },
  ];
  for (const message of messages) assertEquals(decodeToWorker(whole(encodeToWorker(message))), message);
});

Deno.test("whatever a worker says arrives as it was, its typed arrays as parts", () => {
  const lengths = new Uint32Array([1, 70_000]);
  const messages: FromWorker[] = [
    { type: "ready" },
    { type: "initError", error: { name: "TypeError", message: "m", stack: "s", phase: "load" } },
    {
      type: "results",
      timings: [0, 0.25],
      items: [
        { block: 4, attempt: 1, elapsedMs: 0.5, payload: { header: { lengths }, parts: [PART] } },
        { block: 5, attempt: 1, elapsedMs: 3, payload: { header: undefined, parts: [] } },
        { block: 6, attempt: 2, elapsedMs: 3, payload: { header: 1, parts: [PART, PART] } },
      ],
    },
    {
      type: "blockError",
      block: 1,
      attempt: 2,
      error: { name: "E", message: "m", stack: "", phase: "compute" },
    },
    { type: "released", blocks: [] },
    { type: "final", timings: [], payload: { header: undefined, parts: [] } },
    { type: "final", timings: [1, 2], payload: { header: { n: 1 }, parts: [PART] }, more: true },
  ];
  for (const message of messages) assertEquals(decodeFromWorker(whole(encodeFromWorker(message))), message);
  const [, , results] = messages;
  const { header } = encodeFromWorker(results!);
  assert(header.byteLength < 60, `typed arrays don't stand in the header of ${header.byteLength} bytes`);
});

Deno.test("messages that are none are refused", () => {
  const cases: [unknown, string][] = [
    ["text", "no list"],
    [[], "cut off"],
    [[99], "unknown type 99"],
    [[-1], "a count"],
    [[7, [1, -1]], "an amount"],
    [[7, "no list"], "a list"],
    [[7, [], 1, 1, 1, null, 1], "fewer parts"],
    [[7, [], 1, 1, 1, null], "cut off"],
    [[6, "n", "m", 5, 0], "a text"],
    [[6, "n", "m", "s", 9], "unknown phase"],
    [[8, 1.5, 1, "n", "m", "s", 1], "a count"],
  ];
  for (const [header, expected] of cases) {
    assertThrows(() => decodeFromWorker(whole(encodeHeader(header))), ProtocolError, expected);
  }
  assertThrows(
    () => decodeFromWorker({ header: new Uint8Array([0xc1]), parts: [] }),
    ProtocolError,
    "unknown type",
  );
  // An array of four thousand million entries, in five bytes.
  assertThrows(
    () => decodeFromWorker({ header: new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff]), parts: [] }),
    ProtocolError,
    "contradict its length",
  );
  // A map whose name would change what all objects are.
  assertThrows(
    () =>
      decodeFromWorker({
        header: new Uint8Array([0x81, 0xa9, ...new TextEncoder().encode("__proto__"), 0xc0]),
        parts: [],
      }),
    ProtocolError,
    "can't be read",
  );
});

Deno.test("an error of a worker that is longer than errors are is cut as it comes", () => {
  const long = "long ".repeat(1_000_000);
  const error = { name: long, message: long, stack: long, phase: "compute" } as const;
  const message = decodeFromWorker(
    whole(encodeFromWorker({ type: "blockError", block: 1, attempt: 1, error })),
  );
  if (message.type !== "blockError") throw new TypeError(message.type);
  assert(message.error.name.length < 250 && message.error.message.length < 2100, message.error.message);
  assert(message.error.stack.length < 17_000);
  const lost = decodeFromWorker(whole(encodeFromWorker({ type: "threadLost", block: 1, reason: long })));
  if (lost.type !== "threadLost") throw new TypeError(lost.type);
  assert(lost.reason.length < 4100);
});

Deno.test("a hundred thousand damaged messages do no worse than be refused", () => {
  const seed = 77;
  const random = seededRandom(seed);
  const honest = whole(encodeFromWorker({
    type: "results",
    timings: [1, 2],
    items: [{
      block: 1,
      attempt: 1,
      elapsedMs: 1,
      payload: { header: { a: new Uint16Array(4), b: 3n }, parts: [PART] },
    }],
  }));
  for (let input = 0; input < 100_000; input++) {
    const header = honest.header.slice();
    for (let hit = 0; hit < 1 + input % 3; hit++) {
      header[Math.floor(random() * header.length)] = random() * 256;
    }
    for (const decode of [decodeFromWorker, decodeToWorker]) {
      try {
        decode({ header, parts: honest.parts });
      } catch (error) {
        assert(error instanceof ProtocolError, `seed ${seed}, input ${input}: ${error}`);
      }
    }
  }
});
