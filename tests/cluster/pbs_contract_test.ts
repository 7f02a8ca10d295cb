import { contractOnCluster } from "./contract_on_cluster.ts";
import { pbsBatchCluster, pbsMissing } from "./pbs_batch_cluster.ts";

await contractOnCluster("CW_PBS", pbsBatchCluster, await pbsMissing());
