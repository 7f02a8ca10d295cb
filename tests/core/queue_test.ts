import { assertEquals } from "@std/assert";
import { MessageQueue } from "../../core/message_queue.ts";
import { RecentTimes } from "../../core/recent_times.ts";
import { RequeuedBlocks } from "../../core/requeued_blocks.ts";
import { seededRandom } from "../raster/seeded_random.ts";

Deno.test("messages come out in order, those that are there before those that are waited for", async () => {
  const queue = new MessageQueue<number>();
  queue.push(1);
  queue.push(2);
  assertEquals([queue.poll(), await queue.receive(), queue.poll()], [1, 2, undefined]);
  const next = queue.receive();
  queue.push(3);
  queue.push(4);
  assertEquals([await next, await queue.receive()], [3, 4]);
});

Deno.test("a closed queue gives what is left, then nothing, and takes nothing more", async () => {
  const queue = new MessageQueue<string>();
  queue.push("a");
  queue.close();
  queue.push("b");
  assertEquals([await queue.receive(), await queue.receive(), queue.poll()], ["a", undefined, undefined]);
  const waiting = new MessageQueue<string>();
  const next = waiting.receive();
  waiting.close();
  assertEquals(await next, undefined);
});

Deno.test("a queue that never runs empty keeps its order", () => {
  const random = seededRandom(5);
  const queue = new MessageQueue<number>();
  let pushed = 0;
  let polled = 0;
  while (polled < 20_000) {
    if (pushed - polled < 3 || pushed - polled < 50 && random() < 0.5) queue.push(pushed++);
    else assertEquals(queue.poll(), polled++);
  }
});

Deno.test("blocks that wait again come out lowest first", () => {
  const random = seededRandom(9);
  const blocks = new RequeuedBlocks();
  const added = Array.from({ length: 200 }, () => Math.floor(random() * 1000));
  for (const block of added) blocks.add(block);
  assertEquals(added.map(() => blocks.shift()), added.toSorted((a, b) => a - b));
  assertEquals(blocks.shift(), undefined);
});

Deno.test("the usual time is the median of the last 128, and 0 before there is any", () => {
  const times = new RecentTimes();
  assertEquals(times.median(), 0);
  times.add(30);
  assertEquals(times.median(), 30);
  for (const ms of [10, 20]) times.add(ms);
  assertEquals(times.median(), 20);
  for (let i = 0; i < 128; i++) times.add(5);
  assertEquals(times.median(), 5, "the first ones are forgotten");
});
