/**
 * Runs in which nothing goes wrong.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { CliRun } from "../cli_run.ts";
import { until } from "../run_command.ts";
import type { Scenario } from "../scenario.ts";
import type { ScenarioCase } from "./scenario_case.ts";

/** Blocks of a whole run. */
export const BLOCKS = 64;

/** A run that must succeed; its report. */
export async function succeeded(
  run: CliRun,
  // deno-lint-ignore no-explicit-any -- what --json prints
): Promise<any> {
  const { code, stdout, stderr } = await run.result;
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout);
}

async function everyJobComputed(scenario: Scenario, jobs: number): Promise<void> {
  const marks = [...(await scenario.marks()).values()];
  assertEquals(marks.length, jobs);
  assertEquals(marks.flatMap(({ done }) => done).length, BLOCKS);
  for (const { done } of marks) assert(done.length > 0);
}

/** The cases. */
export const RESULT_CASES: readonly ScenarioCase[] = [
  {
    name:
      "NDVI on four workers, each of which has computed blocks, on all nodes, equals the output of threads",
    async run(scenario) {
      const run = scenario.apply({ blockMs: 300 });
      const running = await scenario.untilComputing(4, { run });
      scenario.pace(50);
      const nodes = new Set(running.map(({ node }) => node));
      assertEquals(nodes.size, Math.min(2, scenario.cluster.nodeCount), [...nodes].join());
      const { ok, blocks, workers } = await succeeded(run);
      assertEquals([ok, blocks.done, workers.kind, workers.lost], [true, BLOCKS, scenario.cluster.kind, 0]);
      assertMatch(run.stderr, /^CW_\w+: submitted job \S+ \(array of 4\), run [0-9a-f-]{36}; logs in \//m);
      await everyJobComputed(scenario, 4);
      await scenario.assertSameAsThreads();
      assertEquals(await scenario.filesInHome(), [], "logs of a run without trouble are removed");
    },
  },
  {
    name:
      "workers without a shared folder get the run's address and key by other ways, which no listing shows",
    async run(scenario) {
      const run = scenario.apply({ workers: "2", blockMs: 1000, args: ["--shared-temp", "no"] });
      const [first] = await scenario.untilComputing(2, { run });
      const key = await scenario.key();
      assert(key.length >= 32);
      for (const text of [await scenario.cluster.show(first!.id), ...scenario.processes()]) {
        assert(!text.includes(key), "the key is shown");
      }
      scenario.pace(50);
      await succeeded(run);
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "single-block workers are one job a block",
    async run(scenario) {
      const run = scenario.apply({ window: 256, args: ["--single-block-workers"] });
      const { workers } = await succeeded(run);
      assertEquals([workers.started, workers.lost], [4, 0]);
      const marks = [...(await scenario.marks()).values()];
      assertEquals(marks.map(({ done }) => done.length), [1, 1, 1, 1]);
    },
  },
  {
    name: "several workers are one job array",
    async run(scenario) {
      const run = scenario.apply({ workers: "3", blockMs: 500 });
      const running = await scenario.untilComputing(3, { run });
      scenario.pace(50);
      assertEquals(new Set(running.map(({ id }) => arrayOf(id))).size, 1, JSON.stringify(running));
      await succeeded(run);
    },
  },
  {
    name:
      "more workers than the site's arrays may have are several arrays, and each worker has a number of its own",
    async run(scenario) {
      const run = scenario.apply({ workers: "5", blockMs: 1000, params: ["maxArraySize=2"] });
      const running = await scenario.untilComputing(5, { run });
      scenario.pace(50);
      assertEquals(new Set(running.map(({ id }) => arrayOf(id))).size, 3, JSON.stringify(running));
      const { blocks, workers } = await succeeded(run);
      assertEquals([blocks.retried, workers.started, workers.lost], [0, 5, 0]);
      await everyJobComputed(scenario, 5);
    },
  },
  {
    name: "a home, a scene and an output with spaces, quotes and dollars in their paths",
    place: `it's a "test" $HOME %j`,
    async run(scenario) {
      await succeeded(scenario.apply({ workers: "2" }));
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "--no-arrays makes each worker a job of its own",
    async run(scenario) {
      // Each is submitted by itself, and the last one must come in time for a block.
      const run = scenario.apply({ workers: "3", blockMs: 1000, args: ["--no-arrays"] });
      const running = await scenario.untilComputing(3, { run });
      scenario.pace(50);
      assertEquals(new Set(running.map(({ id }) => arrayOf(id))).size, 3, JSON.stringify(running));
      await succeeded(run);
      await everyJobComputed(scenario, 3);
    },
  },
  {
    name: "--workers 1:4 begins with one worker and takes more while there are blocks",
    async run(scenario) {
      // Four minutes of work: it should be over in one.
      const run = scenario.apply({ workers: "1:4", blockMs: 4000 });
      await scenario.untilComputing(3, { run });
      scenario.pace(50);
      const { workers } = await succeeded(run);
      assert(workers.started >= 3 && workers.started <= 4, JSON.stringify(workers));
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "the manager may be a job itself",
    async run(scenario) {
      const run = scenario.apply({ workers: "2", args: ["--submit-manager"] });
      const { code, stderr, stdout } = await run.result;
      assertEquals(code, 0, stderr);
      assertMatch(stdout + stderr, /\d+/);
      await until("the output", async () => await exists(scenario.output) ? true : undefined, {
        seconds: 60,
      });
      await until("the end", async () => (await scenario.jobs()).length === 0 ? true : undefined, {
        seconds: 60,
      });
      await scenario.assertSameAsThreads();
    },
  },
];

/** The number of the job or array that an id is of. */
function arrayOf(id: string): string {
  return /^\d+/.exec(id)![0];
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}
