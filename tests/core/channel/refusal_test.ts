import { assert, assertEquals, assertRejects } from "@std/assert";
import { makeCertificate, pinCertificate, startPinnedTls } from "../../../core/channel/certificate.ts";
import { parseChannelAddress } from "../../../core/channel/channel_address.ts";
import { makeHello } from "../../../core/channel/hello.ts";
import { AuthError, ChannelClosedError, ProtocolError } from "../../../core/errors.ts";
import { closeQuietly, freshKey, seededRandom, sleep, TestServer, until } from "./channel_support.ts";

const FUTURE = makeHello("worker");
new DataView(FUTURE.buffer).setUint16(8, 7);
new DataView(FUTURE.buffer).setUint16(10, 8);

const RUDE: Record<string, Uint8Array<ArrayBuffer>> = {
  "a web browser": new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
  "a frame of 4 GiB": new Uint8Array([0xff, 0xff, 0xff, 0xff, 2]),
  "a TLS client": new Uint8Array([0x16, 3, 1, 2, 0, 1]),
  "a later release": FUTURE,
  "a manager": makeHello("manager"),
  "one without the key": new Uint8Array([...makeHello("worker"), ...new Uint8Array(32)]),
};

/** Reads until the other side closes; how many bytes came. */
async function drained(connection: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(4096);
  let bytes = 0;
  try {
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      bytes += count;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return bytes;
}

Deno.test("rude peers are dropped at once, hear no more than a hello, and are logged once with a count", async () => {
  await using test = await TestServer.start();
  for (let round = 0; round < 3; round++) {
    for (const [who, bytes] of Object.entries(RUDE)) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: test.port });
      await connection.write(bytes);
      // That they are dropped at once, and not only after 10 s, is seen by what the notices say.
      assert(await drained(connection) <= 64, `${who} heard more than a hello`);
      connection.close();
    }
  }
  await until(() => test.notices.length === 4);
  assertEquals(test.notices.toSorted(), [
    "Refused a connection from 127.0.0.1: it does not know the run's key",
    "Refused a connection from 127.0.0.1: it does not speak blockfleet's protocol",
    "Refused a connection from 127.0.0.1: it is no worker",
    "Refused a connection from 127.0.0.1: it speaks versions 7 to 8 of the channel's protocol, this side version 1: " +
    "use the same release of blockfleet on both",
  ]);
  const worker = await test.connect();
  await worker.leave("done");
  await test.server.close("done");
  assert(test.notices.includes(
    "Refused 9 connections from 127.0.0.1 in all: it does not speak blockfleet's protocol",
  ));
});

Deno.test("five hundred peers that send random bytes leave nothing behind", async () => {
  await using test = await TestServer.start();
  const seed = 5;
  const random = seededRandom(seed);
  for (let batch = 0; batch < 10; batch++) {
    await Promise.all(Array.from({ length: 50 }, async () => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: test.port });
      const bytes = Uint8Array.from({ length: 1 + random() * 5000 }, () => random() * 256);
      await connection.write(bytes).catch(() => {});
      await drained(connection);
      connection.close();
    }));
  }
  await until(() => test.server.unprovedCount === 0);
  assert(test.notices.length <= 4, test.notices.join("\n"));
});

Deno.test("a peer that says hello and no more is dropped after 10 s", async () => {
  await using test = await TestServer.start();
  const startMs = performance.now();
  const slow = await Deno.connect({ hostname: "127.0.0.1", port: test.port });
  await slow.write(makeHello("worker"));
  const dripping = await Deno.connect({ hostname: "127.0.0.1", port: test.port });
  const hello = makeHello("worker");
  let isDripping = true;
  const drip = (async () => {
    for (let at = 0; at < 64 && isDripping; at++) {
      await sleep(250);
      await dripping.write(hello.subarray(at, at + 1)).catch(() => {});
    }
  })();
  await Promise.all([drained(slow), drained(dripping)]);
  const seconds = (performance.now() - startMs) / 1000;
  // With 10 s from its last byte the dripping one would have 26.
  assert(seconds > 9 && seconds < 20, `dropped after ${seconds} s`);
  assertEquals(test.notices, ["Refused a connection from 127.0.0.1: it proved nothing within 10 s"]);
  slow.close();
  isDripping = false;
  await drip;
  dripping.close();
});

/** A connection; undefined if the manager dropped it before it was open here, as it may with so many. */
async function connectOrDropped(port: number): Promise<Deno.TcpConn | undefined> {
  try {
    return await Deno.connect({ hostname: "127.0.0.1", port });
  } catch (error) {
    const isGone = error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.ConnectionRefused;
    if (!isGone) throw error;
    await sleep(10);
    return undefined;
  }
}

/** Connections that say nothing, and are made anew whenever they are dropped. */
class Idlers implements AsyncDisposable {
  readonly #open = new Set<Deno.Conn>();
  readonly #running: Promise<void>[];
  #isOver = false;

  constructor(count: number, port: number) {
    this.#running = Array.from({ length: count }, () => this.#idle(port));
  }

  /** Those that are open, as far as they know. */
  get count(): number {
    return this.#open.size;
  }

  async #idle(port: number): Promise<void> {
    while (!this.#isOver) {
      const connection = await connectOrDropped(port);
      if (!connection) continue;
      this.#open.add(connection);
      if (this.#isOver) closeQuietly(connection);
      await connection.read(new Uint8Array(1)).catch(() => null);
      this.#open.delete(connection);
      closeQuietly(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    for (const connection of this.#open) closeQuietly(connection);
    await Promise.all(this.#running);
  }
}

for (const tls of [false, true]) {
  Deno.test(`${tls ? "TLS" : "plain"}: a worker gets in past 1,000 idle connections that are renewed when dropped`, async () => {
    await using test = await TestServer.start({ tls });
    const before = Deno.memoryUsage().rss;
    await using _idlers = new Idlers(1000, test.port);
    await until(() => test.server.unprovedCount === 512);
    const startMs = performance.now();
    const channel = await test.connect({ deadlineMs: 15_000 });
    const seconds = (performance.now() - startMs) / 1000;
    assert(seconds < 15, `it took ${seconds} s`);
    // The session that is open is not disturbed.
    await sleep(500);
    assertEquals(channel.closed, false);
    assert(test.server.unprovedCount <= 512);
    const mebibytes = (Deno.memoryUsage().rss - before) / 2 ** 20;
    assert(mebibytes < 64, `${mebibytes} MiB, those of the idle peers themselves included`);
    await channel.leave("done");
    await test.server.close("done");
    assert(test.notices.length < 8, test.notices.join("\n"));
  });
}

Deno.test({
  name:
    "idle connections take no file that the run needs, and a worker gets in past them, where 256 may be open",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const program = new URL("./limited_server.ts", import.meta.url).href;
    const script = 'ulimit -n 256 && exec "$0" run -A "$1"';
    const server = new Deno.Command("sh", {
      args: ["-c", script, Deno.execPath(), program],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { address, key } = JSON.parse((await lines.read()).value!) as { address: string; key: string };
    const { ManagerChannel } = await import("../../../core/channel/manager_channel.ts");
    const parsed = parseChannelAddress(address);
    {
      await using idlers = new Idlers(600, parsed.port);
      await until(() => idlers.count > 500);
      const channel = await ManagerChannel.connect({
        address: parsed,
        key: Uint8Array.fromBase64(key),
        worker: undefined,
        hello: { nativeId: "n", host: "h", pid: 1 },
        deadlineMs: 60_000,
      });
      await channel.leave("done");
      await server.stdin.close();
      const { failures, opened, notices } = JSON.parse((await lines.read()).value!);
      assertEquals(failures, 0);
      assert(opened > 10 && notices.length < 8, notices.join("\n"));
      // With the server gone connections are refused.
      await lines.cancel();
      await server.status;
    }
  },
});

Deno.test("a manager with another certificate is refused, though the name in it is right", async () => {
  await using test = await TestServer.start({ tls: true });
  const other = await makeCertificate("run-1");
  const error = await assertRejects(
    () => test.connect({ address: { ...test.server.address, certificate: other.der } }),
    AuthError,
    "It has not the run's certificate",
  );
  assert(error.message.startsWith("Cannot connect to the manager of run run-1: 127.0.0.1:"), error.message);
});

Deno.test("the right certificate under another run's name is refused", async () => {
  await using test = await TestServer.start({ tls: true });
  const pin = await pinCertificate(test.server.address.certificate!, "run-2");
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: test.port });
  await assertRejects(() => startPinnedTls(tcp, pin), AuthError);
});

Deno.test("a worker never falls back to plain, nor a TLS manager to a plain worker", async () => {
  await using plain = await TestServer.start();
  const { der: certificate } = await makeCertificate("run-1");
  const deadlineMs = 400;
  const tlsToPlain = { ...plain.server.address, certificate };
  await assertRejects(() => plain.connect({ address: tlsToPlain, deadlineMs }), Error, "Cannot connect");
  await using secure = await TestServer.start({ tls: true });
  const plainToTls = { ...secure.server.address, certificate: undefined };
  await assertRejects(() => secure.connect({ address: plainToTls, deadlineMs }), Error, "Cannot connect");
  assertEquals(plain.workers.length + secure.workers.length, 0);
});

Deno.test("the error of a worker tells a wrong key from refused, unresolved and silent hosts, and names each", async () => {
  await using test = await TestServer.start();
  const silent = Deno.listen({ hostname: "127.0.0.2", port: test.port });
  const held: Deno.Conn[] = [];
  const holding = (async () => {
    for await (const connection of silent) held.push(connection);
  })();
  const hosts = ["127.0.0.3", "no-such-host.invalid", "127.0.0.2", "127.0.0.1"];
  const address = { ...test.server.address, hosts };
  const error = await assertRejects(
    () => test.connect({ key: freshKey(), address, deadlineMs: 100 }),
    ChannelClosedError,
  );
  const { port } = test;
  const expected = [
    `127.0.0.3:${port} refused the connection`,
    `no-such-host.invalid:${port} is a name without an address`,
    `127.0.0.2:${port} took the connection but did not answer within 5 s`,
    `127.0.0.1:${port} closed the connection and did not answer our proof: its run is over, it is busy, or the key is another run's`,
  ];
  let at = -1;
  for (const text of expected) {
    const next = error.message.indexOf(text);
    assert(next > at, `${text} is not in its place in: ${error.message}`);
    at = next;
  }
  // The same list with the right key gets in, whatever the others do.
  const channel = await test.connect({ address });
  await channel.leave("done");
  const startMs = performance.now();
  const second = await test.connect({ address: { ...address, hosts: ["127.0.0.2", "127.0.0.1"] } });
  const elapsedMs = performance.now() - startMs;
  // One after the other they would take the 5 s that the silent one has.
  assert(elapsedMs >= 240 && elapsedMs < 4900, `the next address was tried after ${elapsedMs} ms`);
  await second.leave("done");
  silent.close();
  await holding;
  held.forEach(closeQuietly);
});

Deno.test("a worker waits for a manager that is not there yet, until its deadline", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const key = freshKey();
  const connecting = (async () => {
    await sleep(700);
    return await TestServer.start({ key, ports: { lowest: port, highest: port } });
  })();
  const { ManagerChannel } = await import("../../../core/channel/manager_channel.ts");
  const options = {
    address: { runId: "run-1", hosts: ["127.0.0.1"], port, certificate: undefined, codeHash: undefined },
    key,
    worker: 1,
    hello: { nativeId: "n", host: "h", pid: 1 },
  };
  const channel = await ManagerChannel.connect({ ...options, deadlineMs: 10_000 });
  await using test = await connecting;
  await channel.leave("done");
  await test.server.close("done");
  const startMs = performance.now();
  await assertRejects(
    () => ManagerChannel.connect({ ...options, deadlineMs: 1000 }),
    ChannelClosedError,
    "refused the connection",
  );
  assert(performance.now() - startMs > 950, "it gave up before its deadline");
});

Deno.test("refusals for a while end a worker whose manager must have been there, long before its deadline", async () => {
  await using test = await TestServer.start();
  const { port } = test;
  await test.server.close("gone");
  const startMs = performance.now();
  await assertRejects(
    () => test.connect({ deadlineMs: 60_000, refusedMs: 1000 }),
    ChannelClosedError,
    `127.0.0.1:${port} refused the connection`,
  );
  const elapsedMs = performance.now() - startMs;
  assert(elapsedMs >= 1000 && elapsedMs < 20_000, `it gave up after ${elapsedMs} ms`);
});

Deno.test("a manager that is stopped for a while refuses nobody, so that its worker waits for it", async () => {
  await using test = await TestServer.start();
  // As the system does for a stopped process: connections are made, and nobody answers.
  const stopped = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = stopped.addr;
  const connecting = test.connect({ port, deadlineMs: 60_000, refusedMs: 0 });
  // Longer than one round takes.
  await sleep(6000);
  stopped.close();
  await using resumed = await TestServer.start({ key: test.key, ports: { lowest: port, highest: port } });
  const channel = await connecting;
  assertEquals(resumed.workers.length, 1);
  await channel.leave("done");
});

Deno.test("a manager of another version is named with both versions", async () => {
  const hello = makeHello("manager");
  new DataView(hello.buffer).setUint16(8, 4);
  new DataView(hello.buffer).setUint16(10, 5);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.write(hello);
      await drained(connection);
      connection.close();
    }
  })();
  await using test = await TestServer.start();
  await assertRejects(
    () => test.connect({ port: listener.addr.port }),
    ProtocolError,
    "It speaks versions 4 to 5 of the channel's protocol, this side version 1",
  );
  listener.close();
  await serving;
});
