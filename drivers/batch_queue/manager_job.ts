/**
 * The manager itself as a job: login nodes kill what runs long.
 *
 * @module
 */
import type { ManagerJob, SubmittedManager } from "../../core/driver.ts";
import { SubmitError } from "../../core/errors.ts";
import { workerName } from "../../core/worker_name.ts";
import { type BatchScheduler, complaint, directiveLines } from "./batch_scheduler.ts";
import { checkExtraParams, managerParams } from "./extra_params.ts";
import { renderJobScript } from "./job_script.ts";
import type { CommandRunner } from "./run_command.ts";
import { shellWords } from "./shell_words.ts";
import { exported, jobName } from "./worker_jobs.ts";

/** Begins the name of its log. */
const LOG_PREFIX = "blockfleet_manager_";

const WALLTIME_NOTICE =
  "walltime is that of the workers: the manager's job has the queue's default. Choose its own with computeWorkerExtraParams.manager.walltime";

/**
 * Submits the manager. Its log is in the folder that it runs in.
 *
 * @throws {ConfigError} if a parameter is wrong.
 * @throws {SubmitError} if the scheduler refuses, or does not answer.
 */
export async function submitManagerJob(
  scheduler: BatchScheduler,
  job: ManagerJob,
  run: CommandRunner,
): Promise<SubmittedManager> {
  const given = managerParams(job.extraParams);
  const params = checkExtraParams({ ...given, keepLogs: true }, scheduler.optionsKey);
  const environment = Deno.env.toObject();
  const id = crypto.randomUUID().slice(0, 8);
  const name = jobName(`${workerName(job.jobName, 0).replace(/_?0$/, "")}_manager`);
  const directives = scheduler.directives({
    name,
    token: `blockfleet-manager:${id}`,
    logFolder: job.folder,
    logPrefix: LOG_PREFIX,
    logStem: id,
    params,
  });
  const script = renderJobScript({
    shell: params.shell,
    directives: directiveLines(scheduler, directives, params),
    runId: "of a manager",
    folder: job.folder,
    exports: exported(params, environment),
    initCmds: params.initCmds,
    command: job.command,
    cmdPrefix: "",
    cmdSuffix: "",
  });
  const env = scheduler.submitEnvironment?.(environment);
  const result = await run(scheduler.submitCommand, { stdin: script, ...env ? { env } : {} });
  const jobId = result.exitCode === 0 ? scheduler.parseJobId(result.stdout) : undefined;
  if (jobId === undefined) {
    const transient = scheduler.refusal(result) !== "final";
    throw new SubmitError(`Cannot submit the manager: ${complaint(result)}`, { transient });
  }
  const logFile = `${job.folder}/${LOG_PREFIX}${scheduler.logName(id, jobId, undefined)}`;
  return {
    nativeId: jobId,
    logFile,
    ...job.extraParams.walltime !== undefined && params.walltimeSeconds === undefined
      ? { notices: [WALLTIME_NOTICE] }
      : {},
    follow: [
      { title: "Its place in the queue", command: shellWords(scheduler.showCommand(jobId)) },
      { title: "What it writes, once it runs", command: shellWords(["tail", "-F", logFile]) },
      { title: "To end it", command: shellWords(scheduler.cancelCommand([jobId])) },
    ],
  };
}
