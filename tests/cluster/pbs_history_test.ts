import { pbsBatchCluster, pbsMissing } from "./pbs_batch_cluster.ts";
import { scenarioTest } from "./run_scenarios.ts";

// A real PBS has one setting, which pbs_test.ts has met.
const missing = Deno.env.get("PBS_REAL") === "1" ? "PBS_REAL=1 has its own setting" : await pbsMissing();

scenarioTest("CW_PBS with a history of jobs", () => pbsBatchCluster({ history: true }), missing);
