import { assert, assertEquals, assertRejects } from "@std/assert";
import { DelayProxy } from "../../../bench/delay_proxy.ts";
import type { HerdRun } from "../../../bench/herd_run.ts";
import { makeCertificate, pinCertificate } from "../../../core/channel/certificate.ts";
import { makeHello } from "../../../core/channel/hello.ts";
import { offerHandshake } from "../../../core/channel/handshake.ts";
import { Prover } from "../../../core/channel/proof.ts";
import { AuthError, ChannelClosedError } from "../../../core/errors.ts";
import { closeQuietly, CuttingProxy, freshKey, TestServer, until } from "./channel_support.ts";

Deno.test("700 workers that connect at once over TLS and a round trip of 1.6 s all get in", async () => {
  // A process each for the manager and the proxy, and two for the workers.
  const program = new URL("../../../bench/herd_run.ts", import.meta.url).href;
  const args = ["run", "-A", program, "700", "2", "1600", "tls"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  const { connected, failures } = JSON.parse(new TextDecoder().decode(stdout)) as HerdRun;
  assertEquals({ connected, failures }, { connected: 700, failures: {} });
});

Deno.test("a worker whose connections are closed where an answer to its proof is due goes on trying, says so once, and gets in", async () => {
  await using test = await TestServer.start();
  await using proxy = new CuttingProxy(test.port);
  // One byte less than a hello and a proof.
  proxy.cutAfter = 95;
  const notices: string[] = [];
  const connecting = test.connect({
    port: proxy.port,
    deadlineMs: 60_000,
    notice: (line) => notices.push(line),
  });
  await until(() => proxy.connections >= 6, 60_000);
  proxy.cutAfter = Infinity;
  const channel = await connecting;
  assertEquals(notices.length, 1);
  assert(
    notices[0]!.startsWith(
      `Cannot connect to the manager of run run-1: 127.0.0.1:${proxy.port} closed the connection and did not answer our proof: ` +
        "its run is over, it is busy, or the key is another run's; trying again for ",
    ),
    notices[0],
  );
  assertEquals(test.notices, []);
  await channel.leave("done");
});

Deno.test("a worker with another key tries until its deadline, and its error says what may be wrong", async () => {
  await using test = await TestServer.start();
  const startMs = performance.now();
  const error = await assertRejects(
    () => test.connect({ key: freshKey(), deadlineMs: 3000 }),
    ChannelClosedError,
  );
  assert(performance.now() - startMs >= 2950, "it gave up before its deadline");
  assert(error.message.endsWith("or the key is another run's"), error.message);
  assertEquals(test.notices, ["Refused a connection from 127.0.0.1: it does not know the run's key"]);
});

Deno.test("a manager that does not know the run's key itself is another's for good", async () => {
  await using test = await TestServer.start();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.write(makeHello("manager"));
      await connection.write(new Uint8Array(32));
      await connection.read(new Uint8Array(96)).catch(() => null);
      connection.close();
    }
  })();
  await assertRejects(
    () => test.connect({ port: listener.addr.port, deadlineMs: 120_000 }),
    AuthError,
    "It does not know the run's key",
  );
  listener.close();
  await serving;
});

for (const tls of [false, true]) {
  Deno.test(`${tls ? "TLS" : "plain"}: a worker that comes by several addresses and drops the slower ones is refused nowhere`, async () => {
    await using test = await TestServer.start({ tls });
    await using proxy = new DelayProxy(test.port, 400);
    // A second and a third way begin before the first is through its handshake.
    const address = {
      ...test.server.address,
      port: proxy.port,
      hosts: ["127.0.0.1", "localhost", "127.0.0.1"],
    };
    for (let round = 0; round < 3; round++) {
      const channel = await test.connect({ address });
      await channel.leave("done");
    }
    await until(() => test.server.unprovedCount === 0);
    await test.server.close("done");
    assertEquals(test.notices, []);
  });
}

Deno.test("a peer that leaves by itself, however far it has come, is no refusal", async () => {
  await using test = await TestServer.start();
  await using secure = await TestServer.start({ tls: true });
  const prover = await Prover.create(test.key);
  const { der } = await makeCertificate("run-1");
  const pin = await pinCertificate(secure.server.address.certificate ?? der, "run-1");
  const dialled = async (port: number) => await Deno.connect({ hostname: "127.0.0.1", port });
  const steps: [number, (stream: Deno.TcpConn) => unknown][] = [
    [test.port, () => {}],
    [test.port, (stream) => stream.write(makeHello("worker").subarray(0, 20))],
    [test.port, (stream) => stream.write(makeHello("worker"))],
    // With the manager's hello unread the system says "reset".
    [test.port, async (stream) => {
      await stream.write(makeHello("worker"));
      await stream.read(new Uint8Array(1));
    }],
    [test.port, (stream) => offerHandshake(stream, { prover, runId: "run-1", certificateHash: undefined })],
    [secure.port, () => {}],
    // The beginning of a TLS record.
    [secure.port, (stream) => stream.write(new Uint8Array([0x16, 3, 1]))],
    [secure.port, async (stream) => {
      const tls = await Deno.startTls(stream, { hostname: pin.name, caCerts: [pin.pem] });
      await tls.handshake();
      closeQuietly(tls);
    }],
  ];
  for (const [port, step] of steps) {
    const stream = await dialled(port);
    await step(stream);
    closeQuietly(stream);
  }
  // Those that come later are seen later.
  for (const one of [test, secure]) {
    const channel = await one.connect();
    await channel.leave("done");
    await until(() => one.server.unprovedCount === 0);
    await one.server.close("done");
    assertEquals(one.notices, []);
  }
});
