/**
 * The manager itself as a job: login nodes kill what runs long.
 *
 * @module
 */
import type { ManagerJob, SubmittedManager } from "../../core/driver.ts";
import { SubmitError } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import { workerName } from "../../core/worker_name.ts";
import { type BatchScheduler, complaint, type JobRequest } from "./batch_scheduler.ts";
import { beginScript } from "./begin_script.ts";
import { cancelLine } from "./cancel_jobs.ts";
import { checkExtraParams, managerParams } from "./extra_params.ts";
import { renderJobScript } from "./job_script.ts";
import { checkLogPath } from "./one_line.ts";
import type { CommandResult, CommandRunner } from "./run_command.ts";
import { shellWords } from "./shell_words.ts";
import { exported, jobName } from "./worker_jobs.ts";

/** Begins the name of its log. */
const LOG_PREFIX = "blockfleet_manager_";

/** A submission without an answer may still be under way for so long. */
const UNDER_WAY_MS = 2000;

const WALLTIME_NOTICE =
  "walltime is that of the workers: the manager's job has the queue's default. Choose its own with computeWorkerExtraParams.manager.walltime";

/**
 * Submits the manager. Its log is in the folder that it runs in.
 *
 * @throws {ConfigError} if a parameter is wrong, or the folder's path can't stand in a directive.
 * @throws {SubmitError} if the scheduler refuses, or does not answer.
 */
export async function submitManagerJob(
  scheduler: BatchScheduler,
  job: ManagerJob,
  run: CommandRunner,
): Promise<SubmittedManager> {
  const given = managerParams(job.extraParams);
  const params = checkExtraParams({ ...given, keepLogs: true }, scheduler.optionsKey);
  checkLogPath(job.folder, "the manager's log", "run the command in another");
  const environment = Deno.env.toObject();
  const id = crypto.randomUUID().slice(0, 8);
  const name = jobName(`${workerName(job.jobName, 0).replace(/_?0$/, "")}_manager`);
  scheduler.check?.(params);
  const request: JobRequest = {
    name,
    token: `blockfleet-manager:${id}`,
    logFolder: job.folder,
    logPrefix: LOG_PREFIX,
    logStem: id,
    isFollowed: true,
    params,
  };
  const script = renderJobScript({
    begin: beginScript(scheduler, request),
    openLog: scheduler.openLog?.(request),
    runId: "of a manager",
    folder: job.folder,
    exports: exported(params, environment),
    initCmds: params.initCmds,
    command: job.command,
    cmdPrefix: "",
    cmdSuffix: "",
    isWatched: scheduler.killsOneGroup,
  });
  const env = scheduler.submitEnvironment?.(environment);
  const result = await run(scheduler.submitCommand, { stdin: script, ...env ? { env } : {} });
  const jobId = await acceptedId(scheduler, {
    result,
    run,
    token: request.token,
    clusters: scheduler.clusters?.(params.extraDirectives, environment),
  });
  const logFile = `${job.folder}/${LOG_PREFIX}${scheduler.logName(id, jobId, undefined)}`;
  const { followOption } = scheduler;
  const isFollowed = followOption === undefined || !params.omitDirectives.includes(followOption);
  return {
    nativeId: jobId,
    logFile,
    ...job.extraParams.walltime !== undefined && params.walltimeSeconds === undefined
      ? { notices: [WALLTIME_NOTICE] }
      : {},
    follow: [
      { title: "Its place in the queue", command: shellWords(scheduler.showCommand(jobId)) },
      {
        title: isFollowed ? "What it writes, once it runs" : "What it has written, once it is over",
        command: shellWords(["tail", "-F", logFile]),
      },
      { title: "To end it", command: cancelLine(scheduler, [jobId]) },
    ],
  };
}

/** The job's id. Without an answer it is looked for in the queue: a second manager would meet the first one's lock. */
async function acceptedId(
  scheduler: BatchScheduler,
  { result, token, clusters, run }: {
    readonly result: CommandResult;
    readonly token: string;
    readonly clusters: string | undefined;
    readonly run: CommandRunner;
  },
): Promise<string> {
  const told = result.exitCode === 0 ? scheduler.parseJobId(result.stdout) : undefined;
  if (told !== undefined) return told;
  const refusal = result.exitCode === 0 ? "unanswered" : scheduler.refusal(result);
  const transient = refusal !== "final";
  if (refusal !== "unanswered") {
    throw new SubmitError(`Cannot submit the manager: ${complaint(result)}`, { transient });
  }
  await sleep(UNDER_WAY_MS);
  const [found] = await scheduler.find(run, token, clusters) ?? [];
  if (found !== undefined) return found;
  throw new SubmitError(
    `It is not known whether the manager was submitted (${
      complaint(result)
    }): look for a job whose name ends in ` +
      "'_manager' in the queue before you try again",
    { transient },
  );
}
