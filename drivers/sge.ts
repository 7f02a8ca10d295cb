/**
 * `CW_SGE`: compute workers are Grid Engine jobs. Written against Son of Grid Engine 8.1.9, as Debian has it; Sun's and
 * Univa's are its relatives.
 *
 * @module
 */
import type { Driver } from "../core/driver.ts";
import { batchQueueDriver } from "./batch_queue/batch_driver.ts";
import { type BatchQueueFunctions, batchQueueFunctions } from "./batch_queue/queue_functions.ts";
import { sgeScheduler } from "./sge/sge_scheduler.ts";

export type { LogError } from "./batch_queue/extra_errors.ts";
export type { BatchQueueParams } from "./batch_queue/extra_params.ts";
export type { BatchQueueFunctions, ScriptJob } from "./batch_queue/queue_functions.ts";

const scheduler = sgeScheduler();

/** The driver of `CW_SGE`. */
export const driver: Driver = batchQueueDriver(scheduler);

const functions: BatchQueueFunctions = batchQueueFunctions(scheduler, driver);

/** Makes sure that Grid Engine can be used from here; see {@linkcode BatchQueueFunctions.checkBatchSystemAvailable}. */
export const checkBatchSystemAvailable: BatchQueueFunctions["checkBatchSystemAvailable"] =
  functions.checkBatchSystemAvailable;
/** The first lines of a Grid Engine job's script; see {@linkcode BatchQueueFunctions.beginScript}. */
export const beginScript: BatchQueueFunctions["beginScript"] = functions.beginScript;
/** The command that submits a script to Grid Engine; see {@linkcode BatchQueueFunctions.getSubmitCmd}. */
export const getSubmitCmd: BatchQueueFunctions["getSubmitCmd"] = functions.getSubmitCmd;
/** The command that lists jobs in Grid Engine; see {@linkcode BatchQueueFunctions.getQueueCmd}. */
export const getQueueCmd: BatchQueueFunctions["getQueueCmd"] = functions.getQueueCmd;
/** The job id in Grid Engine's answer; see {@linkcode BatchQueueFunctions.getJobId}. */
export const getJobId: BatchQueueFunctions["getJobId"] = functions.getJobId;
/** What workers left in their logs; see {@linkcode BatchQueueFunctions.findExtraErrors}. */
export const findExtraErrors: BatchQueueFunctions["findExtraErrors"] = functions.findExtraErrors;

export default driver;
