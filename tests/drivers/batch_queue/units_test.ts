import { assertEquals } from "@std/assert";
import { formatClock, parseClock, parseMemory, parseWalltime } from "../../../drivers/batch_queue/units.ts";

Deno.test("a walltime may be a clock, a number with its unit, or seconds", () => {
  const given = ["02:00:00", "1-12:30:00", "100:00:00", "90s", "30m", "2h", "1d", 60];
  assertEquals(given.map(parseWalltime), [7200, 131_400, 360_000, 90, 1800, 7200, 86_400, 60]);
});

Deno.test("a walltime that could be read in two ways is none", () => {
  assertEquals(["01:30", "90", "", "soon", "0m", 0, 1.5, -1].map(parseWalltime), Array(8).fill(undefined));
});

Deno.test("clocks of squeue and qstat are read, and words in their place are not", () => {
  const given = ["59:57", "1:00:00", "2-03:04:05", "00:00:00", "UNLIMITED", "NOT_SET", "INVALID", ""];
  assertEquals(given.map(parseClock), [3597, 3600, 183_845, 0, undefined, undefined, undefined, undefined]);
});

Deno.test("a clock is written with as many hours as it takes", () => {
  assertEquals([59, 3600, 95_400, 400_000].map(formatClock), [
    "00:00:59",
    "01:00:00",
    "26:30:00",
    "111:06:40",
  ]);
});

Deno.test("memory needs its unit, and is rounded up to whole MiB", () => {
  const given = ["500M", "4G", "4GB", "4GiB", "1.5g", "1T", "100K", "4096", "0G", "much"];
  assertEquals(given.map(parseMemory), [
    ...[500, 4096, 4096, 4096, 1536, 1_048_576, 1],
    ...[undefined, undefined, undefined],
  ]);
});
