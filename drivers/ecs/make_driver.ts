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
import { messageOf } from "../../core/errors.ts";
import { CW_ECS } from "../../core/kinds.ts";
import type { AwsSend } from "../aws/api.ts";
import { awsAvailability } from "../aws/availability.ts";
import { AwsCaller } from "../aws/aws_caller.ts";
import { channelEnvironment } from "../aws/channel_environment.ts";
import { Belongings } from "./belongings.ts";
import { checkInputNames } from "./check_input_names.ts";
import { cleanUp } from "./cleanup.ts";
import { EcsFleet } from "./ecs_fleet.ts";
import { EcsResources } from "./ecs_resources.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { checkExtraParams } from "./extra_params.ts";
import { findLeftovers } from "./leftovers.ts";
import { previewCalls } from "./preview.ts";
import { type RequestContext, runTaskInput, type WorkerContainer } from "./requests.ts";
import { forget, tearDown } from "./tear_down.ts";
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
  const belongings = new Belongings(await context.register());
  const { requestTimeout } = params;
  const caller = new AwsCaller(
    send(undefined),
    requestTimeout === undefined ? {} : { requestTimeoutMs: 1000 * requestTimeout },
  );
  const resources = new EcsResources({
    ...{ caller, params, run, belongings, times, signal },
    notice: (line) => context.notice(line),
  });
  try {
    await resources.make(spec.workers);
    signal.throwIfAborted();
    return new EcsFleet({ caller, send, resources, belongings, times, spec, context, channel, worker });
  } catch (error) {
    await takeBack(belongings, { caller, times, context });
    throw error;
  }
}

/** What AWS would refuse at last, when everything else has been made, is better refused at first. */
function checkOverrides(context: RequestContext, worker: Omit<WorkerContainer, "name">): void {
  const { run_task: task, register_task_definition: definition } = context.params;
  const name = task?.overrides?.containerOverrides?.[0]?.name ??
    definition?.containerDefinitions?.[0]?.name ?? "";
  runTaskInput(context, {
    ...{ count: 1, token: "", taskDefinition: "", cluster: undefined },
    worker: { ...worker, name },
  });
}

/** Nothing may stay of a fleet that did not come about; and what kept it from that must not be hidden. */
async function takeBack(
  belongings: Belongings,
  { caller, times, context }: { caller: AwsCaller; times: EcsTimes; context: DriverContext },
): Promise<void> {
  try {
    const { things } = belongings;
    const report = await caller.within(times.stopMs + times.deleteMs, async (caller) => {
      const found = await findLeftovers(things, { caller, times, runId: context.runId, isOwn: true });
      return await tearDown(found, { caller, times, reason: "blockfleet: the run could not start" });
    });
    await forget(things, report);
    for (const line of report.failed) context.notice(`Not removed: ${line}`);
  } catch (error) {
    context.notice(
      `What was made in AWS can't be removed now: ${
        messageOf(error)
      }. "blockfleet cleanup --run ${context.runId}" does it later`,
    );
  } finally {
    caller.destroy();
  }
}
