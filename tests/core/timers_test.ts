import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { IntervalLog, TIMER_NAMES, Timers } from "../../core/timers.ts";

Deno.test("the report at level 0 gives the wall clock and totals, in RIOS's order and nothing unused", () => {
  const timers = new Timers();
  timers.add("writing", 0.5);
  timers.add("reading", 1.25);
  timers.add("reading", 0.75);
  timers.add("walltime", 3.04);
  assertEquals(
    timers.formatReport(),
    `Wall clock elapsed time: 3.0 seconds

Timer                    Total (sec)
------------------------------------
reading                        2.000
writing                        0.500`,
  );
});

Deno.test("the report at level 1 adds N, min, lower, median, upper and max", () => {
  const timers = new Timers();
  for (const seconds of [0.1, 0.2, 0.3, 0.4, 0.5]) timers.add("userfunction", seconds);
  assertEquals(
    timers.formatReport(1),
    `Wall clock elapsed time: 0.0 seconds

Timer                    Total (sec)
------------------------------------
userfunction                   1.500

Timer                            N       Min     Lower    Median     Upper       Max
------------------------------------------------------------------------------------
userfunction                     5    0.1000    0.2000    0.3000    0.4000    0.5000`,
  );
});

Deno.test("a run without any interval has a report all the same", () => {
  assertEquals(new Timers().formatReport(1).split("\n")[0], "Wall clock elapsed time: 0.0 seconds");
  assertEquals(new Timers().statistics().size, 0);
});

Deno.test("quartiles lie between neighbours where they must", () => {
  const timers = new Timers();
  for (const seconds of [4, 1, 3, 2]) timers.add("reading", seconds);
  assertEquals(timers.statistics().get("reading"), {
    count: 4,
    total: 10,
    min: 1,
    lower: 1.75,
    median: 2.5,
    upper: 3.25,
    max: 4,
  });
});

Deno.test("a hundred thousand intervals keep exact totals and extremes, and quartiles near the truth", () => {
  const timers = new Timers();
  for (let i = 0; i < 100_000; i++) timers.add("writing", (i * 7919 % 100_000) / 100_000);
  const { count, total, min, max, lower, median, upper } = timers.statistics().get("writing")!;
  assertEquals([count, min, max], [100_000, 0, 0.99999]);
  assertAlmostEquals(total, 49_999.5, 1e-6);
  // Ten standard errors of a sample of 1024.
  for (const [found, truth] of [[lower, 0.25], [median, 0.5], [upper, 0.75]] as const) {
    assertAlmostEquals(found, truth, 0.16);
  }
});

Deno.test("an interval is counted when it is over, sync or async, thrown or not, and its value comes through", async () => {
  const timers = new Timers();
  assertEquals(timers.interval("reading", () => 7), 7);
  assertEquals(await timers.interval("reading", () => Promise.resolve(8)), 8);
  assertThrows(() =>
    timers.interval("reading", () => {
      throw new RangeError("no");
    }), RangeError);
  await assertRejects(
    () => timers.interval("reading", () => Promise.reject(new RangeError("no"))),
    RangeError,
  );
  assertEquals(timers.statistics().get("reading")!.count, 4);
});

Deno.test("a worker's intervals travel once, are merged, and may count under another name", () => {
  const log = new IntervalLog();
  log.add("insert_computebuffer", 0.5);
  log.interval("userfunction", () => {});
  const sent = structuredClone(log.drain());
  assertEquals(log.drain(), []);
  const timers = new Timers();
  timers.add("userfunction", 1);
  timers.addAll(sent, { insert_computebuffer: "insert_readbuffer" });
  const statistics = timers.statistics();
  assertEquals([...statistics.keys()], ["userfunction", "insert_readbuffer"]);
  assertEquals(statistics.get("userfunction")!.count, 2);
  assertEquals(statistics.get("insert_readbuffer")!.total, 0.5);
});

Deno.test("timers of a program's own are reported behind RIOS's", () => {
  const timers = new Timers();
  timers.interval("my own", () => {});
  timers.add("reading", 1);
  assertEquals([...timers.statistics().keys()], ["reading", "my own"]);
  assert(timers.formatReport(1).includes("my own"));
});

Deno.test("intervals that can't be are left out, whatever a worker sends", () => {
  const timers = new Timers();
  timers.addAll([99, 1, -1, 1, 0, -1, 0, NaN, 0.5, 1, 0, 2, 1]);
  assertEquals([...timers.statistics()].map(([name, { total }]) => [name, total]), [["reading", 2]]);
  assert(TIMER_NAMES[0] === "reading");
});
