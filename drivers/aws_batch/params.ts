/**
 * The extra parameters of `CW_AWSBATCH`.
 *
 * @module
 */
import { ConfigError } from "../../core/errors.ts";
import { isObject } from "../../core/is_object.ts";
import { checkKnownKeys } from "../../core/known_keys.ts";
import type { SdkInput } from "../aws/sdk_input.ts";

/** What SubmitJob takes (AWS Batch API Reference, SubmitJob), as far as it is the user's to say. */
export type SubmitJobInput = Partial<
  Omit<
    SdkInput<typeof import("@aws-sdk/client-batch"), "SubmitJobCommand">,
    "jobName" | "arrayProperties" | "retryStrategy"
  >
>;

/** `computeWorkerExtraParams` of `CW_AWSBATCH`; all of it may be left out. */
export interface AwsBatchExtraParams {
  /** The CloudFormation stack. Default: RIOS_AWSBATCH_STACK, BLOCKFLEET_AWSBATCH_STACK, else `RIOS`. */
  readonly stack?: string;
  /** The region. Default: RIOS_AWSBATCH_REGION, BLOCKFLEET_AWSBATCH_REGION, else the SDK's. */
  readonly region?: string;
  /**
   * More of what SubmitJob takes. With `jobQueue` and `jobDefinition` in it no stack is asked for. `timeout` is the length of a
   * worker's life, by default 24 hours.
   */
  readonly submit_job?: SubmitJobInput;
  /** Longest wait for one answer of AWS, seconds. Default 30. */
  readonly requestTimeout?: number;
}

const EXTRA_PARAMS: Required<AwsBatchExtraParams> = {
  stack: "",
  region: "",
  submit_job: {},
  requestTimeout: 0,
};

/** What blockfleet itself says in SubmitJob. */
const OWN_FIELDS: Readonly<Record<string, string>> = {
  jobName: "jobs are named after their run and its name (--job-name)",
  arrayProperties: "the number of workers decides",
  retryStrategy: "a lost worker is replaced by the run itself",
  nodeOverrides: "workers are jobs of one node",
  eksPropertiesOverride: "workers are no Kubernetes pods",
  ecsPropertiesOverride: "the job definition must have containerProperties",
};

/** Least time limit of a job's attempt, seconds (AWS Batch User Guide, "Job timeouts"). */
const LEAST_TIMEOUT_S = 60;

/**
 * Checks the extra parameters.
 *
 * @throws {ConfigError} naming what is wrong with them.
 */
export function checkExtraParams(given: Readonly<Record<string, unknown>>): AwsBatchExtraParams {
  checkKnownKeys(given, EXTRA_PARAMS, "computeWorkerExtraParams of CW_AWSBATCH");
  for (const name of ["stack", "region"]) {
    const value = given[name];
    if (value !== undefined && (typeof value !== "string" || value === "")) {
      throw new ConfigError(`${name} must be a name, not '${JSON.stringify(value)}'`);
    }
  }
  const { requestTimeout, submit_job = {} } = given as AwsBatchExtraParams;
  if (requestTimeout !== undefined && !(typeof requestTimeout === "number" && requestTimeout > 0)) {
    throw new ConfigError(`requestTimeout must be seconds above 0, not '${requestTimeout}'`);
  }
  if (!isObject(submit_job)) {
    throw new ConfigError("submit_job must be an object: what AWS Batch's SubmitJob takes");
  }
  for (const name of Object.keys(submit_job)) {
    const reason = OWN_FIELDS[name];
    if (reason) throw new ConfigError(`submit_job can't have '${name}': ${reason}`);
  }
  const { containerOverrides, timeout } = submit_job;
  if (containerOverrides?.command) {
    throw new ConfigError("submit_job.containerOverrides can't have 'command': it is the worker's");
  }
  const seconds = timeout?.attemptDurationSeconds;
  if (timeout !== undefined && seconds === undefined) {
    throw new ConfigError(
      `submit_job.timeout needs attemptDurationSeconds: whole seconds, at least ${LEAST_TIMEOUT_S}`,
    );
  }
  if (timeout !== undefined && !(Number.isSafeInteger(seconds) && seconds! >= LEAST_TIMEOUT_S)) {
    throw new ConfigError(
      `submit_job.timeout.attemptDurationSeconds must be whole seconds, at least ${LEAST_TIMEOUT_S}, not '${seconds}'`,
    );
  }
  return given as AwsBatchExtraParams;
}
