import { assert, assertEquals } from "@std/assert";
import type { ManagerLink } from "../../core/driver.ts";
import { MessageQueue } from "../../core/message_queue.ts";
import type { FromWorker, ToWorker } from "../../core/messages.ts";
import { headerOnly } from "../../core/payload.ts";
import { runComputeLoop } from "../../core/worker/compute_loop.ts";

/** Computes blocks that take so long each, milliseconds; what the worker said, and when. */
async function compute(
  blockMs: readonly number[],
  readAhead = 0,
): Promise<{ message: FromWorker; atMs: number }[]> {
  const incoming = new MessageQueue<ToWorker>();
  const said: { message: FromWorker; atMs: number }[] = [];
  const link: ManagerLink = {
    send: (message) => void said.push({ message, atMs: performance.now() }),
    receive: () => incoming.receive(),
    closed: false,
    computing: () => {},
  };
  const items = blockMs.map((_, block) => ({ block, attempt: 1 }));
  const job = headerOnly(undefined);
  incoming.push({ type: "init", init: { worker: 0, session: 1, processor: "test", job } });
  incoming.push({ type: "assign", items });
  incoming.push({ type: "end" });
  await runComputeLoop(link, {
    test: () =>
      Promise.resolve(() =>
        Promise.resolve({
          readAhead,
          read: () => undefined,
          async compute(block: number) {
            const ms = blockMs[block]!;
            if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
            return headerOnly(block);
          },
          finish: () => headerOnly(undefined),
          close: () => Promise.resolve(),
        })
      ),
  });
  return said;
}

function resultsOf(said: readonly { message: FromWorker; atMs: number }[]): number[][] {
  return said.flatMap(({ message }) =>
    message.type === "results" ? [message.items.map(({ block }) => block)] : []
  );
}

Deno.test("the results of small blocks share messages", async () => {
  const frames = resultsOf(await compute(Array.from({ length: 2000 }, () => 0)));
  assertEquals(frames.flat(), Array.from({ length: 2000 }, (_, block) => block));
  assert(frames.length < 500, `${frames.length} messages for 2000 blocks`);
});

Deno.test("the result of a block that takes its time does not wait for the next one", async () => {
  const said = await compute([50, 300]);
  assertEquals(resultsOf(said), [[0], [1]]);
  const [first, second] = said.filter(({ message }) => message.type === "results");
  assert(second!.atMs - first!.atMs > 200, "the first one left at once");
});

Deno.test("the time of a block that was read ahead does not count its wait for those before it", async () => {
  const startMs = performance.now();
  const said = await compute([30, 30, 30, 30, 30, 30], 2);
  const wholeMs = performance.now() - startMs;
  const items = said.flatMap(({ message }) => message.type === "results" ? message.items : []);
  assertEquals(items.length, 6);
  const sumMs = items.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  assert(sumMs <= wholeMs, `the blocks took ${sumMs} ms of ${wholeMs} ms`);
  assert(items.every(({ elapsedMs }) => elapsedMs >= 25), "each counts its own");
});

Deno.test("a block that waits behind a function that waits can be taken back", async () => {
  const incoming = new MessageQueue<ToWorker>();
  const released = Promise.withResolvers<readonly number[]>();
  const job = headerOnly(undefined);
  incoming.push({ type: "init", init: { worker: 0, session: 1, processor: "test", job } });
  incoming.push({ type: "assign", items: [{ block: 0, attempt: 1 }, { block: 1, attempt: 1 }] });
  const computed: number[] = [];
  await runComputeLoop({
    send: (message) => message.type === "released" && released.resolve(message.blocks),
    receive: () => incoming.receive(),
    closed: false,
    computing: () => {},
  }, {
    test: () =>
      Promise.resolve(() =>
        Promise.resolve({
          readAhead: 0,
          read: () => undefined,
          async compute(block: number) {
            computed.push(block);
            incoming.push({ type: "release", blocks: [1] });
            incoming.push({ type: "end" });
            // Block 0 is done only when block 1 is given back.
            assertEquals(await released.promise, [1]);
            return headerOnly(block);
          },
          finish: () => headerOnly(undefined),
          close: () => Promise.resolve(),
        })
      ),
  });
  assertEquals(computed, [0]);
});
