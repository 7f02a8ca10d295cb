import { assertEquals, assertThrows } from "@std/assert";
import { BlockfleetError } from "../../core/errors.ts";
import { MergedArgs } from "../../core/merged_args.ts";

Deno.test("blocks are merged in their order, whatever order they come in", () => {
  const seen: unknown[] = [];
  const merged = new MergedArgs({ sum: 0 }, (total, block) => {
    seen.push(block);
    (total as { sum: number }).sum += block as number;
  });
  for (const block of [3, 1, 0, 4, 2]) {
    merged.add(block, block * 10);
    if (block === 1) assertEquals(seen, [], "block 0 is missing");
    if (block === 0) assertEquals(seen, [0, 10]);
  }
  assertEquals(seen, [0, 10, 20, 30, 40]);
  assertEquals(merged.total, { sum: 100 });
});

Deno.test("a merge may change the total or give a new one, and 0 and empty are totals", () => {
  const merged = new MergedArgs(1, (total, block) => (total as number) * (block as number));
  merged.add(0, 0);
  assertEquals(merged.total, 0);
  merged.add(1, 5);
  assertEquals(merged.total, 0);
});

Deno.test("a merge that throws, or is async, is an error that names the block", () => {
  const throwing = new MergedArgs(0, () => {
    throw new RangeError("too much");
  });
  assertThrows(() => throwing.add(0, 1), BlockfleetError, "mergeOtherArgs failed for block 0: too much");
  const waiting = new MergedArgs(0, () => Promise.resolve(1));
  assertThrows(() => waiting.add(0, 1), BlockfleetError, "must not be async");
});
