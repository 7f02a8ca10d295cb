import { assertEquals } from "@std/assert";
import { BufferPool } from "../../../core/channel/buffer_pool.ts";
import { type ByteStream, Connection, type ConnectionHandler } from "../../../core/channel/connection.ts";
import { DEFAULT_LIMITS, FrameBatch, FrameKind } from "../../../core/channel/frame.ts";
import { encodeHeader } from "../../../core/channel/header_codec.ts";
import { sleep } from "./channel_support.ts";

/** Gives its bytes in one read, then nothing until it is closed. */
function streamOf(bytes: Uint8Array): ByteStream & { written: number } {
  const closed = Promise.withResolvers<null>();
  let isRead = false;
  return {
    written: 0,
    read(into) {
      if (isRead) return closed.promise;
      isRead = true;
      into.set(bytes);
      return Promise.resolve(bytes.byteLength);
    },
    write(what) {
      this.written += what.byteLength;
      return Promise.resolve(what.byteLength);
    },
    close: () => closed.resolve(null),
  };
}

// Without it the answers to the half frame would go on for ever: the sanitizer of timers sees them.
Deno.test("a connection that its handler closes owes no answer to the frame that has begun behind", async () => {
  const frames = new FrameBatch();
  frames.control(FrameKind.FAREWELL, encodeHeader(["the run is done"]).header);
  const whole = frames.length;
  frames.heartbeat(0);
  const stream = streamOf(frames.take().slice(0, whole + 3));
  const ends: string[] = [];
  const handler: ConnectionHandler = {
    received: 0,
    acknowledged() {},
    message() {},
    status() {},
    control: () => connection.close("it said farewell"),
    ended: ({ reason }) => ends.push(reason),
  };
  const times = { heartbeatMs: 5000, lostAfterMs: 30_000 };
  const connection = new Connection(stream, handler, {
    ...{ ...times, limits: DEFAULT_LIMITS, pool: new BufferPool(), nudge: true },
  });
  connection.start();
  await sleep(20);
  assertEquals(ends, ["it said farewell"]);
  assertEquals(stream.written, 0);
});
