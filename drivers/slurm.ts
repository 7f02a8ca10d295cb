/**
 * `CW_SLURM`: compute workers are SLURM jobs.
 *
 * @module
 */
import type { Driver } from "../core/driver.ts";
import { batchQueueDriver } from "./batch_queue/batch_driver.ts";
import { slurm } from "./slurm/slurm_scheduler.ts";

export type { BatchQueueParams } from "./batch_queue/extra_params.ts";

/** The driver of `CW_SLURM`. */
export const driver: Driver = batchQueueDriver(slurm);

export default driver;
