import { assert, assertEquals, assertThrows } from "@std/assert";
import { BufferPool, releaseBuffers } from "../../../core/channel/buffer_pool.ts";
import {
  DEFAULT_LIMITS,
  FrameBatch,
  FrameKind,
  type FrameLimits,
  INLINE_BYTES,
  LEAST_PIECE_BYTES,
} from "../../../core/channel/frame.ts";
import { FrameReader, type WholeMessage } from "../../../core/channel/frame_reader.ts";
import { ProtocolError } from "../../../core/errors.ts";
import { seededRandom } from "./channel_support.ts";

/** What a reader hears. */
class Heard {
  readonly messages: { header: number[]; parts: number[][] }[] = [];
  readonly acknowledged: number[] = [];
  readonly controls: [number, number[]][] = [];
  readonly statuses: [number, number][] = [];
  readonly pool = new BufferPool();
  readonly reader: FrameReader;

  constructor(limits: FrameLimits = DEFAULT_LIMITS) {
    this.reader = new FrameReader({
      message: (message) => this.#keep(message),
      acknowledged: (count) => this.acknowledged.push(count),
      status: (block, elapsedMs) => this.statuses.push([block, elapsedMs]),
      control: (kind, body) => this.controls.push([kind, [...body]]),
    }, { limits, pool: this.pool });
  }

  #keep({ header, parts }: WholeMessage): void {
    this.messages.push({ header: [...header], parts: parts.map((part) => [...part]) });
  }

  /** Feeds bytes as a stream would, at most `most` at a time. */
  feed(bytes: Uint8Array, most = Infinity): this {
    for (let at = 0; at < bytes.byteLength;) {
      const space = this.reader.space();
      assert(space.byteLength > 0, "there must always be room");
      const count = Math.min(space.byteLength, bytes.byteLength - at, most);
      space.set(bytes.subarray(at, at + count));
      this.reader.filled(count);
      at += count;
    }
    return this;
  }
}

function wire(header: Uint8Array, parts: Uint8Array[], acknowledged = 7): Uint8Array {
  const batch = new FrameBatch();
  const follow = batch.message(acknowledged, { header, parts });
  const written = [batch.take()];
  for (const part of follow) {
    for (let at = 0; at < part.byteLength; at += LEAST_PIECE_BYTES) {
      const piece = part.subarray(at, at + LEAST_PIECE_BYTES);
      batch.heartbeat(acknowledged);
      batch.pieceHead(piece.byteLength);
      written.push(batch.take(), new Uint8Array(piece));
    }
  }
  return concat(written);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
}

function bytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}

Deno.test("a message comes out as it went in, however the bytes are cut", () => {
  const header = bytes(20, 1);
  const parts = [
    bytes(0, 2),
    bytes(100, 3),
    bytes(INLINE_BYTES, 4),
    bytes(LEAST_PIECE_BYTES + 1, 5),
    bytes(3, 6),
  ];
  const stream = concat([wire(header, parts), wire(bytes(5, 7), [])]);
  const expected = [
    { header: [...header], parts: parts.map((part) => [...part]) },
    { header: [...bytes(5, 7)], parts: [] },
  ];
  for (const most of [1000, 4096, 65_536, Infinity]) {
    assertEquals(new Heard().feed(stream, most).messages, expected);
  }
});

Deno.test("a stream of small frames comes out whole when it arrives byte by byte", () => {
  const batch = new FrameBatch();
  batch.heartbeat(3);
  batch.status(-1, 0);
  batch.status(12, 5000);
  batch.control(FrameKind.FAREWELL, new Uint8Array([1, 2]));
  const heard = new Heard().feed(concat([batch.take(), wire(new Uint8Array([9]), [new Uint8Array([8])])]), 1);
  assertEquals(heard.acknowledged, [3, 7]);
  assertEquals(heard.statuses, [[-1, 0], [12, 5000]]);
  assertEquals(heard.controls, [[FrameKind.FAREWELL, [1, 2]]]);
  assertEquals(heard.messages, [{ header: [9], parts: [[8]] }]);
  assertEquals(heard.reader.isAmidst, false);
});

Deno.test("a frame that is cut off anywhere gives nothing and is known to be unfinished", () => {
  const stream = wire(bytes(10, 1), [bytes(50, 2), bytes(INLINE_BYTES + 1, 3)]);
  for (const at of [1, 4, 5, 6, 17, 40, 100, 1000, stream.byteLength - 1]) {
    const heard = new Heard().feed(stream.subarray(0, at));
    assertEquals(heard.messages, [], `cut after ${at} bytes`);
    assert(heard.reader.isAmidst);
  }
});

Deno.test("frames that are too long are refused by their first bytes, and nothing is allocated for them", () => {
  const head = (length: number, kind: number) => {
    const bytes = new Uint8Array(5);
    new DataView(bytes.buffer).setUint32(0, length);
    bytes[4] = kind;
    return bytes;
  };
  for (const kind of Object.values(FrameKind)) {
    const error = assertThrows(() => new Heard().feed(head(0xffffffff, kind)), ProtocolError);
    assert(/4294967295 bytes/.test(error.message), error.message);
  }
  assertThrows(() => new Heard().feed(head(0, FrameKind.HEARTBEAT)), ProtocolError);
  assertThrows(() => new Heard().feed(head(5, 99)), ProtocolError, "unknown kind 99");
  assertThrows(() => new Heard().feed(head(100, FrameKind.PIECE)), ProtocolError, "belongs to no part");
});

Deno.test("a message whose tables lie is refused", () => {
  const limits = { headerBytes: 1000, parts: 10, partBytes: 1 << 20, messageBytes: 1 << 20 };
  const honest = wire(new Uint8Array(8), [new Uint8Array(4)]);
  const lie = (at: number, value: number) => {
    const bytes = honest.slice();
    new DataView(bytes.buffer).setUint32(at, value);
    return () => new Heard(limits).feed(bytes);
  };
  // After length and kind: acknowledgement at 5, header's length at 9, number of parts at 13, first length at 17.
  assertThrows(lie(9, 1001), ProtocolError, "1000 and 10 are the most");
  assertThrows(lie(9, 900), ProtocolError, "exceeds its frame");
  assertThrows(lie(9, 7), ProtocolError, "contradict its length");
  assertThrows(lie(13, 11), ProtocolError, "1000 and 10 are the most");
  assertThrows(lie(13, 10), ProtocolError, "exceeds its frame");
  assertThrows(lie(17, 5), ProtocolError, "contradict its length");
  assertThrows(lie(17, 0xffffffff), ProtocolError, "a part of 4294967295 bytes");
  const two = wire(new Uint8Array(0), [new Uint8Array(600_000), new Uint8Array(600_000)]);
  assertThrows(() => new Heard(limits).feed(two), ProtocolError, "in a message of 1200000 or more");
});

Deno.test("a message inside another, and a piece longer than its part, are refused", () => {
  const begun = wire(new Uint8Array(1), [new Uint8Array(INLINE_BYTES + 1)]).subarray(0, 22);
  assertThrows(
    () => new Heard().feed(concat([begun, wire(new Uint8Array(1), [])])),
    ProtocolError,
    "inside another",
  );
  const batch = new FrameBatch();
  batch.pieceHead(INLINE_BYTES + 2);
  assertThrows(() => new Heard().feed(concat([begun, batch.take()])), ProtocolError, "belongs to no part");
});

Deno.test("big parts are read into buffers that are used again once they are released", () => {
  const seen: ArrayBuffer[] = [];
  const pool = new BufferPool(1 << 20);
  const reader = new FrameReader({
    message: (message) => {
      seen.push(message.parts[0]!.buffer);
      releaseBuffers({ header: null, parts: message.parts });
    },
    acknowledged() {},
    status() {},
    control() {},
  }, { limits: DEFAULT_LIMITS, pool });
  for (const length of [300_000, 310_000]) {
    const stream = wire(new Uint8Array(1), [new Uint8Array(length)]);
    for (let at = 0; at < stream.byteLength;) {
      const space = reader.space();
      const count = Math.min(space.byteLength, stream.byteLength - at);
      space.set(stream.subarray(at, at + count));
      reader.filled(count);
      at += count;
    }
  }
  assert(seen[0] === seen[1]);
  releaseBuffers({ header: null, parts: [new Uint8Array(seen[0]!)] });
  assertEquals(pool.idleBytes, seen[0]!.byteLength, "a buffer is taken back only once");
});

Deno.test("half a million damaged frames do no worse than be refused", () => {
  const seed = 20240917;
  const random = seededRandom(seed);
  const limits = { headerBytes: 4096, parts: 64, partBytes: 1 << 20, messageBytes: 1 << 20 };
  const honest = concat([wire(bytes(30, 1), [bytes(10, 2), bytes(0, 3)]), wire(bytes(3, 4), [])]);
  let refused = 0;
  let heard = new Heard(limits);
  for (let input = 0; input < 500_000; input++) {
    const damaged = honest.slice();
    if (input % 2 === 0) { for (let at = 0; at < damaged.length; at++) damaged[at] = random() * 256; }
    else for (let hit = 0; hit < 3; hit++) damaged[Math.floor(random() * damaged.length)] = random() * 256;
    // Short lengths get further than random ones.
    if (input % 4 === 0) damaged.set([0, 0, 0, random() * 40, 1 + random() * 9]);
    try {
      heard.feed(damaged);
    } catch (error) {
      assert(error instanceof ProtocolError, `seed ${seed}, input ${input}: ${error}`);
      refused++;
      heard = new Heard(limits);
    }
    if (input % 8 === 7) heard = new Heard(limits);
  }
  assert(refused > 100_000, `${refused} were refused`);
});
