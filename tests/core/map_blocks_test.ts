import { assert, assertEquals, assertRejects } from "@std/assert";
import { BlockfleetError, ConfigError, WorkerError } from "../../core/errors.ts";
import { CW_NONE, CW_THREADS } from "../../core/kinds.ts";
import { mapBlocks } from "../../core/map_blocks.ts";
import { collectBlocks } from "../contract/collect_blocks.ts";
import { tempFolder } from "../gdal.ts";
import { seededRandom } from "../raster/seeded_random.ts";

const twoThreads = { computeWorkerKind: CW_THREADS, numComputeWorkers: 2 };
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A module that counts how often each block was computed, by files, and merges sums. */
const MERGING_MODULE = `
export default ({ n, folder, kills }, args) => {
  args.sum += 2 ** n;
  args.calls.push(n);
  if (!folder) return;
  const attempt = [...Deno.readDirSync(folder)].filter(({ name }) => name.startsWith(n + "_")).length;
  Deno.mkdirSync(folder + "/" + n + "_" + attempt + "_" + crypto.randomUUID());
  if (attempt < kills) Deno.exit(1);
};
export function mergeOtherArgs(total, { sum, calls }) {
  total.sum += sum;
  total.calls.push(...calls);
}
`;

Deno.test("options that can't work are refused before anything starts", async () => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ blocks: "abc" }, "blocks must be a list"],
    [{ userFunction: "./nowhere.ts" }, "no such file"],
    [{ otherArgs: { f: () => 1 } }, "otherArgs.f is a function"],
    [{ concurrency: { numComputeWorkers: 2 } }, "CW_NONE has no compute workers"],
    [{ concurrency: { computeWorkerKind: "CW_NOWHERE" } }, "There is no kind"],
  ];
  for (const [options, message] of wrong) {
    const run = mapBlocks({ userFunction: (n: number) => n, blocks: [1], ...options } as never);
    await assertRejects(() => run.next(), ConfigError, message);
  }
});

for (const kind of [CW_NONE, CW_THREADS]) {
  const concurrency = { computeWorkerKind: kind, numComputeWorkers: kind === CW_NONE ? 0 : 2 };

  Deno.test(`${kind}: a block or a result that can't be sent is an error with the path to it`, async () => {
    const blocks = [1, { deep: [() => 1] }];
    await assertRejects(
      () => collectBlocks({ userFunction: (n: unknown) => n, blocks, concurrency }),
      ConfigError,
      "blocks[1].deep[0] is a function",
    );
    await assertRejects(
      () => collectBlocks({ userFunction: () => ({ made: new Error("x") }), blocks: [1], concurrency }),
      WorkerError,
      "the user function's result.made is an instance of Error, which can't be sent to the manager",
    );
  });

  Deno.test(`${kind}: whatever is thrown becomes an error`, async () => {
    const thrown: [(n: number) => unknown, string][] = [
      [() => {
        throw "a string";
      }, "Error: a string"],
      [() => Promise.reject(new TypeError("rejected")), "TypeError: rejected"],
      [() => {
        throw null;
      }, "Error: null"],
      [() => {
        throw new DOMException("gone", "NotFoundError");
      }, "NotFoundError: gone"],
    ];
    for (const [userFunction, message] of thrown) {
      await assertRejects(
        () => collectBlocks({ userFunction, blocks: [1], concurrency }),
        WorkerError,
        message,
      );
    }
  });

  Deno.test(`${kind}: results that came before the error are given before it`, async () => {
    const got: number[] = [];
    const run = mapBlocks({
      userFunction: (n: number) => {
        if (n === 7) throw new Error("seven");
        return n;
      },
      blocks: numbers(8),
      concurrency,
    });
    await assertRejects(
      async () => {
        for await (const { index } of run) got.push(index);
      },
      WorkerError,
      "seven",
    );
    assertEquals(new Set(got).size, got.length);
    assert(got.length <= 7);
  });

  Deno.test(`${kind}: a slow consumer holds the workers up`, async () => {
    using folder = tempFolder();
    const blocks = numbers(60).map((n) => ({ n, folder: folder.path }));
    const workers = Math.max(1, concurrency.numComputeWorkers);
    const run = mapBlocks({
      userFunction: async ({ n, folder }: { n: number; folder: string }) => {
        Deno.writeTextFileSync(`${folder}/${n}`, "");
        await new Promise((resolve) => setTimeout(resolve, 3));
        return n;
      },
      blocks,
      concurrency: { ...concurrency, copies: false },
    });
    let taken = 0;
    let most = 0;
    for await (const _ of run) {
      taken++;
      await new Promise((resolve) => setTimeout(resolve, 15));
      most = Math.max(most, [...Deno.readDirSync(folder.path)].length - taken);
    }
    assertEquals(taken, 60);
    // Twice the workers' blocks wait as results; beside them is only what the workers hold themselves.
    assert(most <= 4 * workers, `${most} blocks were ahead of the consumer`);
  });

  Deno.test(`${kind}: other args merged by the user's module count each block once`, async () => {
    const { summary } = await collectBlocks({
      userFunction: `data:text/javascript,${encodeURIComponent(MERGING_MODULE)}`,
      blocks: numbers(40).map((n) => ({ n })),
      otherArgs: { sum: 0, calls: [] },
      concurrency,
    });
    assertEquals(summary.otherArgsList, [{ sum: 2 ** 40 - 1, calls: numbers(40) }]);
  });

  Deno.test(`${kind}: a merge that throws ends the run`, async () => {
    const module =
      "export default () => {}; export const mergeOtherArgs = () => { throw new Error('no sum'); };";
    await assertRejects(
      () =>
        collectBlocks({
          userFunction: `data:text/javascript,${encodeURIComponent(module)}`,
          blocks: [1, 2],
          otherArgs: {},
          concurrency,
        }),
      BlockfleetError,
      "mergeOtherArgs failed for block 0: no sum",
    );
  });

  Deno.test(`${kind}: the timers of the run have a user function's interval for each block`, async () => {
    const { summary } = await collectBlocks({
      userFunction: (n: number) => n,
      blocks: numbers(25),
      // A copy of a block has its interval, too.
      concurrency: { ...concurrency, copies: false },
    });
    const statistics = summary.timings.statistics();
    assertEquals(statistics.get("userfunction")?.count, 25);
    assertEquals(statistics.get("walltime")?.count, 1);
  });
}

Deno.test("two runs at once in the main thread do not disturb each other, nor Deno.exit", async () => {
  const exit = Deno.exit;
  const gate = Promise.withResolvers<void>();
  const shared = globalThis as { blockfleetGate?: Promise<void> };
  shared.blockfleetGate = gate.promise;
  try {
    const slow = collectBlocks({
      userFunction: async (n: number) => {
        await (globalThis as typeof shared).blockfleetGate;
        return n;
      },
      blocks: numbers(10),
    });
    const quick = collectBlocks({ userFunction: (n: number) => -n, blocks: numbers(10) });
    assertEquals((await quick).results.size, 10);
    assert(Deno.exit !== exit, "the slow run still has it");
    gate.resolve();
    assertEquals((await slow).results.size, 10);
    assertEquals(Deno.exit, exit);
  } finally {
    delete shared.blockfleetGate;
  }
});

Deno.test("after an error in the main thread no further block is computed", async () => {
  const seen = { count: 0 };
  (globalThis as { blockfleetSeen?: typeof seen }).blockfleetSeen = seen;
  try {
    await assertRejects(() =>
      collectBlocks({
        userFunction: () => {
          (globalThis as unknown as { blockfleetSeen: { count: number } }).blockfleetSeen.count++;
          throw new Error("at once");
        },
        blocks: numbers(10),
      }), WorkerError);
    assertEquals(seen.count, 1);
  } finally {
    delete (globalThis as { blockfleetSeen?: typeof seen }).blockfleetSeen;
  }
});

Deno.test("an abort in the main thread does not wait for an asynchronous function that hangs", async () => {
  const controller = new AbortController();
  const run = mapBlocks({
    userFunction: (n: number) => n === 1 ? new Promise<number>(() => {}) : n,
    blocks: numbers(3),
    signal: controller.signal,
    onNotice: () => {},
  });
  await run.next();
  const rest = run.next();
  controller.abort();
  await assertRejects(() => rest);
});

Deno.test("copies of slow blocks count once, in the results and in merged other args", async () => {
  using folder = tempFolder();
  const module = `
    export default async ({ n, folder }, args) => {
      args.sum += 2 ** n;
      let first = true;
      try { Deno.mkdirSync(folder + "/" + n); } catch { first = false; }
      // Whoever comes first to the last blocks takes very long; the copy does not.
      if (n >= 6 && first) await new Promise((resolve) => setTimeout(resolve, 60_000));
    };
    export function mergeOtherArgs(total, { sum }) { total.sum += sum; }
  `;
  const { summary } = await collectBlocks({
    userFunction: `data:text/javascript,${encodeURIComponent(module)}`,
    blocks: numbers(7).map((n) => ({ n, folder: folder.path })),
    otherArgs: { sum: 0 },
    concurrency: twoThreads,
  });
  assertEquals(summary.otherArgsList, [{ sum: 127 }]);
  assertEquals([summary.blocks.done, summary.blocks.retried, summary.workers.lost], [7, 0, 0]);
});

Deno.test("a reduction is exact while threads end themselves at random", async () => {
  for (const [seed, copies] of [[1, true], [2, false]] as const) {
    using folder = tempFolder();
    const random = seededRandom(seed);
    const kills = numbers(30).map(() => random() < 0.12 ? 1 : 0);
    const notices: string[] = [];
    const { summary } = await collectBlocks({
      userFunction: `data:text/javascript,${encodeURIComponent(MERGING_MODULE)}`,
      blocks: numbers(30).map((n) => ({ n, folder: folder.path, kills: kills[n]! })),
      otherArgs: { sum: 0, calls: [] },
      concurrency: { ...twoThreads, numComputeWorkers: 3, maxWorkerLosses: 100, copies },
      onNotice: (line) => notices.push(line),
    });
    assertEquals(summary.otherArgsList, [{ sum: 2 ** 30 - 1, calls: numbers(30) }]);
    const expected = kills.reduce<number>((total, kill) => total + kill, 0);
    assert(expected > 0);
    // With copies a block may be done, and the run over, before it is seen that a thread died of it; or two die of it.
    if (!copies) assertEquals(summary.workers.lost, expected);
    assertEquals(notices.filter((line) => line.includes("was lost")).length, summary.workers.lost);
  }
});

Deno.test("every worker's other args come back, however short the run", async () => {
  for (let round = 0; round < 25; round++) {
    const { summary } = await collectBlocks({
      userFunction: (_: number, args: { n: number }) => void args.n++,
      blocks: numbers(8),
      otherArgs: { n: 0 },
      concurrency: twoThreads,
      onNotice: (line) => {
        throw new Error(line);
      },
    });
    const total = (summary.otherArgsList as { n: number }[]).reduce((sum, { n }) => sum + n, 0);
    assertEquals(total, 8, `round ${round}`);
  }
});

Deno.test("computeBufferInsertTimeout: a consumer that does not come back", async () => {
  const run = mapBlocks({
    userFunction: (n: number) => n,
    blocks: numbers(50),
    concurrency: { ...twoThreads, computeBufferInsertTimeout: 0.3 },
  });
  await run.next();
  await new Promise((resolve) => setTimeout(resolve, 1000)); // that is the consumer's time, not ours
  await assertRejects(
    async () => {
      for await (const _ of run);
    },
    BlockfleetError,
    "computeBufferInsertTimeout",
  );
});
