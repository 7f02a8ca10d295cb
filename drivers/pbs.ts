/**
 * `CW_PBS`: compute workers are PBS jobs. Written against OpenPBS; PBS Professional is the same, Torque answers differently
 * and is understood where it does.
 *
 * @module
 */
import type { Driver } from "../core/driver.ts";
import { batchQueueDriver } from "./batch_queue/batch_driver.ts";
import { type BatchQueueFunctions, batchQueueFunctions } from "./batch_queue/queue_functions.ts";
import { pbsScheduler } from "./pbs/pbs_scheduler.ts";

export type { LogError } from "./batch_queue/extra_errors.ts";
export type { BatchQueueParams } from "./batch_queue/extra_params.ts";
export type { BatchQueueFunctions, ScriptJob } from "./batch_queue/queue_functions.ts";

const scheduler = pbsScheduler();

/** The driver of `CW_PBS`. */
export const driver: Driver = batchQueueDriver(scheduler);

const functions: BatchQueueFunctions = batchQueueFunctions(scheduler, driver);

/** Makes sure that PBS can be used from here; see {@linkcode BatchQueueFunctions.checkBatchSystemAvailable}. */
export const checkBatchSystemAvailable: BatchQueueFunctions["checkBatchSystemAvailable"] =
  functions.checkBatchSystemAvailable;
/** The first lines of a PBS job's script; see {@linkcode BatchQueueFunctions.beginScript}. */
export const beginScript: BatchQueueFunctions["beginScript"] = functions.beginScript;
/** The command that submits a script to PBS; see {@linkcode BatchQueueFunctions.getSubmitCmd}. */
export const getSubmitCmd: BatchQueueFunctions["getSubmitCmd"] = functions.getSubmitCmd;
/** The command that lists jobs in PBS; see {@linkcode BatchQueueFunctions.getQueueCmd}. */
export const getQueueCmd: BatchQueueFunctions["getQueueCmd"] = functions.getQueueCmd;
/** The job id in PBS's answer; see {@linkcode BatchQueueFunctions.getJobId}. */
export const getJobId: BatchQueueFunctions["getJobId"] = functions.getJobId;
/** What workers left in their logs; see {@linkcode BatchQueueFunctions.findExtraErrors}. */
export const findExtraErrors: BatchQueueFunctions["findExtraErrors"] = functions.findExtraErrors;

export default driver;
