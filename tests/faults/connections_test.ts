import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { closeQuietly, sleep } from "../core/channel/channel_support.ts";
import { seededRandom } from "../raster/seeded_random.ts";
import { FaultScene, IGNORED } from "./fault_scene.ts";
import { listeningPorts } from "./processes.ts";
import { proxiedRun, proxyFor } from "./proxied_run.ts";

for (
  const { what, spec, most, args } of [
    { what: "small results", spec: { across: 20, down: 15 }, most: 8000, args: [] },
    {
      what: "results and inputs in many pieces",
      spec: { across: 6, down: 6, side: 512 },
      most: 2_000_000,
      args: ["--compute-workers-read", "no", "--read-workers", "1"],
    },
  ]
) {
  Deno.test({
    name: `connections that are cut in mid-frame again and again lose no worker and no block: ${what}`,
    ignore: IGNORED,
    fn: async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const random = seededRandom(seed);
      await using scene = new FaultScene({ ...spec, each: "pause(5);" });
      await using proxy = proxyFor(scene);
      // The opening takes some 250 bytes.
      proxy.cutAfter = () => 300 + Math.floor(random() * most);
      const summary = await scene.assertDone(proxiedRun(scene, proxy, ["--workers", "2", ...args]));
      console.log(`seed ${seed}: ${proxy.cuts} cuts, ${proxy.connections} connections`);
      assert(proxy.cuts >= 10, `only ${proxy.cuts} cuts`);
      assertEquals([summary.workers.lost, summary.blocks.retried], [0, 0]);
    },
  });
}

Deno.test({
  name: "workers that all end before they connect end the run with what the first one said",
  ignore: IGNORED,
  fn: async () => {
    await using scene = new FaultScene({ across: 6, down: 4 });
    const run = scene.run(["--worker-permissions", "--allow-net=no:such:port"]);
    await scene.assertFailed(run, {
      says: ["The first 3 workers all ended before any connected", "no:such:port"],
    });
  },
});

Deno.test({
  name: "a thousand idle connections, held throughout and renewed when they are dropped, keep no worker out",
  ignore: IGNORED,
  fn: async () => {
    await using scene = new FaultScene({ across: 20, down: 10, each: "pause(50);" });
    const run = scene.run(["--workers", "2"]);
    await run.until("it listens", () => listeningPorts(run.pid).length > 0);
    const [port] = listeningPorts(run.pid);
    let renewed = 0;
    const idle = Array.from({ length: 1000 }, async (_, index) => {
      await sleep(index % 10 * 10);
      while (!run.isOver) {
        const connection = await Deno.connect({ hostname: "127.0.0.1", port: port! }).catch(() => undefined);
        if (!connection) {
          await sleep(100);
          continue;
        }
        void run.ended.then(() => closeQuietly(connection));
        await connection.read(new Uint8Array(1)).catch(() => undefined);
        closeQuietly(connection);
        await sleep(50);
        renewed++;
      }
    });
    const { workers } = await scene.assertDone(run);
    await Promise.all(idle);
    console.log(`${renewed} connections`);
    assertEquals(workers.lost, 0, run.err);
    assertStringIncludes(run.err, "Refused");
  },
});
