import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../raster/seeded_random.ts";
import { FaultScene, IGNORED } from "./fault_scene.ts";
import { signal } from "./processes.ts";

Deno.test({
  name: "the sum of all pixels is exact though the main program is killed again and again, and workers too",
  ignore: IGNORED,
  fn: async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = seededRandom(seed);
    await using scene = new FaultScene({ across: 25, down: 20, each: "pause(40);" });
    const args = ["--resume", "--reconnect-grace", "2", "--max-block-losses", "1000"];
    let killed = 0;
    for (let round = 0; round < 3; round++) {
      const run = scene.run(args);
      const before = scene.timesBegun().size;
      // Records are written once a second.
      await run.until("some blocks are done", () => scene.timesBegun().size > before + 5);
      await new Promise((resolve) => setTimeout(resolve, 900 + random() * 400));
      const victims = [...run.workers().values()];
      signal(victims[Math.floor(random() * victims.length)] ?? run.pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, random() * 300));
      run.signal("SIGKILL");
      const end = await run.ended;
      assertEquals(end.signal, "SIGKILL", end.err);
      killed++;
      // Those of round 0 and 1 are left to the next run, whose own workers come beside them.
      if (round === 2) await scene.processesEnd(30_000);
    }
    const { blocks } = await scene.assertDone(scene.run(args));
    console.log(`seed ${seed}: killed ${killed} times, ${blocks.resumed} of ${blocks.total} blocks resumed`);
    assert(blocks.resumed > 0, "nothing was resumed");
  },
});

Deno.test({
  name: "workers whose main program is killed end at once, long before the grace of a broken connection",
  ignore: IGNORED,
  fn: async () => {
    await using scene = new FaultScene({ across: 20, down: 10, each: "pause(60_000);" });
    const run = scene.run(["--workers", "2", "--reconnect-grace", "600"]);
    await run.until("both work", () => scene.inHand().size === 2);
    run.signal("SIGKILL");
    await run.ended;
    await scene.processesEnd(30_000);
  },
});

Deno.test({
  name: "workers whose main program is killed before they have connected end within seconds",
  ignore: IGNORED,
  fn: async () => {
    await using scene = new FaultScene({ across: 20, down: 10, each: "pause(200);" });
    const run = scene.run(["--workers", "2", "--reconnect-grace", "600"]);
    await run.until("the workers are started", () => run.workers().size === 2);
    run.signal("SIGKILL");
    await run.ended;
    // Their own deadline is five minutes.
    await scene.processesEnd(30_000);
  },
});

Deno.test({
  name: "a copy of a slow block that comes first is summed up once, and nobody waits for the slow one",
  ignore: IGNORED,
  fn: async () => {
    const each = `if (n === 3 && once("slow")) pause(60_000); else pause(20);`;
    await using scene = new FaultScene({ across: 6, down: 4, each });
    const startMs = performance.now();
    const { workers, blocks } = await scene.assertDone(scene.run([]));
    assert(performance.now() - startMs < 50_000, "the slow one was waited for");
    assertEquals([workers.lost, blocks.retried], [0, 0]);
    assertEquals(scene.timesBegun().get(3), 2);
  },
});
