/**
 * `CW_PBS`: compute workers are PBS jobs. Written against OpenPBS; PBS Professional is the same, Torque answers differently
 * and is understood where it does.
 *
 * @module
 */
import type { Driver } from "../core/driver.ts";
import { batchQueueDriver } from "./batch_queue/batch_driver.ts";
import { pbsScheduler } from "./pbs/pbs_scheduler.ts";

export type { BatchQueueParams } from "./batch_queue/extra_params.ts";

/** The driver of `CW_PBS`. */
export const driver: Driver = batchQueueDriver(pbsScheduler());

export default driver;
