/**
 * Workers and managers that are stopped (SIGSTOP) for a while.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { FaultScene } from "./fault_scene.ts";
import { type LongCase, seconds } from "./long_case.ts";
import { signal } from "./processes.ts";

/** The cases. */
export const STOPPED_CASES: readonly LongCase[] = [
  {
    name: "a manager that is stopped for 60 s loses no worker",
    async run() {
      await using scene = new FaultScene({ across: 8, down: 5, each: "pause(300);" });
      const run = scene.run(["--workers", "2"]);
      await run.until("some blocks are done", () => scene.timesBegun().size > 4);
      const before = run.workers();
      run.signal("SIGSTOP");
      await seconds(60);
      assertEquals(run.workers(), before);
      run.signal("SIGCONT");
      const { workers, blocks } = await scene.assertDone(run);
      assertEquals([workers.started, workers.lost, blocks.retried], [2, 0, 0], run.err);
    },
  },
  {
    name: "a worker that is stopped for good is lost by its silence, and what it says later is not heard",
    async run() {
      await using scene = new FaultScene({ across: 10, down: 10, each: "pause(800);" });
      const run = scene.run(["--reconnect-grace", "2", "--no-copies"]);
      await run.until("all work", () => scene.inHand().size === 3);
      const stopped = run.workers().get(1)!;
      const block = scene.inHand().get(stopped)!;
      signal(stopped, "SIGSTOP");
      await run.said("worker 1 was lost", 45_000);
      // Its replacement would make an end of it a second later.
      signal(stopped, "SIGCONT");
      const { workers } = await scene.assertDone(run);
      assertEquals([workers.started, workers.lost], [4, 1], run.err);
      assert(run.err.includes("nothing was heard"), run.err);
      assert(!run.err.includes("while computing"), `a block is blamed: ${run.err}`);
      assertEquals(scene.timesBegun().get(block), 2, "its block was to be computed again");
    },
  },
  {
    name: "a worker that is stopped for 12 s is not lost",
    async run() {
      await using scene = new FaultScene({ across: 8, down: 5, each: "pause(800);" });
      const run = scene.run(["--workers", "2", "--no-copies"]);
      await run.until("both work", () => scene.inHand().size === 2);
      const stopped = run.workers().get(0)!;
      signal(stopped, "SIGSTOP");
      await seconds(12);
      signal(stopped, "SIGCONT");
      const { workers, blocks } = await scene.assertDone(run);
      assertEquals([workers.started, workers.lost, blocks.retried], [2, 0, 0], run.err);
    },
  },
];
