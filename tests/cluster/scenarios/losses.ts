/**
 * Runs whose jobs, nodes or scheduler fail on the way.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { until } from "../run_command.ts";
import type { JobMarks, Scenario } from "../scenario.ts";
import { BLOCKS, succeeded } from "./results.ts";
import type { ScenarioCase } from "./scenario_case.ts";

const unless = (
  method: "nodeDown" | "requeue" | "suspend" | "stopController",
  what: string,
): NonNullable<ScenarioCase["needs"]> =>
(cluster) => cluster[method] ? undefined : `${what} needs a manager's rights`;

/** The job that has done most. */
async function busiest(scenario: Scenario): Promise<string> {
  const marks = [...await scenario.marks()].sort(([, a], [, b]) => b.done.length - a.done.length);
  return marks[0]![0];
}

/** Every block of that job that was begun was finished there, and nowhere else. */
async function assertDrained(scenario: Scenario, job: string): Promise<void> {
  const marks = await scenario.marks();
  const { begun, done } = marks.get(job)!;
  assertEquals(begun, done, "what the job had begun it finished");
  const others = [...marks].flatMap(([name, { begun }]) => name === job ? [] : begun);
  assertEquals(done.filter((block) => others.includes(block)), [], "no other job computed it again");
}

function doneBlocks(marks: ReadonlyMap<string, JobMarks>): number {
  return new Set([...marks.values()].flatMap(({ done }) => done)).size;
}

/** Until a worker that is no longer wanted has handed back what it held, and another goes on. */
async function untilElsewhere(scenario: Scenario, job: string): Promise<void> {
  const before = doneBlocks(await scenario.marks());
  await until("others' progress", async () => {
    const { begun, done } = (await scenario.marks()).get(job)!;
    const isQuiet = begun.length === done.length || !scenario.cluster.drainsOnCancel;
    return isQuiet && doneBlocks(await scenario.marks()) > before + 6 ? true : undefined;
  });
  scenario.pace(50);
}

/** The cases. */
export const LOSS_CASES: readonly ScenarioCase[] = [
  {
    name: "a running job that is cancelled gives back what it holds, and every block is done",
    async run(scenario) {
      const run = scenario.apply({ workers: "2", blockMs: 700, args: ["--no-copies"] });
      await scenario.untilComputing(2, { run });
      const job = await busiest(scenario);
      await scenario.cluster.cancel(job);
      await untilElsewhere(scenario, job);
      const { blocks, workers } = await succeeded(run);
      assertEquals(blocks.done, BLOCKS);
      assert(workers.started >= 2, JSON.stringify(workers));
      if (scenario.cluster.drainsOnCancel) await assertDrained(scenario, job);
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "a worker that is killed with SIGKILL loses no block",
    async run(scenario) {
      const run = scenario.apply({ workers: "2", blockMs: 300 });
      await scenario.untilComputing(2, { run });
      const worker = scenario.processes().find((line) => / run .* worker /.test(line));
      assert(worker !== undefined, scenario.processes().join("\n"));
      Deno.kill(Number(worker!.split(":")[0]), "SIGKILL");
      scenario.pace(50);
      const { blocks, workers } = await succeeded(run);
      assertEquals([blocks.done, workers.lost], [BLOCKS, 1]);
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "a walltime that is shorter than the run drains the worker, and a successor goes on",
    async run(scenario) {
      const run = scenario.apply({
        workers: "2",
        blockMs: 1000,
        params: scenario.cluster.shortWalltime,
        args: ["--no-copies"],
      });
      const running = await scenario.untilComputing(2, { run });
      for (const { id } of running) await scenario.cluster.endSoon?.(id);
      await until(
        "a successor",
        async () => (await scenario.marks()).size > 2 || run.ended ? true : undefined,
        {
          seconds: 100,
        },
      );
      scenario.pace(50);
      const { blocks } = await succeeded(run);
      assertEquals(blocks.done, BLOCKS);
      assert((await scenario.marks()).size > 2, "there were successors");
      if (scenario.cluster.drainsOnCancel) {
        for (const { id } of running) {
          await assertDrained(scenario, id);
        }
      }
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "a job that is requeued comes back and is welcome",
    needs: unless("requeue", "putting a job back into the queue"),
    async run(scenario) {
      const run = scenario.apply({ workers: "2", blockMs: 700 });
      await scenario.untilComputing(2, { run });
      const job = await busiest(scenario);
      const before = (await scenario.marks()).get(job)!.begun.length;
      await scenario.cluster.requeue!(job);
      await until("its return", async () => {
        return (await scenario.marks()).get(job)!.begun.length > before + 1 || run.ended ? true : undefined;
      }, { seconds: 60 });
      scenario.pace(50);
      const { blocks, workers } = await succeeded(run);
      assertEquals(blocks.done, BLOCKS);
      const marks = await scenario.marks();
      assertEquals(marks.size, 2, `no third job: ${JSON.stringify(workers)}`);
      assert(marks.get(job)!.begun.length > before + 1, "it computed again");
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "a job that is to be suspended gives back what it holds and ends, and a successor goes on",
    needs: unless("suspend", "suspending a job, with a notice before,"),
    async run(scenario) {
      const run = scenario.apply({ workers: "2", blockMs: 700, args: ["--no-copies"] });
      await scenario.untilComputing(2, { run });
      const job = await busiest(scenario);
      await scenario.cluster.suspend!(job);
      await untilElsewhere(scenario, job);
      const { blocks, workers } = await succeeded(run);
      assertEquals([blocks.done, blocks.retried, workers.lost], [BLOCKS, 0, 0]);
      await assertDrained(scenario, job);
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "a job script that is killed takes its worker along, and the queue's own word on it is told",
    needs: ({ killScript }) => killScript ? undefined : "knowing a script's process is not for every user",
    async run(scenario) {
      const run = scenario.apply({ workers: "2", blockMs: 400 });
      await scenario.untilComputing(2, { run });
      const { do: kill, says } = scenario.cluster.killScript!;
      await kill(await busiest(scenario));
      await until("the word", () => says.test(run.stderr) || run.ended ? true : undefined);
      scenario.pace(50);
      const { blocks, workers } = await succeeded(run);
      assertEquals([blocks.done, workers.lost], [BLOCKS, 1]);
      assertMatch(run.stderr, says);
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "a worker that is killed for memory is told as that, with the limit and the block in hand",
    needs: ({ memoryLimit }) => memoryLimit ? undefined : "no limit of memory is enforced there",
    async run(scenario) {
      const { params, says } = scenario.cluster.memoryLimit!;
      const run = scenario.apply({ workers: "1", hogAt: "2,1", params, args: ["--max-worker-losses", "0"] });
      const { code, stderr } = await run.result;
      assertEquals(code, 1, stderr);
      assertMatch(stderr, says);
      assertMatch(stderr, /block \(2, 1\)/);
      await succeeded(scenario.apply({ args: ["--restart"] }));
      await scenario.assertSameAsThreads();
    },
  },
  {
    name: "a node that goes down loses no block",
    isAlone: true,
    needs: unless("nodeDown", "taking down a node"),
    async run(scenario) {
      const run = scenario.apply({ workers: "4", blockMs: 900 });
      const running = await scenario.untilComputing(4, { run });
      const { node } = running.at(-1)!;
      const there = running.filter((job) => job.node === node).map(({ id }) => id);
      await scenario.cluster.nodeDown!(node!);
      try {
        // Long enough for the queue to know, and for its jobs to finish what they had begun.
        await new Promise((resolve) => setTimeout(resolve, 5000));
        const before = await scenario.marks();
        assert(!run.ended && doneBlocks(before) < BLOCKS - 8, "the run still goes on");
        scenario.pace(100);
        const { blocks } = await succeeded(run);
        assertEquals(blocks.done, BLOCKS);
        const after = await scenario.marks();
        for (const id of there) {
          assertEquals(after.get(id), before.get(id), "nothing is computed there any more");
        }
        await scenario.assertSameAsThreads();
      } finally {
        await scenario.cluster.nodeUp!(node!);
      }
    },
  },
  {
    name: "a controller that is down for 15 s in mid-run disturbs nobody",
    isAlone: true,
    needs: unless("stopController", "stopping the controller"),
    async run(scenario) {
      const run = scenario.apply({ workers: "2", blockMs: 800 });
      await scenario.untilComputing(2, { run });
      await scenario.cluster.stopController!();
      const before = doneBlocks(await scenario.marks());
      await new Promise((resolve) => setTimeout(resolve, 15_000));
      const meanwhile = doneBlocks(await scenario.marks()) - before;
      await scenario.cluster.startController!();
      scenario.pace(50);
      const { blocks, workers } = await succeeded(run);
      assertEquals([blocks.done, blocks.retried, workers.lost], [BLOCKS, 0, 0]);
      assert(meanwhile > 10, `${meanwhile} blocks were done meanwhile`);
      await scenario.assertSameAsThreads();
      // A controller that is just back may hear of its jobs' ends later than the run waits for that: cleanup has the rest.
      await until("an empty queue", async () => (await scenario.jobs()).length === 0 ? true : undefined);
      await succeeded(scenario.cli(["cleanup", "--all-dead", "--json"]));
    },
  },
  {
    name: "a controller that is down when the run ends leaves no job once it is back",
    isAlone: true,
    needs: unless("stopController", "stopping the controller"),
    async run(scenario) {
      const run = scenario.apply({ workers: "2", blockMs: 150 });
      await scenario.untilComputing(2, { run });
      await scenario.cluster.stopController!();
      const { code, stderr } = await run.result.finally(() => scenario.cluster.startController!());
      assertEquals(code, 0, stderr);
      // Workers end by themselves when their work is complete; what the queue never heard of is cleaned up.
      await until("an empty queue", async () => (await scenario.jobs()).length === 0 ? true : undefined);
      await succeeded(scenario.cli(["cleanup", "--all-dead", "--json"]));
    },
  },
];
