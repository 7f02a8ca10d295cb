import { assertEquals } from "@std/assert";
import { Scheduler } from "../../core/scheduler.ts";

/** A scheduler of blocks that may be copied, and a clock that the test turns. */
function setUp(blockCount: number) {
  const limits = { maxBlockErrors: 0, maxBlockLosses: 2, maxWorkerLosses: 100 };
  const scheduler = new Scheduler({ blockCount, copies: true, ...limits });
  const clock = { nowMs: 1000 };
  return {
    scheduler,
    clock,
    take(id: number, capacity: number): number[] {
      const grants = scheduler.take(id, capacity, { nowMs: clock.nowMs, freshComing: false });
      for (const { block } of grants) scheduler.sent(id, block, clock.nowMs);
      return grants.map(({ block }) => block);
    },
    finish(id: number, block: number, elapsedMs: number): void {
      const attempt = scheduler.attemptOf(id, block)!;
      scheduler.finish(id, block, { attempt, elapsedMs, nowMs: clock.nowMs });
    },
  };
}

Deno.test("a session that found nothing gets a copy as soon as a block is older than usual, though nothing else changes", () => {
  const { scheduler, clock, take, finish } = setUp(2);
  const [slow, idle] = [scheduler.open(), scheduler.open()];
  take(slow, 1);
  take(idle, 1);
  finish(idle, 1, 10);
  for (clock.nowMs of [1000, 1005, 1010]) assertEquals(take(idle, 1), []);
  clock.nowMs = 1011;
  assertEquals(take(idle, 1), [0]);
});

Deno.test("what waits in a queue is shared again when the one that had it dies", () => {
  const { scheduler, take } = setUp(4);
  const [owner, second, third, idle] = [1, 2, 3, 4].map(() => scheduler.open()) as [
    number,
    number,
    number,
    number,
  ];
  assertEquals(take(owner, 4), [0, 1, 2, 3]);
  assertEquals(take(second, 4), [2, 3]);
  assertEquals(take(third, 4), [1]);
  assertEquals(take(idle, 4), [], "all that waits has a second holder");
  scheduler.close(third, { blame: false });
  assertEquals(take(idle, 4), [1]);
});

Deno.test("however many queues there are, idle sessions share them evenly, until all that waits is shared", () => {
  const owners = 40;
  const { scheduler, take } = setUp(3 * owners);
  for (let i = 0; i < owners; i++) assertEquals(take(scheduler.open(), 3).length, 3);
  const ownerOf = (block: number) => Math.floor(block / 3);
  for (const round of ["first", "second"]) {
    const taken = Array.from({ length: owners }, () => take(scheduler.open(), 3));
    assertEquals(new Set(taken.flat().map(ownerOf)).size, owners, `${round} block of each`);
  }
  assertEquals(take(scheduler.open(), 3), []);
});
