/**
 * The inputs of the calls that a run makes, from the user's dictionary and what the run adds. Pure functions.
 *
 * @module
 */
import type { RunInstancesCommandInput, TagSpecification } from "@aws-sdk/client-ec2";
import type {
  ContainerDefinition,
  ContainerOverride,
  CreateClusterCommandInput,
  RegisterTaskDefinitionCommandInput,
  RunTaskCommandInput,
} from "@aws-sdk/client-ecs";
import { ConfigError } from "../../core/errors.ts";
import type { EcsExtraParams } from "./extra_params.ts";
import { startsRios, withLogPrefix, withLogRegion, withOwnProgram } from "./adapt_container.ts";
import { RUN_LABEL, type RunName, withRunTags } from "./names.ts";
import { addWatchdog, encodeUserData, makeUserData, plainUserData } from "./user_data.ts";

/** What all inputs depend on. */
export interface RequestContext {
  /** The user's dictionary. */
  readonly params: EcsExtraParams;
  /** The run. */
  readonly run: RunName;
  /** Whether things get tags: not everyone may tag. */
  readonly tagged: boolean;
}

/** A worker's container: which, and what it runs. */
export interface WorkerContainer {
  /** Its name in the task definition. */
  readonly name: string;
  /** Its arguments. */
  readonly command: readonly string[];
  /** Its variables; the key is among them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** AWS stops a container with SIGTERM, and with SIGKILL so many seconds later; 120 is the most on Fargate. */
const STOP_SECONDS = 120;
/** AWS's cap on the overrides of a RunTask call, characters ("RunTask", `overrides`). */
const OVERRIDES_LIMIT = 8192;

/** The input of CreateCluster. */
export function createClusterInput(context: RequestContext): CreateClusterCommandInput {
  const { tags, ...input } = context.params.create_cluster!;
  return { ...input, ...context.tagged ? { tags: withRunTags(tags, context.run) } : {} };
}

/**
 * The input of RegisterTaskDefinition. Signals reach the worker, which has two minutes to end; the label says whose it is where
 * tags can't; the worker's log streams bear the job's name; and RIOS's program gives way to ours.
 *
 * @param region the region of the logs, where a container writes some and its definition does not say it.
 */
export function registerTaskDefinitionInput(
  context: RequestContext,
  { region }: { readonly region: string | undefined },
): RegisterTaskDefinitionCommandInput {
  const { tags, containerDefinitions, ...input } = context.params.register_task_definition!;
  const workerName = workerContainerName(context.params);
  const isWindows = input.runtimePlatform?.operatingSystemFamily?.startsWith("WINDOWS") ?? false;
  return {
    ...input,
    containerDefinitions: containerDefinitions!.map((container): ContainerDefinition => ({
      ...adapted(container, { region, run: container.name === workerName ? context.run : undefined }),
      stopTimeout: container.stopTimeout ?? STOP_SECONDS,
      ...isWindows ? {} : { linuxParameters: { initProcessEnabled: true, ...container.linuxParameters } },
      dockerLabels: { ...container.dockerLabels, [RUN_LABEL]: context.run.runId },
    })),
    ...context.tagged ? { tags: withRunTags(tags, context.run) } : {},
  };
}

/** Whether some container writes to CloudWatch and does not say in which region. */
export function needsLogRegion({ register_task_definition: definition }: EcsExtraParams): boolean {
  return definition?.containerDefinitions?.some((container) => withLogRegion(container, "?") !== container) ??
    false;
}

function adapted(
  container: ContainerDefinition,
  { region, run }: { readonly region: string | undefined; readonly run: RunName | undefined },
): ContainerDefinition {
  const own = withLogRegion(withOwnProgram(container), region);
  return run === undefined ? own : withLogPrefix(own, run);
}

/** The name of the worker's container: that of the first override, else of the definition's first. */
export function workerContainerName(
  { run_task: task, register_task_definition: definition }: EcsExtraParams,
): string | undefined {
  return task?.overrides?.containerOverrides?.[0]?.name ?? definition?.containerDefinitions?.[0]?.name;
}

/** What the user is told of a task definition that was written for RIOS; undefined for any other. */
export function riosNotice({ register_task_definition: definition }: EcsExtraParams): string | undefined {
  const rios = definition?.containerDefinitions?.find(startsRios);
  return rios &&
    `register_task_definition: container '${rios.name}' starts RIOS's rios_computeworker, so blockfleet is started in its ` +
      "place: the image must have it (docs/ecs.md)";
}

/**
 * The input of RunInstances: instances that end themselves when the run is gone.
 *
 * @param token finds the instances again if the answer is lost.
 * @returns also whether the dead-man's switch could not be put in, since the user data is the user's own and no shell script.
 */
export function runInstancesInput(
  context: RequestContext,
  { token, workers, cluster, family, most }: {
    readonly token: string;
    readonly workers: number;
    readonly cluster: string;
    readonly family: string;
    /** At most so many, whatever the user's own input says: in the place of those that have ended. */
    readonly most?: number | undefined;
  },
): { readonly input: RunInstancesCommandInput; readonly isUnwatched: boolean } {
  const { TagSpecifications, UserData, ...input } = context.params.run_instances!;
  const own = UserData === undefined
    ? input.LaunchTemplate ? undefined : makeUserData({ cluster, family })
    : addWatchdog(plainUserData(UserData), family);
  const userData = own ?? UserData;
  return {
    input: {
      MinCount: 1,
      MaxCount: workers,
      InstanceInitiatedShutdownBehavior: "terminate",
      ...input,
      ...most === undefined ? {} : { MinCount: 1, MaxCount: most },
      ClientToken: token,
      ...userData === undefined ? {} : { UserData: encodeUserData(userData) },
      ...context.tagged ? { TagSpecifications: taggedResources(TagSpecifications, context.run) } : {},
    },
    isUnwatched: own === undefined,
  };
}

function taggedResources(given: readonly TagSpecification[] | undefined, run: RunName): TagSpecification[] {
  const others =
    given?.filter(({ ResourceType }) => ResourceType !== "instance" && ResourceType !== "volume") ?? [];
  const instances = given?.find(({ ResourceType }) => ResourceType === "instance")?.Tags ?? [];
  const volumes = given?.find(({ ResourceType }) => ResourceType === "volume")?.Tags ?? instances;
  const withRun = (tags: typeof instances) =>
    withRunTags(tags.map(({ Key, Value }) => ({ key: Key, value: Value })), run)
      .map(({ key, value }) => ({ Key: key, Value: value }));
  return [
    ...others,
    { ResourceType: "instance", Tags: withRun(instances) },
    { ResourceType: "volume", Tags: withRun(volumes) },
  ];
}

/**
 * The input of RunTask.
 *
 * @param options how many tasks, by which token, of which definition, where, with what in them.
 * @throws {ConfigError} if the overrides are longer than AWS takes.
 */
export function runTaskInput(
  context: RequestContext,
  { count, token, taskDefinition, cluster, worker }: {
    readonly count: number;
    readonly token: string;
    readonly taskDefinition: string;
    readonly cluster: string | undefined;
    readonly worker: WorkerContainer;
  },
): RunTaskCommandInput {
  const { tags, propagateTags, overrides, ...input } = context.params.run_task ?? {};
  const ours = workerOverride(overrides?.containerOverrides, worker);
  const others = overrides?.containerOverrides?.filter((one, at) => at > 0 && one.name !== worker.name) ?? [];
  const all = { ...overrides, containerOverrides: [ours, ...others] };
  const characters = JSON.stringify(all).length;
  if (characters > OVERRIDES_LIMIT) {
    throw new ConfigError(
      `The overrides of run_task have ${characters} characters, and AWS takes ${OVERRIDES_LIMIT}: ` +
        "put your environment variables into the task definition instead",
    );
  }
  return {
    ...input,
    taskDefinition,
    ...cluster === undefined ? {} : { cluster },
    count,
    clientToken: token,
    startedBy: context.run.runId,
    overrides: all,
    ...context.tagged
      ? { tags: withRunTags(tags, context.run), propagateTags: propagateTags ?? "TASK_DEFINITION" }
      : {},
  };
}

function workerOverride(
  given: readonly ContainerOverride[] | undefined,
  worker: WorkerContainer,
): ContainerOverride {
  const user = given?.find(({ name }) => name === worker.name) ?? given?.[0];
  const kept = user?.environment?.filter(({ name }) => !Object.hasOwn(worker.environment, name ?? "")) ?? [];
  return {
    ...user,
    name: worker.name,
    command: [...worker.command],
    environment: [...kept, ...Object.entries(worker.environment).map(([name, value]) => ({ name, value }))],
  };
}
