import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../raster/seeded_random.ts";
import type { FaultRun } from "./fault_run.ts";
import { describedBlock, FaultScene, IGNORED } from "./fault_scene.ts";
import { signal } from "./processes.ts";

const KILL_EVERY_MS = 300;

interface Kill {
  readonly pid: number;
  /** The block that it had begun. */
  readonly block: number | undefined;
}

/**
 * Kills a random worker again and again, from the first block to the end of the run. If the one that it is the turn of is
 * just not there nobody is killed: else whoever came back first would never do a block of 500 ms.
 */
async function killWorkers(
  scene: FaultScene,
  run: FaultRun,
  { workers, random }: { workers: number; random: () => number },
): Promise<Kill[]> {
  const kills: Kill[] = [];
  await run.until("the first block is done", () => scene.timesBegun().size > 1);
  while (!run.isOver) {
    const pid = run.workers().get(Math.floor(random() * workers));
    if (pid !== undefined && signal(pid, "SIGKILL")) kills.push({ pid, block: scene.inHand().get(pid) });
    await new Promise((resolve) => setTimeout(resolve, KILL_EVERY_MS));
  }
  return kills;
}

const PATIENT = ["--max-block-losses", "1000", "--max-worker-losses", "1000"];

for (
  const { blockMs, across, down, workers, leastKills } of [
    { blockMs: 5, across: 50, down: 40, workers: 4, leastKills: 5 },
    { blockMs: 500, across: 6, down: 6, workers: 5, leastKills: 5 },
  ]
) {
  Deno.test({
    name:
      `SIGKILL of a random worker every 300 ms: blocks of ${blockMs} ms are all done, each summed up once`,
    ignore: IGNORED,
    fn: async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      await using scene = new FaultScene({ across, down, each: `pause(${blockMs});` });
      const run = scene.run(["--workers", String(workers), ...PATIENT]);
      const kills = await killWorkers(scene, run, { workers, random: seededRandom(seed) });
      const { blocks, workers: counted } = await scene.assertDone(run);
      const wrongly = misnamed(run.err, { kills, across });
      console.log(
        `seed ${seed}: ${kills.length} killed, ${counted.started} started, ${counted.lost} lost, ` +
          `${blocks.retried} blocks computed again`,
      );
      assert(kills.length >= leastKills, `only ${kills.length} kills`);
      assert(counted.lost <= kills.length, `${counted.lost} lost of ${kills.length} killed`);
      // The last ones may have been killed when all was done.
      assert(counted.lost >= kills.length - workers, `${counted.lost} lost of ${kills.length} killed`);
      assert(counted.started >= workers && counted.started <= workers + counted.lost);
      if (blockMs >= 100) assertEquals(wrongly, [], run.err);
    },
  });
}

/**
 * Blocks that are said to have been computed by a worker that died, and that none of the killed had in hand. One that was
 * killed between two blocks may be said to have had either: it has not yet begun to write down the one, or its manager has
 * not yet heard of the other's end.
 */
function misnamed(err: string, { kills, across }: { kills: readonly Kill[]; across: number }): string[] {
  const inHand = kills.flatMap(({ block }) => block === undefined ? [] : [describedBlock(block, across)]);
  const between = kills.length - inHand.length;
  const unknown = [...err.matchAll(/was lost while computing (block \(\d+, \d+\))/g)]
    .map(([, block]) => block!)
    .filter((block) => {
      const at = inHand.indexOf(block);
      if (at >= 0) inHand.splice(at, 1);
      return at < 0;
    });
  return unknown.length <= between ? [] : unknown;
}
