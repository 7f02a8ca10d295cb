import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { releaseBuffers } from "../../../core/channel/buffer_pool.ts";
import { FrameKind } from "../../../core/channel/frame.ts";
import { offerHandshake } from "../../../core/channel/handshake.ts";
import { Prover } from "../../../core/channel/proof.ts";
import { ChannelClosedError } from "../../../core/errors.ts";
import type { FromWorker, ToWorker } from "../../../core/messages.ts";
import { closeQuietly, CuttingProxy, HELLO, sleep, TestServer, until } from "./channel_support.ts";

const HEARTBEAT = { heartbeatMs: 100, lostAfterMs: 500 };

function result(block: number, bytes = 0): FromWorker {
  const part = new Uint8Array(bytes).fill(block);
  return {
    type: "results",
    timings: [],
    items: [{ block, attempt: 1, elapsedMs: 1, payload: { header: block, parts: [part] } }],
  };
}

/** Answers each assigned block by a result of so many bytes, until the manager is gone. */
async function echo(
  channel: { receive(): Promise<ToWorker | undefined>; send(message: FromWorker): void },
  bytes: number,
): Promise<void> {
  for (let message = await channel.receive(); message !== undefined; message = await channel.receive()) {
    if (message.type !== "assign") continue;
    for (const { block } of message.items) channel.send(result(block, bytes));
  }
}

function blocksOf(messages: readonly FromWorker[]): number[] {
  return messages.flatMap((message) =>
    message.type === "results" ? message.items.map(({ block }) => block) : []
  );
}

for (const tls of [false, true]) {
  const way = tls ? "TLS" : "plain";

  Deno.test(`${way}: messages with parts of every size go both ways`, async () => {
    await using test = await TestServer.start({ tls });
    const channel = await test.connect({ worker: 5 });
    assertEquals(channel.worker, 5);
    assertEquals(test.workers[0]!.hello, HELLO);
    const sizes = [0, 1, 65_536, 65_537, 262_144, 262_145, 5_000_000];
    for (const bytes of sizes) {
      test.workers[0]!.send({
        type: "assign",
        items: [{ block: 1, attempt: 1, input: { header: null, parts: [new Uint8Array(bytes).fill(9)] } }],
      });
      const message = await channel.receive();
      if (message?.type !== "assign") throw new TypeError(`got ${message?.type}`);
      const [part] = message.items[0]!.input!.parts;
      assertEquals(part!.byteLength, bytes);
      assert(part!.every((byte) => byte === 9));
      channel.send(result(3, bytes));
    }
    await until(() => test.messages.length === sizes.length);
    test.messages.forEach((message, index) => {
      if (message.type !== "results") throw new TypeError(`got ${message.type}`);
      const { payload } = message.items[0]!;
      assertEquals(payload.parts[0]!.byteLength, sizes[index]);
      assert(payload.parts[0]!.every((byte) => byte === 3));
      releaseBuffers(payload);
    });
  });

  Deno.test(`${way}: replies of more than 16 KiB don't wait for a delayed acknowledgement`, async () => {
    await using test = await TestServer.start({ tls });
    const channel = await test.connect();
    const roundsMs: number[] = [];
    for (let round = 0; round < 20; round++) {
      const startMs = performance.now();
      const input = { header: null, parts: [new Uint8Array(40_000)] };
      test.workers[0]!.send({ type: "assign", items: [{ block: round, attempt: 1, input }] });
      await channel.receive();
      channel.send(result(round));
      await until(() => test.messages.length > round);
      roundsMs.push(performance.now() - startMs);
    }
    // A busy machine makes some of them slow, Nagle's algorithm all.
    const quick = roundsMs.sort((a, b) => a - b)[4]!;
    assert(quick < 30, `most took more than ${quick.toFixed(1)} ms; Nagle's algorithm makes it 44`);
  });
}

Deno.test("a farewell of either side ends both, as it should, and is no disconnect", async () => {
  await using test = await TestServer.start();
  const first = await test.connect();
  test.workers[0]!.close("the run is done");
  assertEquals(await first.ended, { reason: "the run is done", cause: "closed" });
  assertEquals(await first.receive(), undefined);
  assertEquals(first.closed, true);
  const second = await test.connect();
  second.send(result(1));
  await second.leave("it was asked to");
  await until(() => test.ends.length === 2);
  assertEquals(blocksOf(test.messages), [1]);
  assertEquals(test.ends.map(({ reason, unexpected }) => [reason, unexpected]), [
    ["the run is done", false],
    ["it was asked to", false],
  ]);
  assertEquals(test.server.sessionCount, 0);
});

Deno.test("farewells of both sides that cross end both at once", async () => {
  await using test = await TestServer.start();
  const channel = await test.connect();
  const sinceMs = performance.now();
  test.workers[0]!.close("the run is done");
  await channel.leave("it has nothing left to do");
  await until(() => test.ends.length === 1);
  assertEquals(test.ends[0]!.unexpected, false);
  assert(performance.now() - sinceMs < 1000, `${performance.now() - sinceMs} ms`);
});

Deno.test("a connection that is cut in the middle of a frame is mended, and nothing is lost or comes twice", async () => {
  await using test = await TestServer.start({ heartbeat: HEARTBEAT });
  await using proxy = new CuttingProxy(test.port);
  // In the third of the parts of 300,000 bytes.
  proxy.cutAfter = 700_000;
  const notices: string[] = [];
  const channel = await test.connect({ port: proxy.port, notice: (line) => notices.push(line) });
  const echoing = echo(channel, 300_000);
  const blocks = Array.from({ length: 40 }, (_, block) => block);
  for (const block of blocks) test.workers[0]!.send({ type: "assign", items: [{ block, attempt: 1 }] });
  await until(() => blocksOf(test.messages).length >= 40, 20_000);
  assertEquals(blocksOf(test.messages), blocks);
  assert(proxy.connections > 10, `there were ${proxy.connections} connections`);
  assertEquals(test.workers.length, 1, "it stays one session");
  assert(notices[0]!.startsWith("The connection to the manager is broken"), notices[0]);
  await channel.leave("done");
  await echoing;
});

Deno.test("messages sent while the connection is down arrive once it is mended", async () => {
  await using test = await TestServer.start();
  await using proxy = new CuttingProxy(test.port);
  const channel = await test.connect({ port: proxy.port });
  const [worker] = test.workers;
  proxy.isRefusing = true;
  proxy.cut();
  await until(() => !worker!.isConnected);
  channel.send(result(1));
  worker!.send({ type: "release", blocks: [7] });
  await sleep(300);
  proxy.isRefusing = false;
  assertEquals(await channel.receive(), { type: "release", blocks: [7] });
  await until(() => test.messages.length === 1);
  assertEquals(blocksOf(test.messages), [1]);
  await channel.leave("done");
});

Deno.test("a worker that leaves while its connection is down mends it to say what it still has to say", async () => {
  await using test = await TestServer.start();
  await using proxy = new CuttingProxy(test.port);
  const channel = await test.connect({ port: proxy.port });
  proxy.isRefusing = true;
  proxy.cut();
  await until(() => !test.workers[0]!.isConnected);
  channel.send(result(1));
  const leaving = channel.leave("done");
  await sleep(300);
  assertEquals(channel.closed, false);
  proxy.isRefusing = false;
  await leaving;
  assertEquals(blocksOf(test.messages), [1]);
  await until(() => test.ends.length === 1);
  assertEquals(test.ends[0]!.reason, "done");
});

Deno.test("a worker that leaves with nothing left to say does not wait for a connection", async () => {
  await using test = await TestServer.start({ reconnectGraceMs: 600 });
  await using proxy = new CuttingProxy(test.port);
  const channel = await test.connect({ port: proxy.port });
  proxy.isRefusing = true;
  proxy.cut();
  await until(() => !test.workers[0]!.isConnected);
  await channel.leave("done");
  assertEquals((await channel.ended).cause, "left");
});

Deno.test("a cut for good ends both sides after the grace, and is said to be one", async () => {
  await using test = await TestServer.start({ reconnectGraceMs: 600 });
  await using proxy = new CuttingProxy(test.port);
  const channel = await test.connect({ port: proxy.port });
  proxy.isRefusing = true;
  proxy.cut();
  const end = await channel.ended;
  assertEquals(end.cause, "lost");
  await until(() => test.ends.length === 1);
  const [lost] = test.ends;
  assertEquals((lost as { cause?: string }).cause, "lost");
  assertEquals(lost!.unexpected, true);
  assert(lost!.reason.includes("did not come back within 0.6 s"), lost!.reason);
});

for (const when of ["before", "after"] as const) {
  Deno.test(`a worker that is told to end ${when} its manager has died ends at once, with results unsent`, async () => {
    await using server = await TestServer.start();
    const proxy = new CuttingProxy(server.port);
    const told = new AbortController();
    const notices: string[] = [];
    const channel = await server.connect({
      port: proxy.port,
      signal: told.signal,
      notice: (line) => notices.push(line),
    });
    if (when === "before") told.abort();
    channel.send({ type: "threadLost", block: 1, reason: "unsent" });
    // Nobody listens at the address any more, and nobody has said farewell.
    const gone = proxy[Symbol.asyncDispose]();
    await until(() => notices.length > 0);
    if (when === "after") {
      assertEquals(channel.closed, false, "it may come back");
      told.abort();
    }
    const leaving = channel.leave("told to end");
    // Without the order it would try again for the grace, a minute.
    await until(() => channel.closed);
    const { cause, reason } = await channel.ended;
    await leaving;
    assertEquals(cause, "lost");
    assertStringIncludes(reason, "refused");
    await gone;
  });
}

Deno.test("a session that is over can't be resumed", async () => {
  await using test = await TestServer.start();
  await using proxy = new CuttingProxy(test.port);
  const channel = await test.connect({ port: proxy.port });
  proxy.isRefusing = true;
  proxy.cut();
  await until(() => !test.workers[0]!.isConnected);
  test.workers[0]!.close("it is not needed");
  await until(() => test.ends.length === 1);
  proxy.isRefusing = false;
  const end = await channel.ended;
  assertEquals(end.cause, "lost");
  assert(end.reason.includes("the session is over"), end.reason);
});

Deno.test("a worker that is not wanted is told so", async () => {
  await using test = await TestServer.start({ admit: () => ({ refused: "there is a worker 3 already" }) });
  await assertRejects(
    () => test.connect({ worker: 3 }),
    ChannelClosedError,
    "The manager of run run-1 does not want this worker: there is a worker 3 already",
  );
});

Deno.test("a peer that proved itself and then says nothing is lost, one that beats is not", async () => {
  await using test = await TestServer.start({ heartbeat: HEARTBEAT, reconnectGraceMs: 50 });
  const steady = await test.connect();
  const silent = await provedConnection(test);
  await openSession(silent);
  await until(() => test.workers.length === 2);
  await until(() => test.ends.length === 1);
  assert(test.ends[0]!.reason.includes("nothing was heard for"), test.ends[0]!.reason);
  assertEquals(steady.closed, false);
  closeQuietly(silent);
});

Deno.test("a worker that breaks the rules is dropped at once, and not waited for", async () => {
  await using test = await TestServer.start();
  const rude = await provedConnection(test);
  await openSession(rude);
  await until(() => test.workers.length === 1);
  await rude.write(new Uint8Array([0xff, 0xff, 0xff, 0xff, FrameKind.MESSAGE]));
  await until(() => test.ends.length === 1);
  assertEquals((test.ends[0] as { cause?: string }).cause, "broken");
  assert(test.ends[0]!.reason.includes("4294967295 bytes"), test.ends[0]!.reason);
  closeQuietly(rude);
});

Deno.test("what a worker computes is known once it takes a while, and no longer when its result is here", async () => {
  await using test = await TestServer.start();
  const channel = await test.connect();
  const [worker] = test.workers;
  channel.computing(12);
  await until(() => worker!.computing()?.block === 12);
  const { sinceMs } = worker!.computing()!;
  assert(performance.now() - sinceMs >= 50);
  channel.computing(-1);
  channel.send(result(12));
  await until(() => worker!.computing() === undefined);
  channel.computing(13, performance.now() - 4000);
  await until(() => worker!.computing()?.block === 13);
  assert(performance.now() - worker!.computing()!.sinceMs >= 4000, "it was begun before it was told");
  await channel.leave("done");
});

async function provedConnection(test: TestServer): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: test.port });
  await offerHandshake(connection, {
    prover: await Prover.create(test.key),
    runId: "run-1",
    certificateHash: undefined,
  });
  return connection;
}

async function openSession(connection: Deno.TcpConn): Promise<void> {
  const { FrameBatch } = await import("../../../core/channel/frame.ts");
  const { encodeHeader } = await import("../../../core/channel/header_codec.ts");
  const { openBody } = await import("../../../core/channel/session_frames.ts");
  const batch = new FrameBatch();
  const open = { worker: undefined, hello: HELLO, resume: undefined };
  batch.control(FrameKind.OPEN, encodeHeader(openBody(open)).header);
  await connection.write(batch.take());
}

Deno.test("a worker that leaves in the middle of a block is said to have had it in hand", async () => {
  await using server = await TestServer.start();
  const channel = await server.connect();
  channel.computing(7);
  await until(() => server.workers[0]?.computing()?.block === 7);
  await channel.leave("told to end");
  await until(() => server.ends.length === 1);
  const { reason, cause, computing } = server.ends[0]!;
  assertEquals([reason, cause, computing], ["told to end", "left", 7]);
});
