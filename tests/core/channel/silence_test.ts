import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { SilenceWatch } from "../../../core/channel/silence_watch.ts";
import { sleep, TestServer, until } from "./channel_support.ts";

const OPTIONS = { heartbeatMs: 1000, lostAfterMs: 5000 };

Deno.test("a peer is lost once it has been silent for longer than it may", () => {
  const watch = new SilenceWatch(OPTIONS, 0);
  for (let nowMs = 500; nowMs <= 5000; nowMs += 500) assertEquals(watch.tick(nowMs), undefined);
  assertEquals(watch.tick(5500), 5500);
});

Deno.test("any byte starts the silence anew", () => {
  const watch = new SilenceWatch(OPTIONS, 0);
  for (let nowMs = 500; nowMs <= 60_000; nowMs += 500) {
    if (nowMs % 4000 === 0) watch.heard();
    assertEquals(watch.tick(nowMs), undefined);
  }
});

Deno.test("time in which this process was stopped is not the peer's silence", () => {
  const watch = new SilenceWatch(OPTIONS, 0);
  assertEquals(watch.tick(1000), undefined);
  assertEquals(watch.tick(61_000), undefined, "a minute without a tick");
  for (let nowMs = 62_000; nowMs <= 65_000; nowMs += 1000) assertEquals(watch.tick(nowMs), undefined);
  assert(watch.tick(66_000) !== undefined, "what was counted before is not forgotten either");
});

Deno.test({
  name: "a worker that was stopped for longer than it may be silent comes back to its session",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const heartbeat = { heartbeatMs: 100, lostAfterMs: 600 };
    await using test = await TestServer.start({ heartbeat });
    const { KEY_VARIABLE } = await import("../../../core/channel/address_file.ts");
    const { formatChannelAddress } = await import("../../../core/channel/channel_address.ts");
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        fromFileUrl(import.meta.resolve("./echo_worker.ts")),
        formatChannelAddress(test.server.address),
      ],
      env: { [KEY_VARIABLE]: test.key.toBase64({ alphabet: "base64url" }) },
      stdin: "null",
    }).spawn();
    await until(() => test.workers.length === 1);
    const [worker] = test.workers;
    child.kill("SIGSTOP");
    worker!.send({ type: "release", blocks: [1] });
    await until(() => !worker!.isConnected, 5000);
    child.kill("SIGCONT");
    await until(() => test.messages.length === 1);
    assertEquals(test.messages, [{ type: "released", blocks: [1] }]);
    assertEquals(test.workers.length, 1, "it is the same session");
    // Our own stop: nothing is read, and no tick comes, for longer than the worker may be silent.
    const blockedUntil = performance.now() + 1500;
    while (performance.now() < blockedUntil);
    await sleep(150);
    assertEquals(worker!.isConnected, true, "the time in which we did not read is not its silence");
    worker!.close("done");
    assertEquals((await child.status).success, true);
  },
});
