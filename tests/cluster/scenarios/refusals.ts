/**
 * Runs that can't begin: the user sees the queue's own reason.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { until } from "../run_command.ts";
import { BLOCKS, succeeded } from "./results.ts";
import type { ScenarioCase } from "./scenario_case.ts";

/** The cases. */
export const REFUSAL_CASES: readonly ScenarioCase[] = [
  {
    name: "a job script that fails is reported at once, with its exit status and the end of its log",
    async run(scenario) {
      const params = ['initCmds=["echo no such module: gdal/9", "exit 3"]'];
      const { code, stderr, seconds } = await scenario.apply({ params }).result;
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "no such module: gdal/9");
      assertMatch(stderr, /\b3\b/);
      assert(seconds < 30, `it took ${seconds} s`);
    },
  },
  {
    name: "what no queue takes is an error in the scheduler's words, and nothing stays in the queue",
    async run(scenario) {
      const { params, says } = scenario.cluster.refused;
      const { code, stderr } = await scenario.apply({ params }).result;
      assertEquals(code, 1, stderr);
      assertMatch(stderr, says);
      assertEquals(await scenario.filesInHome(), []);
    },
  },
  {
    name: "a job that can never run: the queue's reason is shown, and --queue-timeout ends the wait",
    async run(scenario) {
      const { params, says } = scenario.cluster.impossible;
      const args = ["--queue-timeout", "20"];
      const run = scenario.apply({ workers: "1", params, args });
      await until("the reason", () => says.test(run.stderr) || run.ended ? true : undefined);
      assert(!run.ended, run.stderr);
      const { code, stderr, seconds } = await run.result;
      assertEquals(code, 1, stderr);
      assertMatch(stderr, /queue/i);
      assertMatch(stderr.trim().split("\n").at(-1)!, says);
      assert(seconds > 18 && seconds < 60, `it took ${seconds} s`);
      assertEquals(await scenario.filesInHome(), []);
    },
  },
  {
    name: "jobs that are held are told as held, and run once they are released",
    needs: ({ held }) => held ? undefined : "there is no way to hold jobs",
    async run(scenario) {
      const { params, says, release } = scenario.cluster.held!;
      const run = scenario.apply({ workers: "2", params });
      await until("the reason", () => says.test(run.stderr) || run.ended ? true : undefined);
      const [first] = await scenario.jobs();
      await release(first!.id);
      const { blocks } = await succeeded(run);
      assertEquals(blocks.done, BLOCKS);
    },
  },
  {
    name: "a worker that cannot reach the manager names every address that it tried",
    async run(scenario) {
      // Addresses of the networks that RFC 5737 keeps for documentation: nobody answers.
      const { code, stderr } = await scenario.apply({
        workers: "1",
        args: ["--advertise", "192.0.2.1,198.51.100.1"],
        // A worker tries for five minutes, if it is not told otherwise.
        params: ["cmdSuffix=--connect-timeout 5"],
      }).result;
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "192.0.2.1");
      assertStringIncludes(stderr, "198.51.100.1");
    },
  },
];
