import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { formatDuration, ProgressDisplay, type ProgressDisplayOptions } from "../../cli/progress_display.ts";
import { RateMeter } from "../../cli/rate_meter.ts";

function displayOn(overrides: Partial<ProgressDisplayOptions> = {}) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const display = new ProgressDisplay({
    write: (text) => written.push(text),
    isTerminal: true,
    hasColour: false,
    hasUnicode: false,
    columns: () => 80,
    nowMs: () => clock.ms,
    ...overrides,
  });
  return { display, written, clock };
}

Deno.test("a terminal gets one line, drawn anew at most ten times a second", () => {
  const { display, written, clock } = displayOn();
  for (let done = 0; done <= 1000; done++) {
    clock.ms = done * 10;
    display.update({ done, total: 1000, workers: 2 });
  }
  assertEquals(written.length <= 102, true, `${written.length} times`);
  for (const text of written) {
    assertEquals([text.startsWith("\r\x1b[K"), /[\r\n]/.test(text.slice(1))], [true, false]);
    assertEquals(text.length - "\r\x1b[K".length < 80, true, text);
  }
  assertEquals(
    written[50],
    "\r\x1b[K" + "#".repeat(16) + "-".repeat(17) + "  50%  ETA 0:05  500/1000 blocks  100 blocks/s",
  );
  assertEquals(written.at(-1), "\r\x1b[K" + "#".repeat(40) + " 100%  0:10  1000/1000 blocks");
});

Deno.test("a narrow terminal gets less, and never a line too long", () => {
  for (let columns = 1; columns < 100; columns++) {
    const { display, written, clock } = displayOn({ columns: () => columns });
    display.update({ done: 0, total: 9, workers: 1 });
    clock.ms = 1000;
    display.update({ done: 5, total: 9, workers: 1 });
    const line = written.at(-1)!.slice("\r\x1b[K".length);
    assertEquals(line.length <= Math.max(10, columns - 1), true, line);
    assertEquals(line.includes("55%"), true, line);
  }
});

Deno.test("colours and lines are used only where they are wanted", () => {
  const plain = displayOn();
  plain.display.update({ done: 1, total: 2, workers: 1 });
  // deno-lint-ignore no-control-regex -- the escape itself is looked for
  assertEquals(/\x1b\[\d+m|[^\x00-\x7f]/.test(plain.written.join("")), false);
  const rich = displayOn({ hasColour: true, hasUnicode: true });
  rich.display.update({ done: 1, total: 2, workers: 1 });
  const [on, off] = ["━".repeat(20), "─".repeat(20)];
  assertStringIncludes(rich.written.join(""), `\x1b[32m${on}\x1b[90m${off}\x1b[0m  50%`);
});

Deno.test("a notice stands above the bar, and the bar goes away at the end", () => {
  const { display, written } = displayOn();
  display.notice("first");
  display.update({ done: 1, total: 2, workers: 1 });
  const bar = written.at(-1)!.slice("\r\x1b[K".length);
  display.notice("the window is rounded up");
  display.finish();
  display.tick();
  display.notice("last");
  assertEquals(written, [
    "first\n",
    "\r\x1b[K" + bar,
    "\r\x1b[Kthe window is rounded up\n" + bar,
    "\r\x1b[K",
    "last\n",
  ]);
});

Deno.test("the clock goes on while nothing is done, and workers that are not there are said to be waited for", () => {
  const { display, written, clock } = displayOn();
  display.update({ done: 0, total: 10, workers: 0 });
  clock.ms = 65_000;
  display.tick();
  assertMatch(written.at(-1)!, / 0% {2}waiting for workers {2}1:05 {2}0\/10 blocks$/);
});

Deno.test("elsewhere there is a line for each tenth", () => {
  const { display, written, clock } = displayOn({ isTerminal: false });
  for (let done = 0; done <= 1000; done++) {
    clock.ms = done;
    display.update({ done, total: 1000, workers: 2 });
    display.tick();
  }
  display.finish();
  assertEquals(written.length, 10);
  assertEquals(written[0], "10%  0:00  100/1000 blocks\n");
  assertEquals(written.at(-1), "100%  0:01  1000/1000 blocks\n");
});

Deno.test("elsewhere a slow run gives signs of life, ever more seldom", () => {
  const { display, written, clock } = displayOn({ isTerminal: false });
  for (let done = 0; done <= 99; done++) {
    clock.ms = done * 10_000;
    display.update({ done, total: 1000, workers: 2 });
  }
  // After 10, 20, 40, ... seconds of silence.
  assertEquals(
    written.map((line) => line.slice(0, line.indexOf(" "))),
    ["0%", "0%", "0%", "1%", "3%", "6%", "9%"].slice(0, written.length),
  );
  assertEquals(written.length >= 5, true);
});

Deno.test("a run without blocks is complete", () => {
  const { display, written } = displayOn({ isTerminal: false });
  display.update({ done: 0, total: 0, workers: 0 });
  assertEquals(written, ["100%  0:00  0/0 blocks\n"]);
});

Deno.test("the rate is that of the last half minute", () => {
  const meter = new RateMeter();
  assertEquals(meter.perSecond(0), undefined);
  let done = 0;
  for (let ms = 0; ms <= 60_000; ms += 100) meter.add(ms, done++);
  for (let ms = 60_000; ms <= 120_000; ms += 1000) meter.add(ms, done++);
  const rate = meter.perSecond(120_000)!;
  assertEquals(Math.abs(rate - 1) < 0.1, true, `${rate}`);
  // And nothing at all for long makes it slower still.
  assertEquals(meter.perSecond(180_000)! < 0.5, true);
});

Deno.test("durations are for people", () => {
  assertEquals([0, 59.6, 3599, 3600, 172_800].map(formatDuration), [
    "0:00",
    "1:00",
    "59:59",
    "1:00:00",
    "2d 0h",
  ]);
});
