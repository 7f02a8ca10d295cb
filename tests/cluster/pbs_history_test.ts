import { historyMissing, pbsBatchCluster } from "./pbs_batch_cluster.ts";
import { scenarioTest } from "./run_scenarios.ts";

scenarioTest(
  "CW_PBS with a history of jobs",
  () => pbsBatchCluster({ history: true }),
  await historyMissing(),
);
