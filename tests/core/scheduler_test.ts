import { assert, assertEquals } from "@std/assert";
import { OVERDUE_MS, Scheduler } from "../../core/scheduler.ts";
import type { SchedulerOptions } from "../../core/scheduler_types.ts";

const DEFAULTS: SchedulerOptions = {
  blockCount: 10,
  maxBlockErrors: 0,
  maxBlockLosses: 2,
  maxWorkerLosses: 100,
  copies: true,
};

/** A scheduler, and a clock that the test turns. */
function setUp(options: Partial<SchedulerOptions> = {}) {
  const scheduler = new Scheduler({ ...DEFAULTS, ...options });
  const clock = { nowMs: 1000 };
  return {
    scheduler,
    clock,
    /** Takes up to `capacity` blocks and sends them off. */
    take(id: number, capacity = 1, freshComing = false): number[] {
      const grants = scheduler.take(id, capacity, { nowMs: clock.nowMs, freshComing });
      for (const { block } of grants) scheduler.sent(id, block, clock.nowMs);
      return grants.map(({ block }) => block);
    },
    finish(id: number, block: number, options: { attempt?: number; elapsedMs?: number } = {}) {
      const attempt = options.attempt ?? scheduler.attemptOf(id, block) ?? -1;
      return scheduler.finish(id, block, {
        attempt,
        elapsedMs: options.elapsedMs ?? 10,
        nowMs: clock.nowMs,
      });
    },
    fail(id: number, block: number, attempt = scheduler.attemptOf(id, block) ?? -1) {
      return scheduler.fail(id, block, { attempt, nowMs: clock.nowMs });
    },
    die: (id: number) => scheduler.close(id, { blame: true }),
  };
}

Deno.test("blocks are handed out in order, up to the session's capacity, each once", () => {
  const { scheduler, take } = setUp({ blockCount: 5 });
  const [a, b] = [scheduler.open(), scheduler.open()];
  assertEquals(take(a, 2), [0, 1]);
  assertEquals(take(a, 2), []);
  assertEquals(take(b, 2), [2, 3]);
  assertEquals(scheduler.heldCount(a), 2);
  assertEquals(take(a, 3), [4]);
});

Deno.test("a session that was never opened, or is closed, gets nothing and its results are stale", () => {
  const { scheduler, take, finish } = setUp();
  const a = scheduler.open();
  take(a, 1);
  const attempt = scheduler.attemptOf(a, 0)!;
  assertEquals(scheduler.close(a), { requeued: 1 });
  assertEquals(take(a, 1), []);
  assertEquals(take(99, 1), []);
  assertEquals(finish(a, 0, { attempt }), "stale");
  assertEquals(scheduler.close(a), { requeued: 0 });
  assertEquals(scheduler.doneCount, 0);
});

Deno.test("the blocks of an ended session go out again first, lowest first, by a new attempt", () => {
  const { scheduler, take } = setUp();
  const [a, b, c] = [scheduler.open(), scheduler.open(), scheduler.open()];
  take(a, 2);
  take(b, 2);
  scheduler.close(b);
  scheduler.close(a);
  assertEquals(take(c, 5), [0, 1, 2, 3, 4]);
  assertEquals(scheduler.attemptOf(c, 0), 2);
  assertEquals(scheduler.attemptOf(c, 4), 1);
});

Deno.test("the first result of a block counts, a copy's later one is a duplicate, any other attempt is stale", () => {
  const { scheduler, take, finish, clock } = setUp({ blockCount: 1 });
  const [a, b] = [scheduler.open(), scheduler.open()];
  assertEquals(take(a), [0]);
  clock.nowMs += 1;
  assertEquals(take(b), [0], "a copy");
  assertEquals(scheduler.attemptOf(b, 0), 2);
  assertEquals(finish(b, 0, { attempt: 1 }), "stale", "that attempt is another session's");
  assertEquals(finish(b, 0), "first");
  assert(scheduler.complete);
  assertEquals(finish(a, 0), "duplicate");
  assertEquals(finish(a, 0, { attempt: 1 }), "stale", "it does not hold the block any more");
  assertEquals(scheduler.doneCount, 1);
});

Deno.test("the error or death of an attempt whose block is done is no error and blames nobody", () => {
  const { scheduler, take, finish, fail, clock } = setUp({ blockCount: 1 });
  const [a, b, c] = [scheduler.open(), scheduler.open(), scheduler.open()];
  take(a);
  clock.nowMs += 1;
  take(b);
  assertEquals(take(c), [], "no second copy");
  finish(b, 0);
  assertEquals(fail(a, 0), "ignored");
  const { scheduler: other, take: takeOther, finish: finishOther, clock: otherClock } = setUp({
    blockCount: 1,
  });
  const [d, e] = [other.open(), other.open()];
  takeOther(d);
  otherClock.nowMs += 1;
  takeOther(e);
  finishOther(e, 0);
  assertEquals(other.close(d, { blame: true, computing: 0 }), { requeued: 0 });
  assertEquals(other.deathsOf(0), 0);
});

Deno.test("a throw is fatal at once unless maxBlockErrors allows it, and then after so many", () => {
  const { scheduler, take, fail } = setUp();
  const a = scheduler.open();
  take(a);
  assertEquals(fail(a, 0), "fatal");

  const patient = setUp({ maxBlockErrors: 2 });
  const b = patient.scheduler.open();
  for (const verdict of ["retry", "retry", "fatal"]) {
    assertEquals(patient.take(b), [0]);
    assertEquals(patient.fail(b, 0), verdict);
  }
  assertEquals(patient.scheduler.retriedCount, 2);
});

Deno.test("errors are counted for each block on its own, and those of stale attempts not at all", () => {
  const { scheduler, take, fail } = setUp({ maxBlockErrors: 1 });
  const a = scheduler.open();
  take(a, 3);
  assertEquals([fail(a, 0), fail(a, 1), fail(a, 2)], ["retry", "retry", "retry"]);
  assertEquals(fail(a, 0, 1), "ignored");
  assertEquals(take(a, 3), [0, 1, 2]);
  assertEquals(fail(a, 0, 1), "ignored", "the attempt is 2 now");
  assertEquals(fail(a, 0), "fatal");
});

Deno.test("a copy's error is retried only once nobody computes the block any more", () => {
  const { scheduler, take, fail, finish, clock } = setUp({ blockCount: 1, maxBlockErrors: 1 });
  const [a, b] = [scheduler.open(), scheduler.open()];
  take(a);
  clock.nowMs += 1;
  take(b);
  assertEquals(fail(b, 0), "retry");
  assertEquals(scheduler.retriedCount, 0, "it was not handed out again");
  assertEquals(finish(a, 0), "first");
});

Deno.test("a death blames the block in hand only: what was read ahead is innocent", () => {
  const { scheduler, take, die } = setUp();
  const a = scheduler.open();
  take(a, 3);
  assertEquals(die(a), { blamed: 0, requeued: 3 });
  assertEquals([0, 1, 2].map((block) => scheduler.deathsOf(block)), [1, 0, 0]);
  assertEquals(scheduler.retriedCount, 1);
});

Deno.test("the block in hand moves on as results come, and follows the order of sending", () => {
  const { scheduler, take, finish, die, clock } = setUp();
  const a = scheduler.open();
  take(a, 3);
  finish(a, 0);
  assertEquals(die(a).blamed, 1);

  const b = scheduler.open();
  const grants = scheduler.take(b, 3, { nowMs: clock.nowMs, freshComing: false });
  assertEquals(grants.map(({ block }) => block), [1, 2, 3]);
  // Inputs are read in whatever order; the worker computes them as they come.
  for (const block of [3, 1, 2]) scheduler.sent(b, block, clock.nowMs);
  assertEquals(die(b).blamed, 3);
});

Deno.test("a death with nothing sent yet, or with none known to be in hand, blames no block", () => {
  const { scheduler, clock, take } = setUp();
  const a = scheduler.open();
  scheduler.take(a, 2, { nowMs: clock.nowMs, freshComing: false });
  assertEquals(scheduler.close(a, { blame: true }), { requeued: 2 });
  const b = scheduler.open();
  assertEquals(scheduler.close(b, { blame: true, computing: 7 }), { requeued: 0 }, "it does not hold 7");
  assertEquals(scheduler.deathsOf(7), 0);
  const c = scheduler.open();
  take(c, 1);
  assertEquals(
    scheduler.close(c, { blame: true, computing: -1 }),
    { requeued: 1 },
    "its link saw it between blocks",
  );
});

Deno.test("what the link knows to be in hand goes before what the queue suggests", () => {
  const { scheduler, take } = setUp();
  const a = scheduler.open();
  take(a, 3);
  assertEquals(scheduler.close(a, { blame: true, computing: 2 }).blamed, 2);
});

Deno.test("preemption, walltime and lost connections blame no block but count as losses", () => {
  const { scheduler, take } = setUp({ maxWorkerLosses: 2, maxBlockLosses: 1 });
  for (let loss = 1; loss <= 3; loss++) {
    const a = scheduler.open();
    take(a, 1);
    const verdict = scheduler.close(a, { blame: false });
    assertEquals(verdict, loss < 3 ? { requeued: 1 } : { requeued: 1, fatal: "worker losses" });
  }
  assertEquals(scheduler.deathsOf(0), 0);
  assert(!scheduler.hasSuspects);
});

Deno.test("a block at its limit of losses runs once more, alone on a fresh worker, before it is a killer", () => {
  const { scheduler, take, finish, die } = setUp({ maxBlockLosses: 2 });
  const busy = scheduler.open();
  take(busy, 1); // block 0
  for (let loss = 1; loss <= 2; loss++) {
    const a = scheduler.open();
    assertEquals(take(a, 1), [1]);
    assertEquals(die(a).blamed, 1);
  }
  assert(scheduler.hasSuspects);
  finish(busy, 0);
  assertEquals(take(busy, 1, true), [2], "a fresh worker is to come");
  const fresh = scheduler.open();
  assertEquals(take(fresh, 5), [1], "alone, whatever the capacity");
  assertEquals(take(fresh, 5), [], "nor anything while it runs");
  assert(!scheduler.hasSuspects);
  assertEquals(die(fresh), { blamed: 1, fatal: "killer", requeued: 0 });
  assertEquals(scheduler.deathsOf(1), 3);
});

Deno.test("a suspect waits for a fresh session that is there but not ready, and else for an idle one", () => {
  const { scheduler, take, finish, die } = setUp({ maxBlockLosses: 1, blockCount: 3 });
  const old = scheduler.open();
  take(old, 1);
  const a = scheduler.open();
  take(a, 1);
  die(a);
  assert(scheduler.hasSuspects);
  finish(old, 0);
  const fresh = scheduler.open();
  assertEquals(take(old, 1, false), [2], "the fresh one is there, though it has not asked");
  finish(old, 2);
  assertEquals(take(old, 1, false), []);
  scheduler.close(fresh);
  assertEquals(take(old, 1, true), [], "another is under way");
  assertEquals(take(old, 1, false), [1], "nobody fresh is to come");
});

Deno.test("a session that holds blocks never gets a suspect beside them", () => {
  const { scheduler, take, die } = setUp({ maxBlockLosses: 1 });
  const old = scheduler.open();
  take(old, 1);
  const a = scheduler.open();
  take(a, 1);
  die(a);
  assertEquals(take(old, 3), [2, 3]);
  assert(scheduler.hasSuspects);
});

Deno.test("an innocent suspect is done when it survives, and its session works on", () => {
  const { scheduler, take, finish, die } = setUp({ maxBlockLosses: 1, blockCount: 3 });
  const a = scheduler.open();
  take(a, 1);
  die(a);
  const b = scheduler.open();
  assertEquals(take(b, 2), [0]);
  assertEquals(finish(b, 0), "first");
  assertEquals(take(b, 2), [1, 2]);
});

Deno.test("a suspect whose worker goes without blame stays a suspect", () => {
  const { scheduler, take, die } = setUp({ maxBlockLosses: 1 });
  const a = scheduler.open();
  take(a, 1);
  die(a);
  const b = scheduler.open();
  assertEquals(take(b, 1), [0]);
  assertEquals(scheduler.close(b, { blame: false }), { requeued: 1 });
  const c = scheduler.open();
  assertEquals(take(c, 5), [0]);
  scheduler.giveBack(c, [0]);
  assert(scheduler.hasSuspects, "also when its worker hands it back");
  scheduler.close(c);
  const d = scheduler.open();
  assertEquals(take(d, 5), [0]);
  scheduler.close(d);
  assert(scheduler.hasSuspects, "also when its session is replaced");
});

Deno.test("with maxBlockLosses 0 the first death makes a suspect, never a killer", () => {
  const { scheduler, take, die } = setUp({ maxBlockLosses: 0 });
  const a = scheduler.open();
  take(a, 1);
  assertEquals(die(a), { blamed: 0, requeued: 1 });
  const b = scheduler.open();
  assertEquals(take(b, 9), [0]);
  assertEquals(die(b).fatal, "killer");
});

Deno.test("worker losses are counted since a block was last done", () => {
  const { scheduler, take, finish, die } = setUp({ maxWorkerLosses: 2, maxBlockLosses: 99 });
  const lose = () => {
    const id = scheduler.open();
    take(id, 1);
    return die(id).fatal;
  };
  assertEquals([lose(), lose()], [undefined, undefined]);
  const a = scheduler.open();
  take(a, 1);
  finish(a, 0);
  assertEquals([lose(), lose(), lose()], [undefined, undefined, "worker losses"]);
});

Deno.test("a worker that ends before it connects counts among the losses", () => {
  const { scheduler } = setUp({ maxWorkerLosses: 1 });
  assertEquals([scheduler.countLoss(), scheduler.countLoss()], [false, true]);
});

Deno.test("copies run at the end: of the block begun first, once it is older than usual, and no second one", () => {
  const { scheduler, take, finish, clock } = setUp({ blockCount: 3, workers: 3 });
  const [a, b, c, d] = [scheduler.open(), scheduler.open(), scheduler.open(), scheduler.open()];
  take(a, 1);
  clock.nowMs += 5;
  take(b, 1);
  take(c, 1);
  clock.nowMs += 40;
  finish(c, 2, { elapsedMs: 100 });
  assertEquals(take(c, 1), [], "none is older than the median of 100 ms");
  clock.nowMs += 60;
  assertEquals(take(c, 4), [0], "one copy, whatever the capacity");
  clock.nowMs += 10;
  assertEquals(take(d, 4), [1]);
  finish(b, 1);
  assertEquals(take(b, 1), [], "0 has its copy");
});

Deno.test("no copies while blocks wait, unless one is older than 60 s and ten times the median", () => {
  const { scheduler, take, finish, clock } = setUp({ blockCount: 100 });
  const [a, b] = [scheduler.open(), scheduler.open()];
  take(a, 1);
  clock.nowMs += OVERDUE_MS;
  assertEquals(take(b, 1), [1], "not older than 60 s");
  finish(b, 1, { elapsedMs: 10 });
  clock.nowMs += 1001;
  assertEquals(take(b, 2), [0, 2], "overdue: a copy, and then the next block");
  finish(b, 0);
  assertEquals(finish(a, 0), "duplicate");
});

Deno.test("where blocks are slow, overdue means ten times the median", () => {
  const { scheduler, take, finish, clock } = setUp({ blockCount: 100 });
  const [a, b] = [scheduler.open(), scheduler.open()];
  take(b, 1);
  finish(b, 0, { elapsedMs: 20_000 });
  take(a, 1);
  clock.nowMs += 199_000;
  assertEquals(take(b, 1), [2]);
  finish(b, 2, { elapsedMs: 20_000 });
  clock.nowMs += 2000;
  assertEquals(take(b, 1), [1]);
});

Deno.test("with copies off an idle session gets none, neither at the end nor of what is overdue", () => {
  const { scheduler, take, clock } = setUp({ blockCount: 1, copies: false });
  const [a, b] = [scheduler.open(), scheduler.open()];
  take(a, 1);
  clock.nowMs += 10 * OVERDUE_MS;
  assertEquals(take(b, 1), []);
});

Deno.test("a suspect that runs alone is never copied", () => {
  const { scheduler, take, die, clock } = setUp({ blockCount: 1, maxBlockLosses: 1 });
  const a = scheduler.open();
  take(a, 1);
  die(a);
  const [b, c] = [scheduler.open(), scheduler.open()];
  assertEquals(take(b, 1), [0]);
  clock.nowMs += 10 * OVERDUE_MS;
  assertEquals(take(c, 1), []);
});

Deno.test("a block with a copy is not handed out again when one of its holders dies", () => {
  const { scheduler, take, finish, die, clock } = setUp({ blockCount: 1 });
  const [a, b] = [scheduler.open(), scheduler.open()];
  take(a, 1);
  clock.nowMs += 1;
  take(b, 1);
  assertEquals(die(a), { blamed: 0, requeued: 0 });
  assertEquals(scheduler.retriedCount, 0);
  assertEquals(finish(b, 0), "first");
});

Deno.test("towards the end no worker reads ahead, so that every worker has something to do", () => {
  const { scheduler, take } = setUp({ blockCount: 4, workers: 3 });
  const [a, b, c] = [scheduler.open(), scheduler.open(), scheduler.open()];
  assertEquals(take(a, 2), [0, 1]);
  assertEquals(take(b, 2), [2]);
  assertEquals(take(c, 2), [3]);

  const few = setUp({ blockCount: 2, workers: 2 });
  const [d, e] = [few.scheduler.open(), few.scheduler.open()];
  assertEquals(few.take(d, 8), [0]);
  assertEquals(few.take(e, 8), [1]);
});

Deno.test("an idle session gets half of what waits in another's queue, and its holder is named to be told", () => {
  const { scheduler, take, finish, clock } = setUp({ blockCount: 6 });
  const [a, b] = [scheduler.open(), scheduler.open()];
  take(a, 6);
  const grants = scheduler.take(b, 2, { nowMs: clock.nowMs, freshComing: false });
  assertEquals(grants, [
    { block: 4, attempt: 2, takenFrom: a },
    { block: 5, attempt: 2, takenFrom: a },
  ], "what would be begun last");
  for (const { block } of grants) scheduler.sent(b, block, clock.nowMs);
  scheduler.giveBack(a, [4, 5]);
  assertEquals(scheduler.heldCount(a), 4);
  assertEquals([finish(b, 4), finish(b, 5)], ["first", "first"]);
  const [next] = scheduler.take(b, 1, { nowMs: clock.nowMs, freshComing: false });
  assertEquals([next?.block, next?.takenFrom], [3, a]);
});

Deno.test("without copies a session is asked for half of what waits, again only after its answer", () => {
  const { scheduler, take, finish } = setUp({ blockCount: 6, copies: false });
  const [a, b] = [scheduler.open(), scheduler.open()];
  take(a, 5);
  assertEquals(scheduler.blocksToRelease(b), undefined, "block 5 is still to be had");
  assertEquals(take(b, 1), [5]);
  const c = scheduler.open();
  assertEquals(scheduler.blocksToRelease(c), { session: a, blocks: [3, 4] });
  assertEquals(scheduler.blocksToRelease(c), undefined, "not answered yet");
  scheduler.giveBack(a, [4]);
  assertEquals(take(c, 3), [4], "3 was begun in the meantime, or is not to be had");
  assertEquals(scheduler.heldCount(a), 4);
  assertEquals(scheduler.blocksToRelease(99), { session: a, blocks: [2, 3] });
  scheduler.giveBack(a, []);
  assertEquals(
    scheduler.blocksToRelease(99),
    undefined,
    "it has nothing to give: asking again would be for ever",
  );
  finish(a, 0);
  assertEquals(scheduler.blocksToRelease(99)?.session, a);
});

Deno.test("giving back what one does not hold, or what is done, changes nothing", () => {
  const { scheduler, take, finish, clock } = setUp({ blockCount: 2 });
  const [a, b] = [scheduler.open(), scheduler.open()];
  take(a, 2);
  scheduler.giveBack(a, [7]);
  scheduler.giveBack(b, [1]);
  assertEquals(scheduler.heldCount(a), 2);
  clock.nowMs += 1;
  assertEquals(take(b, 1), [1]);
  finish(b, 1);
  scheduler.giveBack(a, [1]);
  finish(a, 0);
  assert(scheduler.complete);
});

Deno.test("blocks of an earlier run are done from the start and never handed out", () => {
  const { scheduler, take, finish } = setUp({ blockCount: 5, done: [0, 3, 3, 99] });
  assertEquals([scheduler.doneCount, scheduler.resumedCount], [2, 2]);
  const a = scheduler.open();
  assertEquals(take(a, 9), [1, 2, 4]);
  for (const block of [1, 2, 4]) finish(a, block);
  assert(scheduler.complete);
  assert(setUp({ blockCount: 0 }).scheduler.complete);
  assert(setUp({ blockCount: 2, done: [0, 1] }).scheduler.complete);
});

Deno.test("a worker of two threads has two blocks in hand", () => {
  const { scheduler, clock } = setUp({ blockCount: 4 });
  const a = scheduler.open(2);
  for (const { block } of scheduler.take(a, 4, { nowMs: clock.nowMs, freshComing: false })) {
    scheduler.sent(a, block, clock.nowMs);
  }
  const b = scheduler.open();
  const grants = scheduler.take(b, 4, { nowMs: clock.nowMs + 1, freshComing: false });
  assertEquals(grants.map(({ block }) => block), [3], "half of the two that wait");
});
