/**
 * `CW_AWSBATCH`: compute workers are jobs of AWS Batch, in a queue that a CloudFormation stack made. `CW_ECS` is the better
 * choice for anything new: it starts faster and needs no stack.
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
  Preview,
  RunSelector,
} from "../core/driver.ts";
import { ConfigError, messageOf } from "../core/errors.ts";
import { CW_AWSBATCH } from "../core/kinds.ts";
import { awsAvailability } from "./aws/availability.ts";
import { AwsCaller } from "./aws/aws_caller.ts";
import { channelEnvironment } from "./aws/channel_environment.ts";
import { SdkSend, type SdkSendOptions } from "./aws/sdk_send.ts";
import { cleanUpBatch } from "./aws_batch/batch_cleanup.ts";
import { BatchFleet } from "./aws_batch/batch_fleet.ts";
import { previewBatch } from "./aws_batch/batch_preview.ts";
import { type AwsBatchExtraParams, checkExtraParams } from "./aws_batch/params.ts";
import { chosenRegion, findPlace, LAST_REGION, stackOf, stackOutputs } from "./aws_batch/stack.ts";
import { BATCH_TIMING, type BatchTiming } from "./aws_batch/timing.ts";

export type { AwsService } from "./aws/api.ts";
export type { OnlyOf, SdkInput } from "./aws/sdk_input.ts";
export type { SdkClient, SdkSendOptions } from "./aws/sdk_send.ts";
export type { AwsBatchExtraParams, SubmitJobInput } from "./aws_batch/params.ts";
export type { BatchTiming } from "./aws_batch/timing.ts";

/** How a driver of `CW_AWSBATCH` is made. */
export interface AwsBatchDriverOptions {
  /** SDK clients of your own, such as with a role of their own; by service. */
  readonly clients?: SdkSendOptions["clients"];
  /** How long to wait for what. */
  readonly timing?: BatchTiming;
}

/** A driver of `CW_AWSBATCH` with SDK clients or times of your own. */
export function awsBatchDriver(options: AwsBatchDriverOptions = {}): Driver {
  const { clients = {}, timing = BATCH_TIMING } = options;
  const send = (region: string | undefined) => new SdkSend({ region, clients });
  const callerOf = callersOf(clients);
  return {
    kind: CW_AWSBATCH,
    computeWorkersReadDefault: true,
    inProcess: false,
    supportsSingleBlock: false,
    canInterrupt: true,
    canGrow: true,
    available: () => availableHere(),
    async start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
      const params = checkExtraParams(spec.extraParams);
      const caller = callerOf(await regionFor(params, callerOf, context.notice), params);
      let fleet: BatchFleet | undefined;
      try {
        await checkSubmitJob(caller, params);
        const region = await caller.region("batch");
        const place = await findPlace(caller, params);
        if (place.room && spec.workers > place.room.workers) {
          throw new ConfigError(`${spec.workers} workers are too many: ${place.room.reason}`);
        }
        const channel = await context.openChannel("network");
        fleet = new BatchFleet({
          ...{ caller, context, channel, region, timing },
          send: (elsewhere) => send(elsewhere ?? region),
          facts: {
            runId: context.runId,
            jobName: spec.jobName,
            place,
            submitJob: params.submit_job ?? {},
            threads: spec.threadsPerWorker,
            environment: channelEnvironment(channel),
          },
        });
        context.signal.throwIfAborted();
        await fleet.add(spec.workers);
        return fleet;
      } catch (error) {
        await fleet?.stop({ finished: false });
        caller.destroy();
        throw error;
      }
    },
    async preview(spec: FleetSpec): Promise<Preview> {
      const params = checkExtraParams(spec.extraParams);
      const caller = callerOf(chosenRegion(params));
      try {
        await checkSubmitJob(caller, params);
        return previewBatch(spec, params);
      } finally {
        caller.destroy();
      }
    },
    async cleanup(selector: RunSelector): Promise<CleanupReport> {
      const chosen = await regionFor({}, callerOf, () => {});
      return await cleanUpBatch(selector, { timing, caller: (region) => callerOf(region ?? chosen) });
    },
  };
}

/** The driver of `CW_AWSBATCH`. */
export const driver: Driver = awsBatchDriver();

export default driver;

/** What {@linkcode getStackOutputs} takes. */
export interface StackOutputsOptions
  extends Pick<AwsBatchExtraParams, "stack" | "region" | "requestTimeout"> {
  /** SDK clients of your own, such as with a role of their own; by service. */
  readonly clients?: SdkSendOptions["clients"];
  /** Called with each line that the user should see. Default `console.warn`. */
  readonly onNotice?: (line: string) => void;
}

/**
 * The outputs of the CloudFormation stack that the driver takes queue and job definition from, by key: `BatchMaxVCPUS`,
 * `BatchVCPUS`, `BatchProcessingJobQueueName`, `BatchProcessingJobDefinitionName` and whatever else the template gives.
 *
 * @param options the stack and its region; default those in the environment (RIOS_AWSBATCH_STACK, RIOS_AWSBATCH_REGION), as for
 * a run.
 * @throws {ConfigError} if there is no such stack, or an option is misspelt.
 * @throws {AwsError} if AWS refuses, or does not answer.
 */
export async function getStackOutputs(options: StackOutputsOptions = {}): Promise<Map<string, string>> {
  const { clients = {}, onNotice = console.warn, ...given } = options;
  const params = checkExtraParams({ ...given });
  const callerOf = callersOf(clients);
  const caller = callerOf(await regionFor(params, callerOf, onNotice), params);
  try {
    return await stackOutputs(caller, stackOf(params));
  } finally {
    caller.destroy();
  }
}

type CallerOf = (region: string | undefined, params?: AwsBatchExtraParams) => AwsCaller;

function callersOf(clients: NonNullable<SdkSendOptions["clients"]>): CallerOf {
  return (region, { requestTimeout } = {}) =>
    new AwsCaller(
      new SdkSend({ region, clients }),
      requestTimeout === undefined ? {} : { requestTimeoutMs: 1000 * requestTimeout },
    );
}

/** Names that SubmitJob does not have are refused; without any of the user's there is nothing to load the SDK for. */
async function checkSubmitJob(caller: AwsCaller, { submit_job }: AwsBatchExtraParams): Promise<void> {
  if (submit_job) {
    await caller.check(
      "batch:SubmitJob",
      submit_job,
      "'submit_job' in computeWorkerExtraParams of CW_AWSBATCH",
    );
  }
}

/** The user's region for Batch, else the SDK's (undefined), else the last resort, which is said. */
async function regionFor(
  params: AwsBatchExtraParams,
  callerOf: CallerOf,
  notice: (line: string) => void,
): Promise<string | undefined> {
  const chosen = chosenRegion(params);
  if (chosen !== undefined) return chosen;
  const caller = callerOf(undefined);
  try {
    await caller.region("batch");
    return undefined;
  } catch (error) {
    if (!/region is missing/i.test(messageOf(error))) throw error;
    notice(
      `No AWS region is set: '${LAST_REGION}' is taken, as RIOS does. Set RIOS_AWSBATCH_REGION or AWS_REGION`,
    );
    return LAST_REGION;
  } finally {
    caller.destroy();
  }
}

/** A region of its own is enough, and without any there is the last one, which is said. */
function availableHere(): Promise<Availability> {
  return awsAvailability(undefined, { region: chosenRegion({}), lastRegion: LAST_REGION });
}
