import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Timers } from "../../core/timers.ts";
import { addUserIntervals, UserTimers } from "../../core/user_timers.ts";

Deno.test("intervals of a function's own are counted under its names, sync and async, also when it throws", async () => {
  const own = new UserTimers();
  assertEquals(own.take(), undefined);
  assertEquals(own.interval("mask", () => 5), 5);
  assertEquals(await own.interval("mask", () => Promise.resolve(6)), 6);
  assertThrows(() => own.interval("fit", () => fail()), Error, "no fit");
  await assertRejects(() => own.interval("fit", () => Promise.reject(new Error("later"))), Error, "later");
  own.add("sum", 2.5);
  const taken = own.take()!;
  assertEquals(taken.map(([name]) => name), ["mask", "mask", "fit", "fit", "sum"]);
  assertEquals(own.take(), undefined);
  const timers = new Timers();
  timers.add("userfunction", 1);
  addUserIntervals(timers, structuredClone(taken));
  assertEquals([...timers.statistics().keys()], ["userfunction", "mask", "fit", "sum"]);
  assertEquals(timers.statistics().get("sum")!.total, 2.5);
});

function fail(): never {
  throw new Error("no fit");
}

Deno.test("names of the run's own timers, and what is no name or no time, are refused", () => {
  const own = new UserTimers();
  assertThrows(() => own.interval("reading", () => 1), TypeError, "'reading' is a timer of the run itself");
  assertThrows(() => own.add("", 1), TypeError, "must be a text");
  assertThrows(() => own.add("a", -1), TypeError, "seconds of at least 0");
  assertThrows(() => own.add("a", NaN), TypeError, "seconds of at least 0");
});

Deno.test("a function that counts each pixel sends no more than a thousand intervals, whose sum is right", () => {
  const own = new UserTimers();
  for (let at = 0; at < 5000; at++) own.add("a", 1);
  const taken = own.take()!;
  assertEquals(taken.length, 1000);
  assertEquals(taken.reduce((sum, [, seconds]) => sum + seconds, 0), 5000);
});

Deno.test("whatever a worker sends as its timers, only names and times that can be are taken, and not too many", () => {
  const sent: unknown[] = [null, 5, "a", {}, [], [["a"]], [["a", -1], ["b", NaN], ["c", "1"], [1, 1], [
    "reading",
    1,
  ]]];
  for (const one of sent) {
    const timers = new Timers();
    addUserIntervals(timers, one);
    assertEquals([...timers.statistics()], []);
  }
  const timers = new Timers();
  addUserIntervals(timers, [["\u001b[31m" + "x".repeat(1000), 1]]);
  for (let at = 0; at < 1000; at++) addUserIntervals(timers, [[`name ${at}`, 1]]);
  const names = [...timers.statistics().keys()];
  assertEquals([names.length, names[0]], [100, " [31m" + "x".repeat(35)]);
});
