/**
 * The driver of `CW_ECS` over a way to call AWS.
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
} from "../../core/driver.ts";
import { CW_ECS } from "../../core/kinds.ts";
import type { AwsSend } from "../aws/api.ts";
import { awsAvailability } from "../aws/availability.ts";
import { AwsCaller } from "../aws/aws_caller.ts";
import { channelEnvironment } from "../aws/channel_environment.ts";
import { checkInputNames } from "./check_input_names.ts";
import { cleanUp } from "./cleanup.ts";
import { EcsFleet } from "./ecs_fleet.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { checkExtraParams } from "./extra_params.ts";
import { Infrastructure } from "./infrastructure.ts";
import { previewCalls } from "./preview.ts";
import { type RequestContext, runTaskInput, type WorkerContainer, workerContainerName } from "./requests.ts";
import { workerArguments } from "./worker_arguments.ts";

/** What a driver takes. */
export interface MakeDriverOptions {
  /** Calls AWS in a region; undefined for that of the environment. */
  send(region: string | undefined): AwsSend;
  /** How long to wait for what. */
  readonly times: EcsTimes;
}

/** Makes a driver. */
export function makeDriver({ send, times }: MakeDriverOptions): Driver {
  return {
    kind: CW_ECS,
    computeWorkersReadDefault: true,
    inProcess: false,
    supportsSingleBlock: false,
    canInterrupt: true,
    canGrow: true,
    available(): Promise<Availability> {
      return awsAvailability();
    },
    start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
      return startFleet(spec, context, { send, times });
    },
    preview(spec: FleetSpec): Promise<Preview> {
      return preview(spec, send);
    },
    cleanup(selector: RunSelector): Promise<CleanupReport> {
      return cleanUp(selector, { send, times });
    },
  };
}

/** Makes the checks of a real run, and no call. */
async function preview(spec: FleetSpec, send: MakeDriverOptions["send"]): Promise<Preview> {
  const params = checkExtraParams(spec.extraParams, { jobName: spec.jobName });
  const caller = new AwsCaller(send(undefined));
  try {
    await checkInputNames(caller, params);
    return previewCalls(spec, params);
  } finally {
    caller.destroy();
  }
}

async function startFleet(
  spec: FleetSpec,
  context: DriverContext,
  { send, times }: MakeDriverOptions,
): Promise<Fleet> {
  const { runId, signal } = context;
  const params = checkExtraParams(spec.extraParams, {
    jobName: spec.jobName,
    onNotice: (line) => context.notice(line),
  });
  const channel = await context.openChannel("network");
  const run = { runId, jobName: spec.jobName };
  const worker = {
    command: workerArguments(spec.threadsPerWorker),
    environment: channelEnvironment(channel),
  };
  checkOverrides({ params, run, tagged: true }, worker);
  const infrastructure = new Infrastructure({
    ...{ params, run, times, signal, send: send(undefined) },
    register: await context.register(),
    notice: (line) => context.notice(line),
  });
  try {
    await infrastructure.resources.make(spec.workers);
    signal.throwIfAborted();
    return new EcsFleet({ infrastructure, send, spec, context, channel, worker });
  } catch (error) {
    await infrastructure.takeBack();
    throw error;
  }
}

/** What AWS would refuse at last, when everything else has been made, is better refused at first. */
function checkOverrides(context: RequestContext, worker: Omit<WorkerContainer, "name">): void {
  const name = workerContainerName(context.params) ?? "";
  runTaskInput(context, {
    ...{ count: 1, token: "", taskDefinition: "", cluster: undefined },
    worker: { ...worker, name },
  });
}
