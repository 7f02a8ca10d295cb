/**
 * What runs with a driver's workers must do while all goes well, or ends by the user's own doing.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AbortedError, ConfigError, WorkerError } from "../../core/errors.ts";
import { CW_NONE } from "../../core/kinds.ts";
import { mapBlocks } from "../../core/map_blocks.ts";
import { collectBlocks } from "./collect_blocks.ts";
import type { ContractCase } from "./contract_case.ts";

const MERGING_MODULE = `data:text/javascript,${
  encodeURIComponent(`
    export default (n, args) => { args.sum += n; args.order.push(n); };
    export const mergeOtherArgs = (total, { sum, order }) => { total.sum += sum; total.order.push(...order); };
  `)
}`;

/** The cases. */
export const RUN_CASES: readonly ContractCase[] = [
  {
    name: "every block comes back once, with its result, typed arrays too",
    async run({ style }) {
      const blocks = Array.from({ length: 60 }, (_, n) => ({ n, pixels: Uint16Array.of(n, 65535 - n) }));
      const { results, summary } = await collectBlocks({
        userFunction: ({ n, pixels }: { n: number; pixels: Uint16Array }) => ({
          square: n * n,
          sum: Float64Array.from(pixels, (pixel) => pixel / 2),
        }),
        blocks,
        concurrency: style(),
      });
      assertEquals(results.size, 60);
      for (const { n, pixels } of blocks) {
        assertEquals(results.get(n), { square: n * n, sum: Float64Array.from(pixels, (pixel) => pixel / 2) });
      }
      assertEquals([summary.blocks.done, summary.workers.lost], [60, 0]);
    },
  },
  {
    name: "no more workers are started than there are blocks, and none for none",
    async run({ driver, style }) {
      const numComputeWorkers = driver.kind === CW_NONE ? 0 : 3;
      for (const blocks of [[], [1]]) {
        const concurrency = style({ numComputeWorkers });
        const { results, summary } = await collectBlocks({
          userFunction: (n: number) => n,
          blocks,
          concurrency,
          onNotice: () => {},
        });
        assertEquals([results.size, summary.workers.started], [blocks.length, blocks.length]);
      }
    },
  },
  {
    name: "single-block workers compute one block each, and their ends are no losses",
    needs: ({ supportsSingleBlock }) => supportsSingleBlock ? undefined : "it is no batch queue",
    async run({ style }) {
      const { results, summary } = await collectBlocks({
        userFunction: (n: number) => n,
        blocks: [1, 2, 3],
        concurrency: style({ numComputeWorkers: 0, singleBlockComputeWorkers: true }),
        onNotice: () => {},
      });
      const { started, lost } = summary.workers;
      assertEquals([results.size, started, lost], [3, 3, 0]);
    },
  },
  {
    name: "an asynchronous user function is waited for",
    async run({ style }) {
      const { results } = await collectBlocks({
        userFunction: async (n: number) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          return -n;
        },
        blocks: [1, 2, 3],
        concurrency: style(),
      });
      assertEquals([...results.values()].map(Number).sort((a, b) => b - a), [-1, -2, -3]);
    },
  },
  {
    name: "each worker has its own copy of other args, and all of them come back",
    async run({ style }) {
      const otherArgs = { seen: [] as number[] };
      const { summary } = await collectBlocks({
        userFunction: (n: number, args: typeof otherArgs) => args.seen.push(n),
        blocks: Array.from({ length: 20 }, (_, n) => n),
        otherArgs,
        concurrency: style(),
      });
      assertEquals(otherArgs.seen, []);
      const seen = (summary.otherArgsList as (typeof otherArgs)[]).flatMap(({ seen }) => seen);
      assertEquals(seen.sort((a, b) => a - b), Array.from({ length: 20 }, (_, n) => n));
    },
  },
  {
    name: "other args that the user's module merges are merged once a block",
    async run({ style }) {
      const { summary } = await collectBlocks({
        userFunction: MERGING_MODULE,
        blocks: Array.from({ length: 30 }, (_, n) => n),
        otherArgs: { sum: 0, order: [] },
        concurrency: style(),
      });
      assertEquals(summary.otherArgsList, [{ sum: 435, order: Array.from({ length: 30 }, (_, n) => n) }]);
    },
  },
  {
    name:
      "an error of the user function names worker, block and place, brings its stack, and leaves nothing behind",
    async run({ style }) {
      const error = await assertRejects(
        () =>
          collectBlocks({
            userFunction: (n: number) => {
              if (n === 5) throw new RangeError("n must not be 5");
              return n;
            },
            blocks: Array.from({ length: 10 }, (_, n) => n),
            concurrency: style(),
          }),
        WorkerError,
      );
      assertMatch(
        error.message,
        /^The user function failed in block 5 on worker \d.*: RangeError: n must not be 5/,
      );
      assertEquals(error.context.block, "block 5");
      assertEquals(typeof error.context.worker, "number");
      assertMatch(error.context.remoteStack ?? "", /RangeError: n must not be 5\s+at /);
    },
  },
  {
    name: "a user function that can't be loaded is an error before any block",
    async run({ style }) {
      const userFunction = `data:text/javascript,${encodeURIComponent("export const x = 1;")}`;
      await assertRejects(
        () => collectBlocks({ userFunction, blocks: [1], concurrency: style() }),
        ConfigError,
      );
    },
  },
  {
    name: "an abort ends the run, and no block is computed for it any more",
    async run({ style }) {
      const controller = new AbortController();
      const results = mapBlocks({
        userFunction: async (n: number) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return n;
        },
        blocks: Array.from({ length: 10_000 }, (_, n) => n),
        concurrency: style(),
        signal: controller.signal,
      });
      let taken = 0;
      await assertRejects(
        async () => {
          for await (const _ of results) {
            taken++;
            controller.abort(new Error("enough"));
          }
        },
        AbortedError,
        "enough",
      );
      assert(taken < 10_000);
    },
  },
  {
    name: "leaving the loop early ends the run",
    async run({ style }) {
      const results = mapBlocks({
        userFunction: (n: number) => n,
        blocks: Array.from({ length: 1000 }, (_, n) => n),
        concurrency: style(),
      });
      for await (const _ of results) break;
      assertEquals(await results.next(), { done: true, value: undefined });
    },
  },
];
