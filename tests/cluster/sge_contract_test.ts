import { contractOnCluster } from "./contract_on_cluster.ts";
import { sgeBatchCluster } from "./sge_batch_cluster.ts";
import { sgeMissing } from "./sge_cluster.ts";

await contractOnCluster("CW_SGE", sgeBatchCluster, await sgeMissing());
