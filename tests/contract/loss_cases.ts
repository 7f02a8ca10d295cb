/**
 * What becomes of a run whose workers die or never come to an end.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Driver } from "../../core/driver.ts";
import { AbortedError, TimeoutExceededError, WorkerError } from "../../core/errors.ts";
import { mapBlocks } from "../../core/map_blocks.ts";
import { collectBlocks } from "./collect_blocks.ts";
import type { ContractCase, ContractTraits } from "./contract_case.ts";

const interruptible = ({ canInterrupt }: Driver): string | undefined =>
  canInterrupt ? undefined : "it computes in the main thread, which can't be ended";
const withMarker = (driver: Driver, { sharedTemp }: ContractTraits): string | undefined =>
  interruptible(driver) ?? (sharedTemp ? undefined : "its workers see no folder of this machine");
const inMainThread = ({ canInterrupt }: Driver): string | undefined =>
  canInterrupt ? "it computes outside the main thread" : undefined;

interface Dying {
  readonly n: number;
  /** A folder: who can make it dies. */
  readonly marker: string;
}

/** The cases. */
export const LOSS_CASES: readonly ContractCase[] = [
  {
    name: "an abort does not wait for a function that takes its time",
    needs: interruptible,
    async run({ style }) {
      const controller = new AbortController();
      const results = mapBlocks({
        userFunction: (n: number) => {
          const endMs = performance.now() + n;
          while (performance.now() < endMs);
          return n;
        },
        blocks: [0, 4000],
        concurrency: style(),
        signal: controller.signal,
        onNotice: () => {},
      });
      await results.next();
      const rest = results.next();
      controller.abort();
      await assertRejects(() => rest, AbortedError);
    },
  },
  {
    name: "Deno.exit() in a user function is an error of its block",
    needs: inMainThread,
    async run({ style }) {
      const exit = Deno.exit;
      await assertRejects(
        () => collectBlocks({ userFunction: () => Deno.exit(0), blocks: [1], concurrency: style() }),
        WorkerError,
        "Deno.exit()",
      );
      assertEquals(Deno.exit, exit, "it is given back");
    },
  },
  ...[
    {
      how: "Deno.exit()",
      die: ({ n, marker }: Dying) => {
        try {
          Deno.mkdirSync(marker);
        } catch {
          return n;
        }
        Deno.exit(3);
      },
    },
    {
      how: "self.close()",
      die: async ({ n, marker }: Dying) => {
        try {
          Deno.mkdirSync(marker);
        } catch {
          return n;
        }
        (self as unknown as { close(): void }).close();
        await new Promise(() => {});
        return n;
      },
    },
    {
      how: "an uncaught error outside the function",
      die: async ({ n, marker }: Dying) => {
        try {
          Deno.mkdirSync(marker);
        } catch {
          return n;
        }
        setTimeout(() => {
          throw new Error("thrown outside");
        }, 0);
        await new Promise(() => {});
        return n;
      },
    },
  ].map(({ how, die }): ContractCase => ({
    name: `a worker that ends by ${how} is lost, another takes its place, and every block is done`,
    needs: withMarker,
    async run({ style }) {
      const folder = await Deno.makeTempDir({ prefix: "blockfleet_contract_" });
      try {
        const notices: string[] = [];
        const { results, summary } = await collectBlocks({
          userFunction: die,
          // Only the first block's marker is not there already.
          blocks: Array.from(
            { length: 12 },
            (_, n): Dying => ({ n, marker: n === 0 ? `${folder}/died` : folder }),
          ),
          concurrency: style({ copies: false, workerPermissions: [`--allow-write=${folder}`] }),
          onNotice: (line) => notices.push(line),
        });
        assertEquals([...results.values()].map(Number).sort((a, b) => a - b), [...Array(12).keys()]);
        assertEquals([summary.workers.lost, summary.blocks.done], [1, 12]);
        assert(notices.some((line) => line.includes("was lost while computing block 0")), notices.join("\n"));
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  })),
  {
    name: "a block that kills every worker is named, and the run ends",
    needs: interruptible,
    async run({ style }) {
      const error = await assertRejects(
        () =>
          collectBlocks({
            userFunction: (n: number) => n === 2 ? Deno.exit(1) : n,
            blocks: [0, 1, 2, 3],
            concurrency: style({ maxBlockLosses: 0 }),
            onNotice: () => {},
          }),
        WorkerError,
      );
      assertMatch(error.message, /^block 2 kills its workers: \d died while computing it/);
    },
  },
  {
    name: "a function that takes longer than blockTimeout ends the run, and its block is named",
    needs: interruptible,
    async run({ style }) {
      const error = await assertRejects(
        () =>
          collectBlocks({
            userFunction: (n: number) => {
              const endMs = performance.now() + 4000 * n;
              while (performance.now() < endMs);
              return n;
            },
            blocks: [0, 1],
            concurrency: style({ blockTimeout: 1 }),
            onNotice: () => {},
          }),
        TimeoutExceededError,
        "block 1",
      );
      assertEquals(error.timeoutName, "blockTimeout");
    },
  },
];
