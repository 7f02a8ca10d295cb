import { scenarioTest } from "./run_scenarios.ts";
import { sgeBatchCluster } from "./sge_batch_cluster.ts";
import { sgeMissing } from "./sge_cluster.ts";

scenarioTest("CW_SGE", sgeBatchCluster, await sgeMissing());
