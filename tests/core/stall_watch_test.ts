import { assertEquals, assertThrows } from "@std/assert";
import { TimeoutExceededError } from "../../core/errors.ts";
import { StallWatch } from "../../core/stall_watch.ts";

const watchOf = (seconds?: number) => new StallWatch("queueTimeout", { seconds, waitedFor: "a worker" });

Deno.test("a timeout counts from when someone began to wait", () => {
  const watch = watchOf(2);
  watch.check(false, 0, 0);
  watch.check(true, 0, 100_000);
  watch.check(true, 0, 102_000);
  const error = assertThrows(() => watch.check(true, 0, 102_001), TimeoutExceededError);
  assertEquals([error.timeoutName, error.seconds], ["queueTimeout", 2]);
  assertEquals(
    error.message,
    "Timeout queueTimeout of 2 s ran out: waited for a worker. Raise it or leave it unset",
  );
});

Deno.test("progress starts it again, and so does a moment without waiting", () => {
  const watch = watchOf(2);
  watch.check(true, 0, 0);
  watch.check(true, 1, 1500);
  watch.check(true, 1, 3400);
  watch.check(false, 1, 3450);
  watch.check(true, 1, 3500);
  watch.check(true, 1, 5500);
  assertThrows(() => watch.check(true, 1, 5501), TimeoutExceededError);
});

Deno.test("without a limit it never runs out", () => {
  const watch = watchOf();
  watch.check(true, 0, 0);
  watch.check(true, 0, 1e15);
});
