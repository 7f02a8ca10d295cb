/**
 * What the tasks of a run stand on: cluster, task definition and instances, each made only if the user asked for it.
 *
 * @module
 */
import { ConfigError, DriverError, TimeoutExceededError } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import type { AwsAction } from "../aws/api.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import type { Belonging, Belongings, EcsThingData, EcsThingType } from "./belongings.ts";
import { checkInputNames } from "./check_input_names.ts";
import { containerInstancesOf } from "./container_instances.ts";
import type { EcsTimes } from "./ecs_times.ts";
import type { EcsExtraParams } from "./extra_params.ts";
import { RUN_TAG, type RunName, tagValue } from "./names.ts";
import {
  createClusterInput,
  needsLogRegion,
  registerTaskDefinitionInput,
  type RequestContext,
  runInstancesInput,
} from "./requests.ts";

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

const WAIT_SECONDS = 300;
/** AWS's name for the error (Amazon ECS API Reference, "RunTask"). */
export const NO_CLUSTER = "ClusterNotFoundException";

/** Makes what the tasks stand on; {@linkcode tearDown} removes it. */
export class EcsResources {
  readonly #options: EcsResourcesOptions;
  #tagged = true;
  #region = "";
  #clusterMs = -Infinity;
  #taskDefinitionMs = -Infinity;
  #taskDefinition: string;
  #containerName: string | undefined;
  #logStreamPrefix: string | undefined;
  #instanceIds: readonly string[] = [];
  #instancesMs = -Infinity;

  /** Makes nothing yet. */
  constructor(options: EcsResourcesOptions) {
    this.#options = options;
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

  /** Whether the run has instances of its own, so that no more room comes than they have. */
  get hasInstances(): boolean {
    return this.#instanceIds.length > 0;
  }

  /** The inputs' context. */
  get context(): RequestContext {
    const { params, run } = this.#options;
    return { params, run, tagged: this.#tagged };
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

  /** The name of a task's log stream, if the worker's container writes one. */
  logStream(taskId: string): string | undefined {
    return this.#logStreamPrefix && `${this.#logStreamPrefix}/${this.#containerName}/${taskId}`;
  }

  /**
   * Makes all that is asked for. What could cost money comes last.
   *
   * @param workers how many are wanted.
   * @throws {AwsError} if AWS refuses; {@linkcode ConfigError} if a name is taken.
   */
  async make(workers: number): Promise<void> {
    await checkInputNames(this.#options.caller, this.#options.params);
    this.#region = await this.#options.caller.region("ecs");
    await this.createCluster();
    await this.createTaskDef();
    await this.runInstances(workers);
  }

  /** Makes a cluster, if asked to. One that is there already is never taken for our own. */
  async createCluster(): Promise<void> {
    const { caller, params, signal } = this.#options;
    const name = params.create_cluster?.clusterName;
    if (name === undefined) return;
    const { clusters } = await caller.call("ecs:DescribeClusters", { clusters: [name] }, { signal });
    if (clusters?.some(({ status }) => status !== "INACTIVE")) throw clusterTaken(name);
    const { answer: { cluster }, thing } = await this.#make(
      "ecs-cluster",
      name,
      "ecs:CreateCluster",
      () => caller.call("ecs:CreateCluster", createClusterInput(this.context), { signal }),
    );
    this.#clusterMs = performance.now();
    const owner = tagValue(cluster?.tags, RUN_TAG);
    if (owner !== undefined && owner !== this.#options.run.runId) {
      await thing.gone();
      throw clusterTaken(name);
    }
    await thing.made({ ...cluster?.clusterArn === undefined ? {} : { arn: cluster.clusterArn } });
  }

  /** Makes a task definition, if asked to, and learns what it says of the worker's container. */
  async createTaskDef(): Promise<void> {
    const { caller, params, signal } = this.#options;
    const wanted = params.run_task?.overrides?.containerOverrides?.[0]?.name;
    let definition = params.register_task_definition;
    if (definition) {
      const region = needsLogRegion(params) ? this.#region : undefined;
      const { answer, thing } = await this.#make(
        "ecs-task-definition",
        definition.family!,
        "ecs:RegisterTaskDefinition",
        // Each call makes a new revision: after one without an answer, another may be one too many, which is found by its label.
        () =>
          caller.call("ecs:RegisterTaskDefinition", registerTaskDefinitionInput(this.context, { region }), {
            signal,
          }),
      );
      this.#taskDefinitionMs = performance.now();
      const arn = answer.taskDefinition?.taskDefinitionArn;
      if (arn === undefined) {
        throw new DriverError(`AWS registered the task definition '${definition.family}' without a name`);
      }
      await thing.made({ arn });
      this.#taskDefinition = arn;
    } else if (wanted === undefined) {
      const { taskDefinition } = await caller.call(
        "ecs:DescribeTaskDefinition",
        { taskDefinition: this.#taskDefinition },
        { signal },
      );
      definition = taskDefinition as typeof definition;
    }
    const containers = definition?.containerDefinitions;
    const container = containers?.find(({ name }) => name === wanted) ?? containers?.[0];
    this.#containerName = wanted ?? container?.name;
    if (this.#containerName === undefined) {
      throw new ConfigError(`The task definition '${this.#taskDefinition}' has no container: name another`);
    }
    const log = container?.logConfiguration;
    const prefix = log?.logDriver === "awslogs" ? log.options?.["awslogs-stream-prefix"] : undefined;
    this.#logStreamPrefix = prefix && `${log?.options?.["awslogs-group"]}: ${prefix}`;
  }

  /** Starts instances, if asked to. */
  async runInstances(numWorkers: number): Promise<void> {
    const { caller, params, signal, notice } = this.#options;
    if (!params.run_instances) return;
    const token = crypto.randomUUID();
    const cluster = this.cluster ?? "default";
    // "arn:...:task-definition/FAMILY:REVISION", "FAMILY:REVISION" or "FAMILY".
    const family = this.#taskDefinition.split("/").at(-1)!.split(":")[0]!;
    const build = () => runInstancesInput(this.context, { token, workers: numWorkers, cluster, family });
    const { answer, thing } = await this.#make("ec2-instances", token, "ec2:RunInstances", () => {
      if (build().isUnwatched) {
        notice(
          "The user data of run_instances is no shell script: instances don't end themselves if this manager is killed",
        );
      }
      return caller.call("ec2:RunInstances", build().input, { signal });
    });
    this.#instancesMs = performance.now();
    this.#instanceIds = answer.Instances?.flatMap(({ InstanceId }) => InstanceId ?? []) ?? [];
    await thing.made({ instanceIds: this.#instanceIds });
  }

  /** Instances of the run that have joined the cluster; without any of its own, undefined. */
  async getClusterInstanceCount(): Promise<number | undefined> {
    if (!this.hasInstances) return undefined;
    const found = await containerInstancesOf(this.#options.caller, this.cluster, this.#instanceIds);
    return found.filter(({ status }) => status === "ACTIVE").length;
  }

  /**
   * Waits until the first instance has joined the cluster: tasks are started as there is room for them.
   *
   * @param patience ends the waiting.
   * @throws {TimeoutExceededError} if none has come by `waitClusterInstanceCountTimeout`.
   * @throws {DriverError} if all instances ended before.
   */
  async waitClusterInstanceCount(patience: AbortSignal): Promise<void> {
    if (!this.hasInstances) return;
    const { params, times } = this.#options;
    const seconds = params.waitClusterInstanceCountTimeout ?? WAIT_SECONDS;
    while (!patience.aborted && !(await this.getClusterInstanceCount())) {
      await this.#checkInstances();
      if (performance.now() - this.#instancesMs > 1000 * seconds) {
        throw new TimeoutExceededError(
          "waitClusterInstanceCountTimeout",
          seconds,
          `${this.#instanceIds.length} instances to join the cluster '${this.cluster}' (the ECS agent in the image, ` +
            "the instance profile and a way to ECS from the subnet are what it takes)",
        );
      }
      await sleep(times.pollLeastMs * 2, patience);
    }
  }

  /** Instances that all end before they join never will. */
  async #checkInstances(): Promise<void> {
    const { caller } = this.#options;
    let reservations;
    try {
      ({ Reservations: reservations } = await caller.call("ec2:DescribeInstances", {
        InstanceIds: [...this.#instanceIds],
      }));
    } catch (error) {
      // New instances may not be known yet; and to look at them is no more than a courtesy.
      if (error instanceof AwsError && error.kind !== "final") return;
      throw error;
    }
    const instances = reservations?.flatMap(({ Instances }) => Instances ?? []) ?? [];
    const ended = instances.filter(({ State }) => /terminated|shutting-down|stopped/.test(State?.Name ?? ""));
    if (instances.length === 0 || ended.length < this.#instanceIds.length) return;
    const { InstanceId, StateReason, StateTransitionReason } = ended[0]!;
    const why = StateReason?.Message || StateTransitionReason || "AWS gives no reason";
    throw new DriverError(`All instances ended before they joined the cluster; '${InstanceId}': ${why}`);
  }

  /** Writes a thing down, makes it, and makes it once more without tags where tagging is what is denied. */
  async #make<Answer>(
    type: EcsThingType,
    key: string,
    action: AwsAction,
    call: () => Promise<Answer>,
  ): Promise<{ answer: Answer; thing: Belonging & { made(data: EcsThingData): Promise<void> } }> {
    const { belongings } = this.#options;
    const where: EcsThingData = {
      region: this.#region,
      ...this.cluster === undefined ? {} : { cluster: this.cluster },
    };
    const thing = await belongings.intend(type, key, { ...where, tagged: this.#tagged });
    try {
      return { answer: await call(), thing };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // A refused call made nothing; of one without an answer no one can tell.
      if (error.kind !== "unanswered") await thing.gone();
      if (!this.#tagged || !error.concernsTags) throw error;
      this.giveUpTags(error, action);
      return await this.#make(type, key, action, call);
    }
  }

  /** Goes on without tags. */
  giveUpTags(error: AwsError, action: AwsAction): void {
    this.#tagged = false;
    this.#options.notice(
      `AWS does not let '${action}' tag what it makes, so it is made without tags, and found by name and register: ${error.said}`,
    );
  }
}

function clusterTaken(name: string): ConfigError {
  return new ConfigError(
    `There is a cluster '${name}' already: leave create_cluster out to use it, or give the new one another name`,
  );
}
