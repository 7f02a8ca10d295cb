/**
 * Makes the jobs of a run's workers: script, command and names of each submission.
 *
 * @module
 */
import type { FleetSpec } from "../../core/driver.ts";
import { workerCommand } from "../../core/worker_command.ts";
import { workerName } from "../../core/worker_name.ts";
import type { BatchScheduler, JobRequest } from "./batch_scheduler.ts";
import { beginScript } from "./begin_script.ts";
import type { CheckedParams } from "./extra_params.ts";
import { renderJobScript } from "./job_script.ts";

/** How a run's workers find their manager. */
export interface WorkerChannel {
  /** Where the manager listens. */
  readonly hosts: readonly string[];
  /** Its port; a placeholder in previews. */
  readonly port: number | string;
  /** Arguments of `worker` that name the channel. */
  readonly arguments: readonly string[];
  /** The address file, if there is one. */
  readonly file?: string;
  /** The key's variable and value, if there is none. */
  readonly secrets: readonly (readonly [string, string])[];
}

/** What all submissions of a run have in common. */
export interface WorkerJobsOptions {
  /** The queue. */
  readonly scheduler: BatchScheduler;
  /** The run. */
  readonly runId: string;
  /** What was asked for. */
  readonly spec: FleetSpec;
  /** The checked dictionary. */
  readonly params: CheckedParams;
  /** The way to the manager. */
  readonly channel: WorkerChannel;
  /** The run's log folder. */
  readonly logFolder: string;
  /** The folder that workers run in. */
  readonly folder: string;
  /** This process's environment, or placeholders. */
  readonly environment: Readonly<Record<string, string>>;
}

/** One submission: a script for the standard input of a command. */
export interface JobSubmission {
  /** Finds it again in the queue. */
  readonly token: string;
  /** Begins the name of its log. */
  readonly logStem: string;
  /** Elements of its array; undefined for a plain job. */
  readonly arraySize: number | undefined;
  /** The number of its first worker. */
  readonly firstWorker: number;
  /** The submit command. */
  readonly command: readonly string[];
  /** Its environment; undefined for this process's. */
  readonly environment: Record<string, string> | undefined;
  /** What it reads. */
  readonly script: string;
  /** The clusters that it may be submitted to, where they are not just the own one. */
  readonly clusters: string | undefined;
}

/** The token of a run's submissions; that of one has its number behind it. */
export function runToken(runId: string): string {
  return `blockfleet:${runId}:`;
}

/** A job name that every scheduler takes. */
export function jobName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 64);
}

/** What tells one job of workers from another. */
export interface WorkerJob {
  /** The run. */
  readonly runId: string;
  /** The user's name for it. */
  readonly jobName: string | undefined;
  /** The number of its first worker. */
  readonly firstWorker: number;
  /** Workers in it; several are an array. */
  readonly workers: number;
  /** Counts the run's jobs, from 0. */
  readonly number: number;
  /** Computing threads of each worker. */
  readonly threads: number;
  /** The run's log folder. */
  readonly logFolder: string;
  /** The checked dictionary. */
  readonly params: CheckedParams;
}

/** A job of workers, as its directives and its log name it. */
export function workerJobRequest(job: WorkerJob): JobRequest & { readonly arraySize: number | undefined } {
  const { runId, jobName: name, firstWorker, workers, number, threads, logFolder, params } = job;
  const isArray = workers > 1;
  return {
    name: jobName(isArray ? arrayName(name) : workerName(name, firstWorker)),
    token: runToken(runId) + number,
    arraySize: isArray ? workers : undefined,
    logFolder,
    logStem: isArray ? `workers_${number}` : `worker_${firstWorker}_${number}`,
    params: { ...params, cores: params.cores ?? (threads > 1 ? threads : undefined) },
  };
}

/** Makes submissions, numbered on. */
export class WorkerJobs {
  readonly #options: WorkerJobsOptions;
  #made = 0;

  /** A maker of the jobs of one run. */
  constructor(options: WorkerJobsOptions) {
    this.#options = options;
  }

  /** The clusters that jobs may be submitted to, where they are not just the own one. */
  get clusters(): string | undefined {
    const { scheduler, params, environment } = this.#options;
    return scheduler.clusters?.(params.extraDirectives, environment);
  }

  /** A job for the workers from `firstWorker` on; an array if there are several. */
  make(firstWorker: number, workers: number): JobSubmission {
    const { scheduler, runId, spec, params, channel, logFolder, folder, environment } = this.#options;
    const threads = params.cores ?? spec.threadsPerWorker;
    const request = workerJobRequest({
      runId,
      jobName: spec.jobName,
      firstWorker,
      workers,
      number: this.#made++,
      threads,
      logFolder,
      params,
    });
    const { token, logStem, arraySize } = request;
    const own = scheduler.submitEnvironment?.(environment);
    const secrets = scheduler.carriesSecrets ? Object.fromEntries(channel.secrets) : undefined;
    const script = renderJobScript({
      begin: beginScript(scheduler, request),
      openLog: scheduler.openLog?.(request),
      runId,
      folder,
      exports: exported(params, environment),
      initCmds: params.initCmds,
      waitFor: channel.file,
      carriedSecret: secrets && channel.secrets[0]?.[0],
      commandExports: secrets ? [] : channel.secrets,
      command: this.#workerCommand(firstWorker, arraySize, threads),
      cmdPrefix: params.cmdPrefix,
      cmdSuffix: params.cmdSuffix,
      isWatched: scheduler.killsOneGroup,
    });
    return {
      token,
      logStem,
      arraySize,
      firstWorker,
      script,
      clusters: this.clusters,
      command: scheduler.submitCommand,
      environment: secrets ? { ...own ?? environment, ...secrets } : own,
    };
  }

  #workerCommand(firstWorker: number, arraySize: number | undefined, threads: number): string[] {
    const { scheduler, spec, params, channel } = this.#options;
    const { read, net, everything, flags } = spec.access;
    const access = {
      ...spec.access,
      net: [...channel.hosts.map((host) => hostAndPort(host, channel.port)), ...net],
    };
    // An address file is read by the worker itself, before it knows anything.
    const readable = channel.file === undefined ? access : { ...access, read: [...read, channel.file] };
    const [program, ...words] = workerCommand(everything ? undefined : readable, flags);
    const index = arraySize === undefined
      ? ["-i", String(firstWorker)]
      : ["-i", "auto", ...firstWorker === 0 ? [] : ["--index-offset", String(firstWorker)]];
    return [
      params.program ?? program!,
      ...words,
      ...channel.arguments,
      ...index,
      ...["--threads", String(threads)],
      ...["--drain-grace", String(scheduler.drainSeconds(params))],
    ];
  }
}

/** The variables of a job's environment. Those that this process does not have are left out. */
export function exported(
  { exportEnv }: CheckedParams,
  environment: Readonly<Record<string, string>>,
): [string, string][] {
  // Workers run with what Deno has cached, wherever that is; and log files are no terminals.
  const cached = ["DENO_DIR", "XDG_CACHE_HOME"].flatMap((name): [string, string][] =>
    environment[name] ? [[name, environment[name]]] : []
  );
  const own: [string, string][] = [["NO_COLOR", "1"], ...cached];
  const theirs = exportEnv.flatMap(([name, value]): [string, string][] => {
    const text = value ?? environment[name];
    return text === undefined ? [] : [[name, text]];
  });
  return [...own, ...theirs];
}

function arrayName(name: string | undefined): string {
  return name === undefined ? "blockfleet" : `blockfleet_${name}`;
}

function hostAndPort(host: string, port: number | string): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
