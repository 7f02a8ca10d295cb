/**
 * What a batch queue's driver is made of, for programs that submit jobs of their own: RIOS's names over the functions that the
 * driver itself uses.
 *
 * @module
 */
import { checkCount, checkValues } from "../../core/check_values.ts";
import type { Driver } from "../../core/driver.ts";
import { ConfigError } from "../../core/errors.ts";
import { checkKnownKeys } from "../../core/known_keys.ts";
import { requireAvailable } from "../../core/require_available.ts";
import { shownValue } from "../../core/shown_value.ts";
import { checkedParams } from "./batch_driver.ts";
import type { BatchScheduler, JobRequest } from "./batch_scheduler.ts";
import { beginScript } from "./begin_script.ts";
import { findExtraErrors, type LogError } from "./extra_errors.ts";
import type { BatchQueueParams } from "./extra_params.ts";
import { checkLogPath } from "./one_line.ts";
import { workerJobRequest } from "./worker_jobs.ts";

/** A job whose script is to be begun. */
export interface ScriptJob {
  /** The folder that its log goes into; it must be there before the job starts. An absolute path. */
  readonly logFolder: string;
  /** The number of its (first) worker, from 0; part of the job's name. Default 0. */
  readonly workerId?: number;
  /** Workers in it: several are the elements of an array job. Default 1. */
  readonly workers?: number;
  /** A name for the job; characters that a scheduler does not take become `_`. */
  readonly jobName?: string;
  /** What the job is found by in the queue: letters, digits, `.`, `_` and `-`. Default a random id. */
  readonly runId?: string;
  /** Queue, account, walltime and all else that `computeWorkerExtraParams` takes. */
  readonly extraParams?: BatchQueueParams;
}

/** The functions of one batch queue. None needs another to be called first, nor `this`. */
export interface BatchQueueFunctions {
  /**
   * Makes sure that the queue can be used from here: its programs are on PATH and its controller answers.
   *
   * @throws {UnavailableError} if not, with the reason and what to do.
   */
  readonly checkBatchSystemAvailable: () => Promise<void>;
  /**
   * The first lines of a job's script: `#!` and its shell, then the directives, whole and in order, and where no directive can
   * name the log the command that opens it. Your own commands go below them.
   *
   * @throws {ConfigError} naming a parameter that is wrong, or a folder that is no absolute path.
   */
  readonly beginScript: (job: ScriptJob) => string[];
  /** The command that submits the script on its standard input, word by word. It prints what `getJobId` reads. */
  readonly getSubmitCmd: () => string[];
  /**
   * The command that lists jobs, word by word, in the form that the driver reads: for programs more than for people.
   *
   * @param jobIds jobs by their ids; default all of the user's. Some queues list all in any case.
   */
  readonly getQueueCmd: (jobIds?: readonly string[]) => string[];
  /** The job's id in what the submit command printed; undefined if there is none in it. */
  readonly getJobId: (stdout: string) => string | undefined;
  /**
   * Looks for errors in the logs of workers that have ended: what never came over the data channel, such as a command that was
   * not found, a job that was killed, or the scheduler's own complaint. `shutdown()` of the manager reports the same of the
   * workers of its run. A log ends with the line `blockfleet: job ends, exit status N`, which a script of your own must write,
   * too: one without it counts as a job that was killed.
   *
   * @param logFiles paths of logs.
   * @returns one entry a log in which there is trouble, or that can't be read; none if all is well.
   */
  readonly findExtraErrors: (logFiles: readonly string[]) => Promise<LogError[]>;
}

/** The functions of the queue that a driver is for. */
export function batchQueueFunctions(scheduler: BatchScheduler, driver: Driver): BatchQueueFunctions {
  return {
    checkBatchSystemAvailable: () => requireAvailable(driver),
    beginScript(job) {
      const request = requestOf(scheduler, job);
      const openLog = scheduler.openLog?.(request);
      return [...beginScript(scheduler, request), ...openLog === undefined ? [] : [openLog]];
    },
    getSubmitCmd: () => [...scheduler.submitCommand],
    getQueueCmd: (jobIds = []) => scheduler.queueCommand(jobIds),
    getJobId: (stdout) => scheduler.parseJobId(stdout),
    findExtraErrors,
  };
}

/** Every key of {@linkcode ScriptJob}; the compiler keeps the two alike. */
const JOB_KEYS: Readonly<Record<keyof ScriptJob, true>> = {
  logFolder: true,
  workerId: true,
  workers: true,
  jobName: true,
  runId: true,
  extraParams: true,
};

function requestOf(scheduler: BatchScheduler, job: ScriptJob): JobRequest {
  checkKnownKeys(job, JOB_KEYS, "beginScript()");
  checkValues(job, { logFolder: "text", jobName: "text", runId: "text", extraParams: "object" });
  const { logFolder, workerId = 0, workers = 1, jobName, runId = crypto.randomUUID(), extraParams = {} } =
    job;
  if (!logFolder?.startsWith("/")) {
    throw new ConfigError(`logFolder must be an absolute path, not ${shownValue(logFolder)}`);
  }
  checkLogPath(logFolder, "the job's log", "choose another logFolder");
  // Commas and quotes would be words of the list of variables, or of the context, that it stands in.
  if (!/^[A-Za-z0-9._-]+$/.test(runId)) {
    throw new ConfigError(`runId must be letters, digits, '.', '_' and '-', not ${shownValue(runId)}`);
  }
  checkCount("workerId", workerId, 0);
  checkCount("workers", workers, 1);
  return workerJobRequest({
    runId,
    jobName,
    firstWorker: workerId,
    workers,
    number: 0,
    threads: extraParams.cores ?? 1,
    logFolder,
    params: checkedParams(scheduler, { ...extraParams }),
  });
}
