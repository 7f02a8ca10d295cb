import { assert, assertEquals } from "@std/assert";
import { BlockLanes, type BlockOrder } from "../../core/block_order.ts";
import { Scheduler } from "../../core/scheduler.ts";
import { seededRandom } from "../raster/seeded_random.ts";

/** Groups of `size` blocks, in the order of their numbers. */
function groupsOf(blockCount: number, size: number): BlockOrder {
  return {
    groups: Math.ceil(blockCount / size),
    groupStart: (group) => Math.min(blockCount, group * size),
    blockAt: (place) => place,
  };
}

function schedulerOf(blockCount: number, order: BlockOrder, done: readonly number[] = []): Scheduler {
  return new Scheduler({
    ...{ blockCount, order, done, copies: false },
    ...{ maxBlockErrors: 1, maxBlockLosses: 1, maxWorkerLosses: 100 },
  });
}

Deno.test("a session has a group to its end before it gets the next one", () => {
  const lanes = new BlockLanes(groupsOf(9, 3));
  assertEquals([lanes.next(1, 1), lanes.next(2, 1), lanes.next(1, 1)], [0, 3, 1]);
  assertEquals([lanes.next(1, 1), lanes.next(1, 1), lanes.next(2, 1)], [2, 6, 4]);
});

Deno.test("a session of several threads has as many groups, in turn", () => {
  const lanes = new BlockLanes(groupsOf(9, 3));
  assertEquals(Array.from({ length: 6 }, () => lanes.next(1, 2)), [0, 3, 1, 4, 2, 6]);
});

Deno.test("without groups left a session gets the second half of the longest that another has", () => {
  const lanes = new BlockLanes(groupsOf(10, 10));
  assertEquals([lanes.next(1, 1), lanes.next(1, 1), lanes.next(2, 1)], [0, 1, 6]);
  assertEquals([lanes.next(3, 1), lanes.next(1, 1), lanes.next(2, 1)], [4, 2, 7]);
});

Deno.test("what an ended session has left goes to the next one that has none", () => {
  const lanes = new BlockLanes(groupsOf(8, 4));
  assertEquals([lanes.next(1, 1), lanes.next(2, 1)], [0, 4]);
  lanes.close(1);
  assertEquals([lanes.next(3, 1), lanes.next(3, 1), lanes.next(3, 1)], [1, 2, 3]);
});

Deno.test("every block is given exactly once, whatever sessions come, go and ask", () => {
  const random = seededRandom(3);
  for (const [blockCount, size] of [[1, 1], [50, 7], [333, 40], [500, 500]] as const) {
    const lanes = new BlockLanes(groupsOf(blockCount, size));
    const given: number[] = [];
    let sessions = [1, 2, 3];
    let last = 3;
    while (given.length < blockCount) {
      const session = sessions[Math.floor(random() * sessions.length)]!;
      if (random() < 0.02) {
        lanes.close(session);
        sessions = [...sessions.filter((id) => id !== session), ++last];
      } else given.push(lanes.next(session, 1 + session % 3)!);
    }
    assertEquals(lanes.next(last, 1), undefined);
    assertEquals(given.toSorted((a, b) => a - b), Array.from({ length: blockCount }, (_, block) => block));
  }
});

Deno.test("a scheduler hands out neighbours, what is put back first, and nothing that is done", () => {
  const scheduler = schedulerOf(12, groupsOf(12, 6), [1, 7]);
  const [a, b] = [scheduler.open(), scheduler.open()];
  const take = (id: number) => {
    const [grant] = scheduler.take(id, 1, { nowMs: 0, freshComing: false });
    if (!grant) return undefined;
    scheduler.sent(id, grant.block, 0);
    return grant;
  };
  const finish = (id: number, grant: { block: number; attempt: number }) =>
    scheduler.finish(id, grant.block, { attempt: grant.attempt, elapsedMs: 1, nowMs: 1 });
  const [first, other] = [take(a)!, take(b)!];
  assertEquals([first.block, other.block], [0, 6]);
  finish(a, first);
  assertEquals(scheduler.fail(b, 6, { attempt: other.attempt, nowMs: 1 }), "retry");
  const again = take(a)!;
  assertEquals(again.block, 6);
  finish(a, again);
  const seen: number[] = [];
  for (let id = a; !scheduler.complete; id = id === a ? b : a) {
    const grant = take(id);
    if (!grant) continue;
    seen.push(grant.block);
    finish(id, grant);
  }
  assertEquals(seen, [2, 8, 3, 9, 4, 10, 5, 11]);
});

Deno.test("a lost worker's group is gone on with by others, to the last block", () => {
  const scheduler = schedulerOf(40, groupsOf(40, 20));
  const [a, b] = [scheduler.open(), scheduler.open()];
  scheduler.take(a, 3, { nowMs: 0, freshComing: false });
  scheduler.close(a, { blame: false });
  let steps = 0;
  while (!scheduler.complete) {
    assert(++steps < 100);
    for (const { block, attempt } of scheduler.take(b, 1, { nowMs: 0, freshComing: false })) {
      scheduler.finish(b, block, { attempt, elapsedMs: 1, nowMs: 1 });
    }
  }
  assertEquals([scheduler.doneCount, scheduler.hasPending], [40, false]);
});
