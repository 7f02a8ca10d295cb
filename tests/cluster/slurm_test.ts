import { scenarioTest } from "./run_scenarios.ts";
import { slurmBatchCluster } from "./slurm_batch_cluster.ts";
import { slurmMissing } from "./slurm_cluster.ts";

scenarioTest("CW_SLURM", slurmBatchCluster, await slurmMissing());
