/**
 * `CW_SGE`: compute workers are Grid Engine jobs. Written against Son of Grid Engine 8.1.9, as Debian has it; Sun's and
 * Univa's are its relatives.
 *
 * @module
 */
import type { Driver } from "../core/driver.ts";
import { batchQueueDriver } from "./batch_queue/batch_driver.ts";
import { sgeScheduler } from "./sge/sge_scheduler.ts";

export type { BatchQueueParams } from "./batch_queue/extra_params.ts";

/** The driver of `CW_SGE`. */
export const driver: Driver = batchQueueDriver(sgeScheduler());

export default driver;
