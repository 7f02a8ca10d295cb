import { assertEquals } from "@std/assert";
import { ReadAhead } from "../../core/read_ahead.ts";

/** The capacity once blocks of this time and size are done over a link with this round trip. */
function settled(
  block: { ms: number; bytes?: number; inputBytes?: number; roundTripMs: number; threads?: number },
): number {
  const readAhead = new ReadAhead(block.threads ?? 1, 1);
  let nowMs = 0;
  for (let i = 0; i < 50; i++) {
    readAhead.sent(i, { heldBefore: 0, nowMs });
    if (block.inputBytes) readAhead.sentInput(block.inputBytes);
    nowMs += block.ms + block.roundTripMs;
    readAhead.finished(i, { elapsedMs: block.ms, bytes: block.bytes ?? 0, nowMs });
  }
  return readAhead.capacity;
}

Deno.test("before anything is known a worker holds a block a thread and the least ahead", () => {
  assertEquals(new ReadAhead(1, 1).capacity, 2);
  assertEquals(new ReadAhead(4, 3).capacity, 7);
});

Deno.test("slow blocks need no more than the least ahead", () => {
  assertEquals(settled({ ms: 1000, roundTripMs: 1 }), 2);
});

Deno.test("ahead are as many blocks as cover twice the round trip", () => {
  assertEquals(settled({ ms: 10, roundTripMs: 50 }), 1 + 10);
  assertEquals(settled({ ms: 10, roundTripMs: 50, threads: 2 }), 2 + 20);
});

Deno.test("ahead are never more than 256 blocks", () => {
  assertEquals(settled({ ms: 0.001, roundTripMs: 50 }), 257);
  assertEquals(settled({ ms: 1, roundTripMs: 100 }), 1 + 200, "another continent");
});

Deno.test("ahead are never more than 32 MiB of results, or of inputs, but always the least", () => {
  assertEquals(settled({ ms: 1, roundTripMs: 50, bytes: 4 << 20 }), 1 + 8);
  assertEquals(settled({ ms: 1, roundTripMs: 50, bytes: 100 << 20 }), 2);
  assertEquals(settled({ ms: 1, roundTripMs: 50, bytes: 1000, inputBytes: 4 << 20 }), 1 + 8);
});

Deno.test("a block that was sent behind others does not measure the round trip", () => {
  const readAhead = new ReadAhead(1, 1);
  readAhead.sent(0, { heldBefore: 3, nowMs: 0 });
  readAhead.finished(0, { elapsedMs: 1, bytes: 0, nowMs: 10_000 });
  assertEquals(readAhead.capacity, 2);
});
