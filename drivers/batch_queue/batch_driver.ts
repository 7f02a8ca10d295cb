/**
 * Makes a driver of a batch queue's words.
 *
 * @module
 */
import type {
  Availability,
  CleanupReport,
  Driver,
  DriverContext,
  Fleet,
  FleetSpec,
  ManagerJob,
  Preview,
  RunSelector,
  SubmittedManager,
} from "../../core/driver.ts";
import { ConfigError } from "../../core/errors.ts";
import { checkAvailable } from "./availability.ts";
import { BatchFleet } from "./batch_fleet.ts";
import type { BatchScheduler } from "./batch_scheduler.ts";
import { cleanUpRuns } from "./clean_up_runs.ts";
import { type CheckedParams, checkExtraParams } from "./extra_params.ts";
import { ANOTHER_LOG_FOLDER, LogFolder, logFolderPath } from "./log_folder.ts";
import { submitManagerJob } from "./manager_job.ts";
import { checkLogPath } from "./one_line.ts";
import { previewProbe } from "./probe.ts";
import { previewJobs } from "./preview_jobs.ts";
import { runCommand } from "./run_command.ts";
import { WorkerJobs } from "./worker_jobs.ts";

/** Arrays of a site that does not tell its limit. */
const ARRAY_LIMIT = 1000;

/** The driver over a batch queue. */
export function batchQueueDriver(scheduler: BatchScheduler): Driver {
  return {
    kind: scheduler.kind,
    computeWorkersReadDefault: true,
    inProcess: false,
    supportsSingleBlock: true,
    canInterrupt: true,
    canGrow: true,
    available: (): Promise<Availability> => checkAvailable(scheduler, runCommand),
    start: (spec, context) => startFleet(scheduler, spec, context),
    preview: (spec: FleetSpec): Promise<Preview> =>
      Promise.resolve(previewJobs(scheduler, spec, checkedParams(scheduler, spec.extraParams))),
    probe: (spec: FleetSpec): Promise<Preview> =>
      Promise.resolve(previewProbe(scheduler, checkedParams(scheduler, spec.extraParams), spec)),
    submitManager: (job: ManagerJob): Promise<SubmittedManager> =>
      submitManagerJob(scheduler, job, runCommand),
    cleanup: (selector: RunSelector): Promise<CleanupReport> => cleanUpRuns(scheduler, selector, runCommand),
  };
}

/**
 * The checked dictionary.
 *
 * @throws {ConfigError} naming what is wrong.
 */
export function checkedParams(
  scheduler: BatchScheduler,
  given: Readonly<Record<string, unknown>>,
): CheckedParams {
  const params = checkExtraParams(given, scheduler.optionsKey);
  scheduler.check?.(params);
  const known = scheduler.directives({
    name: "",
    token: "",
    arraySize: 2,
    logFolder: "",
    logStem: "",
    isFollowed: true,
    params: { ...params, ...ANY },
  }).filter(({ needed }) => !needed).map(({ option }) => option);
  const unknown = params.omitDirectives.find((option) => !known.includes(option));
  if (unknown !== undefined) {
    throw new ConfigError(
      `omitDirectives: there is no directive '${unknown}' of ours to leave out. There are ${
        known.join(", ")
      }`,
    );
  }
  return params;
}

/** Every parameter that has a directive. */
const ANY = {
  queue: "q",
  account: "a",
  walltimeSeconds: 60,
  memoryMib: 1,
  cores: 1,
  constraint: "c",
  qos: "q",
  parallelEnvironment: "p",
  maxRunning: 1,
};

/** The home folder. */
export function homeFolder(): string {
  const home = Deno.env.get("HOME");
  if (!home) {
    throw new ConfigError(
      "HOME is not set, so there is no place for logs: set it, or choose one with logFolder",
    );
  }
  return home;
}

async function startFleet(
  scheduler: BatchScheduler,
  spec: FleetSpec,
  context: DriverContext,
): Promise<Fleet> {
  const params = checkedParams(scheduler, spec.extraParams);
  const missing = params.exportEnv.find(([name, value]) =>
    value === undefined && Deno.env.get(name) === undefined
  );
  if (missing) context.notice(`exportEnv: ${missing[0]} is not set here, so jobs don't get it either`);
  const { runId } = context;
  const path = logFolderPath(runId, params.logFolder, params.logFolder === undefined ? homeFolder() : "");
  checkLogPath(path, "the workers' logs", ANOTHER_LOG_FOLDER);
  if (!spec.haveSharedTemp && scheduler.secretNotice !== undefined) context.notice(scheduler.secretNotice);
  const channel = await context.openChannel("network");
  const file = spec.haveSharedTemp ? await channel.addressFile(params.addressFolder) : undefined;
  const register = await context.register();
  const logs = await LogFolder.make(path, register, {
    keep: params.keepLogs,
    notice: (line) => context.notice(line),
  });
  const jobs = new WorkerJobs({
    scheduler,
    runId,
    spec,
    params,
    channel: {
      hosts: channel.hosts,
      port: channel.port,
      arguments: file === undefined ? channel.workerArguments : ["--channel-file", file],
      ...file === undefined ? {} : { file },
      secrets: file === undefined ? Object.entries(channel.workerEnvironment) : [],
    },
    logFolder: path,
    folder: Deno.cwd(),
    environment: Deno.env.toObject(),
  });
  const arrayLimit = await arrayLimitOf(scheduler, spec, params, jobs.clusters);
  const fleet = new BatchFleet({
    scheduler,
    run: runCommand,
    spec,
    params,
    context,
    channel,
    jobs,
    logs,
    arrayLimit,
  });
  try {
    await fleet.begin(spec.workers);
  } catch (error) {
    await fleet.stop({ finished: false });
    throw error;
  }
  return fleet;
}

async function arrayLimitOf(
  scheduler: BatchScheduler,
  { maxWorkers }: FleetSpec,
  { arrays, maxArraySize }: CheckedParams,
  clusters: string | undefined,
): Promise<number> {
  if (!arrays || maxWorkers === 1) return 1;
  const site = await scheduler.arrayLimit(runCommand, clusters) ?? ARRAY_LIMIT;
  const limit = Math.min(site, maxArraySize ?? Infinity);
  // A site without arrays says 0 or 1.
  return Math.max(1, limit);
}
