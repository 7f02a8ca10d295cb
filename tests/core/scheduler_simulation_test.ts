import { assert, assertEquals } from "@std/assert";
import { Scheduler } from "../../core/scheduler.ts";
import type { SchedulerOptions } from "../../core/scheduler_types.ts";
import { seededRandom } from "../raster/seeded_random.ts";

interface Simulated {
  readonly id: number;
  /** What it was sent and has not answered, in order. */
  readonly queue: { block: number; attempt: number }[];
}

/** Workers that connect, compute, err, die, answer twice and give back, until every block is done. */
function simulate(seed: number, options: SchedulerOptions) {
  const random = seededRandom(seed);
  const scheduler = new Scheduler(options);
  const accepted = new Uint8Array(options.blockCount);
  for (const block of options.done ?? []) accepted[block] = 1;
  const workers: Simulated[] = [];
  /** Results of sessions that are over: they arrive all the same. */
  const ghosts: { id: number; block: number; attempt: number }[] = [];
  let nowMs = 0;
  let steps = 0;
  let foundKiller = false;

  const finish = (id: number, { block, attempt }: { block: number; attempt: number }) => {
    const acceptance = scheduler.finish(id, block, { attempt, elapsedMs: 1 + 50 * random(), nowMs });
    if (acceptance !== "first") return;
    assertEquals(accepted[block], 0, `block ${block} was accepted twice`);
    accepted[block] = 1;
  };
  const pump = (worker: Simulated) => {
    const capacity = 1 + Math.floor(5 * random());
    const before = scheduler.heldCount(worker.id);
    const grants = scheduler.take(worker.id, capacity, { nowMs, freshComing: random() < 0.2 });
    assert(before + grants.length <= Math.max(before, capacity), "more than its capacity");
    for (const grant of grants) {
      assertEquals(accepted[grant.block], 0, "a block that is done was handed out");
      worker.queue.push(grant);
      scheduler.sent(worker.id, grant.block, nowMs);
      const holder = workers.find(({ id }) => id === grant.takenFrom);
      const at = holder?.queue.findIndex(({ block }, index) => index > 0 && block === grant.block) ?? -1;
      if (at >= 0) holder!.queue.splice(at, 1);
      if (holder) scheduler.giveBack(holder.id, at >= 0 ? [grant.block] : []);
    }
  };
  const end = (worker: Simulated, loss?: { blame: boolean; computing?: number }) => {
    workers.splice(workers.indexOf(worker), 1);
    ghosts.push(...worker.queue.map((item) => ({ id: worker.id, ...item })));
    const { fatal } = scheduler.close(worker.id, loss);
    assert(fatal === undefined || fatal === "killer" && loss?.blame);
    foundKiller ||= fatal === "killer";
  };

  while (!scheduler.complete && !foundKiller) {
    assert(++steps < 200_000, "it does not come to an end");
    nowMs += 100 * random();
    const dice = random();
    const worker = workers[Math.floor(random() * workers.length)];
    if (!worker || dice < 0.02 && workers.length < 8) workers.push({ id: scheduler.open(), queue: [] });
    else if (dice < 0.03) end(worker, { blame: random() < 0.5 });
    else if (dice < 0.035) end(worker);
    else if (dice < 0.05 && worker.queue.length > 0) {
      const { block, attempt } = worker.queue.shift()!;
      assert(scheduler.fail(worker.id, block, { attempt, nowMs }) !== "fatal");
    } else if (dice < 0.08 && worker.queue.length > 1) {
      const back = worker.queue.splice(1 + Math.floor(random() * (worker.queue.length - 1)));
      scheduler.giveBack(worker.id, back.map(({ block }) => block));
    } else if (dice < 0.1 && ghosts.length > 0) {
      const ghost = ghosts.pop()!;
      const { block, attempt } = ghost;
      assertEquals(scheduler.finish(ghost.id, block, { attempt, elapsedMs: 1, nowMs }), "stale");
    } else if (dice < 0.6 && worker.queue.length > 0) {
      const item = worker.queue.shift()!;
      finish(worker.id, item);
      if (random() < 0.1) {
        const again = { attempt: item.attempt, elapsedMs: 1, nowMs };
        assertEquals(scheduler.finish(worker.id, item.block, again), "stale", "the same frame twice");
      }
    } else if (dice < 0.62 && scheduler.blocksToRelease(worker.id)) {
      // The holder answers later, as a worker that is computing does: with nothing, by then all is begun.
      for (const { id } of workers) scheduler.giveBack(id, []);
    } else pump(worker);
  }
  if (foundKiller) return steps;
  assert(accepted.every((times) => times === 1), "a block was lost");
  assertEquals(scheduler.doneCount, options.blockCount);
  for (const worker of [...workers]) for (const item of worker.queue) finish(worker.id, item);
  return steps;
}

for (const copies of [true, false]) {
  Deno.test(`whatever happens to workers, every block is accepted exactly once (copies ${copies})`, () => {
    let steps = 0;
    for (let seed = 1; seed <= 40; seed++) {
      steps += simulate(seed, {
        blockCount: 1 + seed * 7,
        maxBlockErrors: 1e9,
        // Half of the runs know suspects, who survive their time alone, are lost without blame, or end the run.
        maxBlockLosses: seed % 2 === 0 ? 1 : 1e9,
        maxWorkerLosses: 1e9,
        copies,
        workers: 1 + seed % 8,
        done: seed % 3 === 0 ? [0, 2, 5] : [],
      });
    }
    assert(steps > 5000, `${steps} steps`);
  });
}

Deno.test("suspects come to their end whatever happens around them", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const killers = new Set([3, 11]);
    const scheduler = new Scheduler({
      blockCount: 40,
      maxBlockErrors: 0,
      maxBlockLosses: 2,
      maxWorkerLosses: 1e9,
      copies: true,
      workers: 4,
    });
    let fatal: string | undefined;
    let blamed: number | undefined;
    const workers: number[] = [];
    const held = new Map<number, { block: number; attempt: number }[]>();
    for (let steps = 0; fatal === undefined; steps++) {
      assert(steps < 20_000, "the killer was never found");
      if (workers.length < 4) {
        const id = scheduler.open();
        workers.push(id);
        held.set(id, []);
      }
      const id = workers[Math.floor(random() * workers.length)]!;
      const queue = held.get(id)!;
      for (const grant of scheduler.take(id, 3, { nowMs: steps, freshComing: false })) {
        queue.push(grant);
        scheduler.sent(id, grant.block, steps);
      }
      const item = queue.shift();
      if (!item) continue;
      if (killers.has(item.block)) {
        ({ fatal, blamed } = scheduler.close(id, { blame: true, computing: item.block }));
        workers.splice(workers.indexOf(id), 1);
      } else scheduler.finish(id, item.block, { attempt: item.attempt, elapsedMs: 1, nowMs: steps });
    }
    assertEquals(fatal, "killer");
    assert(killers.has(blamed!), "an innocent block was called a killer");
    assertEquals(scheduler.deathsOf(blamed!), 3);
  }
});

Deno.test("a million blocks over a thousand sessions are handed out and accounted for", () => {
  const blockCount = 1_000_000;
  const scheduler = new Scheduler({
    blockCount,
    maxBlockErrors: 0,
    maxBlockLosses: 2,
    maxWorkerLosses: 1e9,
    copies: true,
    workers: 1000,
  });
  const sessions = Array.from({ length: 1000 }, () => scheduler.open());
  let nowMs = 0;
  while (!scheduler.complete) {
    for (const id of sessions) {
      nowMs += 0.01;
      for (const { block, attempt } of scheduler.take(id, 4, { nowMs, freshComing: false })) {
        scheduler.sent(id, block, nowMs);
        scheduler.finish(id, block, { attempt, elapsedMs: 1, nowMs });
      }
    }
  }
  assertEquals(scheduler.doneCount, blockCount);
});
