/**
 * What the tasks of a run stand on: cluster, task definition and instances, each made only if the user asked for it.
 *
 * @module
 */
import type { ContainerDefinition, TaskDefinition } from "@aws-sdk/client-ecs";
import { ConfigError, DriverError } from "../../core/errors.ts";
import type { AwsAction } from "../aws/api.ts";
import type { AwsCaller, CallOptions } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import { startsRios } from "./adapt_container.ts";
import type { Belongings, EcsThingData } from "./belongings.ts";
import { checkInputNames } from "./check_input_names.ts";
import type { EcsTimes } from "./ecs_times.ts";
import type { EcsExtraParams } from "./extra_params.ts";
import { Instances } from "./instances.ts";
import { Maker } from "./maker.ts";
import { RUN_TAG, type RunName, tagValue } from "./names.ts";
import {
  createClusterInput,
  needsLogRegion,
  registerTaskDefinitionInput,
  type RequestContext,
  riosNotice,
} from "./requests.ts";
import { type LogSetting, logSettingOf } from "./worker_log.ts";

/** What making things takes. */
export interface EcsResourcesOptions {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** The user's dictionary. */
  readonly params: EcsExtraParams;
  /** The run. */
  readonly run: RunName;
  /** What the run has made. */
  readonly belongings: Belongings;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** The run is over. */
  readonly signal: AbortSignal;
  /** A line for the user. */
  notice(line: string): void;
}

/** AWS's name for the error (Amazon ECS API Reference, "RunTask"). */
export const NO_CLUSTER = "ClusterNotFoundException";

/** Makes what the tasks stand on; {@linkcode tearDown} removes it. */
export class EcsResources {
  readonly #options: EcsResourcesOptions;
  readonly #maker: Maker;
  /** Its instances, if the run has any of its own. */
  readonly instances: Instances;
  #region = "";
  #clusterMs = -Infinity;
  #taskDefinitionMs = -Infinity;
  #taskDefinition: string;
  #containerName: string | undefined;
  #log: Promise<LogSetting | undefined> | undefined;

  /** Makes nothing yet. */
  constructor(options: EcsResourcesOptions) {
    this.#options = options;
    this.#maker = new Maker(options);
    this.instances = new Instances({
      ...options,
      maker: this.#maker,
      notice: (line) => options.notice(line),
    });
    const { run_task: task, register_task_definition: definition } = options.params;
    this.#taskDefinition = definition?.family ?? task?.taskDefinition ?? "";
  }

  /** The cluster that tasks run in; undefined for the account's default one. */
  get cluster(): string | undefined {
    const { create_cluster, run_task } = this.#options.params;
    return create_cluster?.clusterName ?? run_task?.cluster;
  }

  /** The task definition: its ARN once it has been made, or as the user named it. */
  get taskDefinition(): string {
    return this.#taskDefinition;
  }

  /** The worker's container. */
  get containerName(): string {
    return this.#containerName!;
  }

  /** The inputs' context. */
  get context(): RequestContext {
    return this.#maker.context;
  }

  /** The region that everything is in. */
  get region(): string {
    return this.#region;
  }

  /** Whether cluster or task definition may be missing because they are new; a cluster that the user named is not. */
  mayBeNew({ kind, code }: AwsError): boolean {
    if (kind !== "missing") return false;
    const madeMs = code === NO_CLUSTER ? this.#clusterMs : Math.max(this.#clusterMs, this.#taskDefinitionMs);
    return performance.now() < madeMs + this.#options.times.freshMs;
  }

  /**
   * The log of the worker's container, if it is in CloudWatch.
   *
   * @param isNeeded a task definition that there was no other need to look at is looked at now, once; if that is not allowed,
   *   nothing is known of a log.
   */
  async log({ isNeeded }: { readonly isNeeded: boolean }): Promise<LogSetting | undefined> {
    if (isNeeded) this.#log ??= this.#askForLog();
    return await this.#log;
  }

  /**
   * Makes all that is asked for. What could cost money comes last.
   *
   * @param workers how many are wanted.
   * @throws {AwsError} if AWS refuses; {@linkcode ConfigError} if a name is taken.
   */
  async make(workers: number): Promise<void> {
    await this.prepare();
    await this.createCluster();
    await this.createTaskDef();
    await this.runInstances(workers);
  }

  /**
   * Checks the names in the inputs and finds the region. Makes nothing.
   *
   * @throws {ConfigError} if a call has no input of that name.
   */
  async prepare(): Promise<void> {
    await checkInputNames(this.#options.caller, this.#options.params);
    this.#region = await this.#options.caller.region("ecs");
  }

  /** Starts instances for so many workers, if asked to. */
  async runInstances(workers: number): Promise<void> {
    await this.instances.runInstances({ workers, family: this.family, where: this.#where });
  }

  /** The family of the task definition: of `arn:...:task-definition/FAMILY:REVISION`, `FAMILY:REVISION` or `FAMILY`. */
  get family(): string {
    return this.#taskDefinition.split("/").at(-1)!.split(":")[0]!;
  }

  /** Goes on without tags. */
  giveUpTags(error: AwsError, action: AwsAction): void {
    this.#maker.giveUpTags(error, action);
  }

  /**
   * Makes a cluster, if asked to. One that is there already is never taken for our own.
   *
   * @returns whether it was asked to.
   */
  async createCluster(): Promise<boolean> {
    const { caller, params, signal } = this.#options;
    const name = params.create_cluster?.clusterName;
    if (name === undefined) return false;
    const { clusters } = await caller.call("ecs:DescribeClusters", { clusters: [name] }, { signal });
    if (clusters?.some(({ status }) => status !== "INACTIVE")) throw clusterTaken(name);
    const { answer: { cluster }, thing } = await this.#maker.make({
      type: "ecs-cluster",
      key: name,
      where: this.#where,
      action: "ecs:CreateCluster",
      call: () => caller.call("ecs:CreateCluster", createClusterInput(this.context), { signal }),
    });
    this.#clusterMs = performance.now();
    const owner = tagValue(cluster?.tags, RUN_TAG);
    if (owner !== undefined && owner !== this.#options.run.runId) {
      await thing.gone();
      throw clusterTaken(name);
    }
    await thing.made({ ...cluster?.clusterArn === undefined ? {} : { arn: cluster.clusterArn } });
    return true;
  }

  /** Makes a task definition, if asked to, and learns what it says of the worker's container. */
  async createTaskDef(): Promise<void> {
    const { caller, params, signal, notice } = this.#options;
    const wanted = params.run_task?.overrides?.containerOverrides?.[0]?.name;
    let definition = params.register_task_definition;
    if (definition) {
      const remark = riosNotice(params);
      if (remark !== undefined) notice(remark);
      const region = needsLogRegion(params) ? this.#region : undefined;
      const { answer, thing } = await this.#maker.make({
        type: "ecs-task-definition",
        key: definition.family!,
        where: this.#where,
        action: "ecs:RegisterTaskDefinition",
        // Each call makes a new revision: after one without an answer, another may be one too many, which is found by its label.
        call: () =>
          caller.call("ecs:RegisterTaskDefinition", registerTaskDefinitionInput(this.context, { region }), {
            signal,
          }),
      });
      this.#taskDefinitionMs = performance.now();
      const arn = answer.taskDefinition?.taskDefinitionArn;
      if (arn === undefined) {
        throw new DriverError(`AWS registered the task definition '${definition.family}' without a name`);
      }
      await thing.made({ arn });
      this.#taskDefinition = arn;
      definition = registerTaskDefinitionInput(this.context, { region });
    } else if (wanted === undefined) {
      definition = await this.#describe({ signal }) as typeof definition;
      this.#refuseRios(definition);
    }
    const container = this.#workerContainer(definition);
    this.#containerName = wanted ?? container?.name;
    if (this.#containerName === undefined) {
      throw new ConfigError(`The task definition '${this.#taskDefinition}' has no container: name another`);
    }
    if (definition) this.#log = Promise.resolve(logSettingOf(container));
  }

  /** RunTask can change a container's arguments, and not what they are given to. */
  #refuseRios(definition: Pick<TaskDefinition, "containerDefinitions"> | undefined): void {
    const container = this.#workerContainer(definition);
    if (!container || !startsRios(container)) return;
    throw new ConfigError(
      `The task definition '${this.#taskDefinition}' starts RIOS's rios_computeworker, which knows no manager of blockfleet: ` +
        `register one whose entry point is ["blockfleet"], or give it as register_task_definition`,
    );
  }

  async #describe(options: CallOptions): Promise<TaskDefinition | undefined> {
    const { taskDefinition } = await this.#options.caller.call(
      "ecs:DescribeTaskDefinition",
      { taskDefinition: this.#taskDefinition },
      options,
    );
    return taskDefinition;
  }

  async #askForLog(): Promise<LogSetting | undefined> {
    try {
      return logSettingOf(this.#workerContainer(await this.#describe({ retry: "none" })));
    } catch (error) {
      // A log is a help and no condition.
      if (error instanceof AwsError) return undefined;
      throw error;
    }
  }

  /** The container that the first override names, else the first of the definition. */
  #workerContainer(
    definition: Pick<TaskDefinition, "containerDefinitions"> | undefined,
  ): ContainerDefinition | undefined {
    const wanted = this.#options.params.run_task?.overrides?.containerOverrides?.[0]?.name;
    const containers = definition?.containerDefinitions;
    return containers?.find(({ name }) => name === wanted) ?? containers?.[0];
  }

  get #where(): EcsThingData {
    return { region: this.#region, ...this.cluster === undefined ? {} : { cluster: this.cluster } };
  }
}

function clusterTaken(name: string): ConfigError {
  return new ConfigError(
    `There is a cluster '${name}' already: leave create_cluster out to use it, or give the new one another name`,
  );
}
