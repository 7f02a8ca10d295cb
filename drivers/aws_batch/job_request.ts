/**
 * The SubmitJob that starts workers.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import type { AwsInput } from "../aws/api.ts";
import type { SubmitJobInput } from "./params.ts";
import type { BatchPlace } from "./stack.ts";

/** Most jobs of an array (AWS Batch User Guide, "Array jobs"); the least is 2. */
export const LARGEST_ARRAY = 10_000;
/** A worker's life unless the user says otherwise, seconds: whatever goes wrong, no job runs for longer. */
export const DEFAULT_TIMEOUT_S = 86_400;
/** Most characters of a job's container overrides (Amazon ECS API Reference, TaskOverride). */
const OVERRIDES_LIMIT = 8192;
/** Longest part of a job's name that is the user's; Batch allows 128 in all. */
const NAME_CHARACTERS = 40;

/** What all requests of a run have in common. */
export interface JobRequestFacts {
  /** The run. */
  readonly runId: string;
  /** The user's name for the job. */
  readonly jobName: string | undefined;
  /** Where jobs go. */
  readonly place: BatchPlace;
  /** What the user adds. */
  readonly submitJob: SubmitJobInput;
  /** Computing threads in a worker. */
  readonly threads: number;
  /** What leads a worker to its manager, the key among it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Which workers a request starts. */
export interface JobRange {
  /** The number of the first. */
  readonly first: number;
  /** How many, at most {@linkcode LARGEST_ARRAY}. */
  readonly count: number;
  /** Counts the run's requests; makes their names unique. */
  readonly sequence: number;
}

/** What SubmitJob takes for these workers: an array for several, a plain job for one. */
export function jobRequest(facts: JobRequestFacts, range: JobRange): AwsInput<"batch:SubmitJob"> {
  const { runId, jobName, place, submitJob, threads } = facts;
  const { first, count } = range;
  const number = count === 1 ? ["-i", String(first)] : ["-i", "auto", "--index-offset", String(first)];
  const containerOverrides = {
    ...submitJob.containerOverrides,
    command: ["worker", ...number, "--threads", String(threads)],
    environment: environment(facts),
  };
  const length = JSON.stringify(containerOverrides).length;
  if (length > OVERRIDES_LIMIT) {
    throw new ConfigError(
      `The overrides of the jobs' containers are ${length} characters long, and AWS takes ${OVERRIDES_LIMIT}: ` +
        "put part of submit_job.containerOverrides into the job definition",
    );
  }
  return {
    timeout: { attemptDurationSeconds: DEFAULT_TIMEOUT_S },
    propagateTags: true,
    ...submitJob,
    jobName: requestName(facts, range),
    jobQueue: place.jobQueue,
    jobDefinition: place.jobDefinition,
    ...count === 1 ? {} : { arrayProperties: { size: count } },
    retryStrategy: { attempts: 1 },
    containerOverrides,
    tags: {
      ...submitJob.tags,
      "blockfleet:run": runId,
      ...jobName === undefined ? {} : { "blockfleet:job": jobName },
    },
  };
}

/** A worker's life, seconds. */
export function timeoutSeconds(submitJob: SubmitJobInput): number {
  return submitJob.timeout?.attemptDurationSeconds ?? DEFAULT_TIMEOUT_S;
}

/** A name that no other job has: a SubmitJob whose answer never came is found by it. */
function requestName({ runId, jobName }: JobRequestFacts, { sequence }: JobRange): string {
  const own = jobName?.replace(/[^A-Za-z0-9-]+/g, "-").slice(0, NAME_CHARACTERS);
  return ["blockfleet", ...own ? [own] : [], runId, String(sequence)].join("_");
}

function environment({ submitJob, environment }: JobRequestFacts): { name: string; value: string }[] {
  const given = submitJob.containerOverrides?.environment ?? [];
  for (const { name } of given) {
    if (name !== undefined && Object.hasOwn(environment, name)) {
      throw new ConfigError(
        `submit_job.containerOverrides can't set '${name}': it leads the worker to its manager`,
      );
    }
  }
  const own = Object.entries(environment).map(([name, value]) => ({ name, value }));
  return [...given.map(({ name = "", value = "" }) => ({ name, value })), ...own];
}
