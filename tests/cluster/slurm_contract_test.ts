import { contractOnCluster } from "./contract_on_cluster.ts";
import { slurmBatchCluster } from "./slurm_batch_cluster.ts";
import { slurmMissing } from "./slurm_cluster.ts";

await contractOnCluster("CW_SLURM", slurmBatchCluster, await slurmMissing());
