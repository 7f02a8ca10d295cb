/**
 * What of a planned run decides its outputs, for its journal.
 *
 * @module
 */
import { functionDigest } from "./journal/function_digest.ts";
import { type RunFacts, runFacts } from "./journal/run_facts.ts";
import type { ApplyPlan } from "./plan_apply.ts";

/** The facts of a planned run, all but its outputs' paths. */
export async function plannedFacts(plan: ApplyPlan): Promise<RunFacts> {
  const { args: { job, parts }, userFunction } = plan;
  return await runFacts({
    ...plan,
    otherArgs: job.hasOtherArgs ? { header: job.otherArgs, parts } : undefined,
    userFunction: await functionDigest(userFunction),
  });
}
