/**
 * Runs the scenarios of a batch system, several at a time, as the steps of one test.
 *
 * @module
 */
import type { BatchCluster } from "./batch_cluster.ts";
import { Scenario } from "./scenario.ts";
import { ENDING_CASES } from "./scenarios/endings.ts";
import { LOSS_CASES } from "./scenarios/losses.ts";
import { REFUSAL_CASES } from "./scenarios/refusals.ts";
import { RESULT_CASES } from "./scenarios/results.ts";
import type { ScenarioCase } from "./scenarios/scenario_case.ts";

/** A scenario that hangs must not hold up the others, milliseconds. */
const PATIENCE_MS = 180_000;

/** Most of their time they wait: for the queue, for slow blocks. */
const AT_A_TIME = 4;

const CASES: readonly ScenarioCase[] = [...RESULT_CASES, ...REFUSAL_CASES, ...LOSS_CASES, ...ENDING_CASES];

/**
 * Registers the test.
 *
 * @param start makes the cluster.
 * @param missing why there can be none here, which in CI (BLOCKFLEET_CI=1) is a failure.
 */
export function scenarioTest(kind: string, start: () => Promise<BatchCluster>, missing?: string): void {
  const isSkipped = missing !== undefined && Deno.env.get("BLOCKFLEET_CI") !== "1";
  Deno.test({
    name: `${kind}: scenarios${isSkipped ? ` (skipped: ${missing})` : ""}`,
    ignore: isSkipped,
    // Outcomes come while other steps are running.
    ...{ sanitizeOps: false, sanitizeResources: false },
    fn: async (test) => {
      if (missing !== undefined) throw new Error(missing);
      await using cluster = await start();
      // SCENARIO=text picks those whose name holds it.
      const wanted = Deno.env.get("SCENARIO") ?? "";
      const cases = CASES.filter(({ name }) => name.includes(wanted));
      const outcomes = runAll(cluster, cases);
      for (const scenario of cases) {
        const reason = scenario.needs?.(cluster);
        await test.step({
          name: `${scenario.name}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
          ignore: reason !== undefined,
          ...{ sanitizeOps: false, sanitizeResources: false },
          fn: () => outcomes.get(scenario)!,
        });
      }
    },
  });
}

async function runAndRemove(cluster: BatchCluster, scenario: ScenarioCase): Promise<void> {
  await using made = await Scenario.make(cluster, scenario.place);
  await inTime(scenario.run(made));
  await made.assertClean();
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function runAll(cluster: BatchCluster, cases: readonly ScenarioCase[]): Map<ScenarioCase, Promise<void>> {
  const outcomes = new Map<ScenarioCase, Promise<void>>();
  const waiting = cases.filter(({ needs }) => needs?.(cluster) === undefined);
  const ends = new Map(waiting.map((scenario) => [scenario, Promise.withResolvers<void>()]));
  for (const [scenario, { promise }] of ends) {
    promise.catch(() => {});
    outcomes.set(scenario, promise);
  }
  const runOne = async (scenario: ScenarioCase) => {
    const { resolve, reject } = ends.get(scenario)!;
    const startedMs = performance.now();
    // Settled only when its folder is gone, too: the test, and with it this process, may end at once.
    await runAndRemove(cluster, scenario).then(resolve, reject);
    if (Deno.env.get("SCENARIO_TIMES")) {
      console.error(`${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${scenario.name}`);
    }
  };
  void (async () => {
    const queue = waiting.filter(({ isAlone }) => !isAlone);
    await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await runOne(next);
    }));
    for (const scenario of waiting) if (scenario.isAlone) await runOne(scenario);
  })();
  return outcomes;
}
