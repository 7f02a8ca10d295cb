import { pbsBatchCluster, pbsMissing } from "./pbs_batch_cluster.ts";
import { scenarioTest } from "./run_scenarios.ts";

scenarioTest("CW_PBS", pbsBatchCluster, await pbsMissing());
