import { CONNECTION_CASES } from "./connection_cases.ts";
import { CUT_CASES } from "./cut_cases.ts";
import { IGNORED } from "./fault_scene.ts";
import type { LongCase } from "./long_case.ts";
import { OTHER_HOST_CASES } from "./other_host_cases.ts";
import { STOPPED_CASES } from "./stopped_cases.ts";

const CASES: readonly LongCase[] = [
  // The longest one begins first.
  ...STOPPED_CASES,
  ...OTHER_HOST_CASES,
  ...CUT_CASES,
  ...CONNECTION_CASES,
];

/** Starts them a little apart from each other: processes take most of their time to start. */
const APART_MS = 1000;

Deno.test({
  name: "faults that take their time, side by side",
  ignore: IGNORED,
  fn: async (test) => {
    const running = CASES.map(({ run, skipped }, index) => {
      if (skipped !== undefined) return Promise.resolve();
      const outcome = new Promise((resolve) => setTimeout(resolve, index * APART_MS)).then(run);
      // The step below says so; until then nobody listens.
      outcome.catch(() => {});
      return outcome;
    });
    for (const [index, { name, skipped }] of CASES.entries()) {
      await test.step({
        name: skipped === undefined ? name : `${name} (skipped: ${skipped})`,
        ignore: skipped !== undefined,
        fn: () => running[index]!,
        // What the others have begun is under way; the test itself looks at all of it.
        sanitizeOps: false,
        sanitizeResources: false,
      });
    }
  },
});
