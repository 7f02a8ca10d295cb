/** When a second signal is another wish, and when it is the same. */
import { assertEquals } from "@std/assert";
import { isSameWish } from "../../cli/interruptible.ts";
import type { EndingSignal } from "../../cli/exit_status.ts";

const repeats = (first: EndingSignal, later: EndingSignal, afterMs: number) =>
  isSameWish({ signal: first, atMs: 1000 }, { signal: later, atMs: 1000 + afterMs });

Deno.test("a SIGTERM that a batch system sends to a job and to its shell is one wish for five seconds", () => {
  assertEquals([0, 4999, 5000].map((ms) => repeats("SIGTERM", "SIGTERM", ms)), [true, true, false]);
  assertEquals([repeats("SIGHUP", "SIGHUP", 10), repeats("SIGHUP", "SIGTERM", 10)], [true, true]);
});

Deno.test("a second Ctrl-C is always another wish, and so is one beside another signal", () => {
  assertEquals(repeats("SIGINT", "SIGINT", 1), false);
  assertEquals([repeats("SIGTERM", "SIGINT", 1), repeats("SIGINT", "SIGTERM", 1)], [false, false]);
});
