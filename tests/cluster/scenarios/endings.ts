/**
 * Runs whose main program is ended.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { until } from "../run_command.ts";
import { BLOCKS, succeeded } from "./results.ts";
import type { ScenarioCase } from "./scenario_case.ts";

/** The cases. */
export const ENDING_CASES: readonly ScenarioCase[] = [
  ...([["SIGTERM", 143], ["SIGHUP", 129], ["SIGINT", 130]] as const).map((
    [signal, status],
  ): ScenarioCase => ({
    name: `${signal} of the main program cancels every job and leaves with ${status}; --resume goes on`,
    async run(scenario) {
      const run = scenario.apply({ workers: "2", blockMs: 300 });
      await scenario.untilComputing(2, { run });
      run.signal(signal);
      const { code, stderr, seconds } = await run.result;
      assertEquals(code, status, stderr);
      assert(seconds < 60, `it took ${seconds} s`);
      assertEquals(await scenario.jobs(), []);
      const { blocks } = await succeeded(scenario.apply({ workers: "2", args: ["--resume"] }));
      assert(blocks.resumed > 0, JSON.stringify(blocks));
      assertEquals(blocks.done, BLOCKS, JSON.stringify(blocks));
      await scenario.assertSameAsThreads();
    },
  })),
  {
    name: "after kill -9 of the main program cleanup removes its jobs, and --resume goes on",
    async run(scenario) {
      const run = scenario.apply({ workers: "3", blockMs: 300 });
      await scenario.untilComputing(2, { run });
      await run.kill();
      assert((await scenario.jobs()).length > 0, "jobs outlive their manager for a while");
      const looked = await succeeded(scenario.cli(["cleanup", "--all-dead", "--dry-run", "--json"]));
      assert(looked.removed.length > 0, JSON.stringify(looked));
      assert((await scenario.jobs()).length > 0, "a dry run removes nothing");
      const { removed, failed } = await succeeded(scenario.cli(["cleanup", "--all-dead", "--json"]));
      assert(removed.length > 0 && failed.length === 0, JSON.stringify({ removed, failed }));
      await until("an empty queue", async () => (await scenario.jobs()).length === 0 ? true : undefined, {
        seconds: 60,
      });
      const { blocks } = await succeeded(scenario.apply({ workers: "2", args: ["--resume"] }));
      assertEquals(blocks.done, BLOCKS, JSON.stringify(blocks));
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "--resume after kill -9 first removes what the killed run has left in the queue",
    async run(scenario) {
      const killed = scenario.apply({ workers: "2", blockMs: 300 });
      await scenario.untilComputing(2, { run: killed });
      const old = (await scenario.jobs()).map(({ id }) => id);
      await killed.kill();
      const run = scenario.apply({ workers: "2", args: ["--resume"] });
      const { blocks } = await succeeded(run);
      assertEquals(blocks.done, BLOCKS, JSON.stringify(blocks));
      const left = (await scenario.jobs()).map(({ id }) => id);
      assertEquals(old.filter((id) => left.includes(id)), []);
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "an error of the user function ends the run, its message comes first, and no job stays",
    async run(scenario) {
      const { code, stderr } = await scenario.apply({ workers: "2", failAt: "3,3" }).result;
      assertEquals(code, 1, stderr);
      const first = stderr.split("\n").find((line) => line.startsWith("blockfleet: "))!;
      assertStringIncludes(first, "told to fail");
      assertStringIncludes(first, "block (3, 3)");
      const { blocks } = await succeeded(scenario.apply({ args: ["--restart"] }));
      assertEquals(blocks.done, BLOCKS);
    },
  },
];
