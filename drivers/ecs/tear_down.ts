/**
 * Removes what a run has made, in the order in which AWS lets it go.
 *
 * @module
 */
import { messageOf } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import { type ClusterCounts, countWords, watchCluster } from "./cluster_counts.ts";
import { containerInstancesOf } from "./container_instances.ts";
import type { Belonging, EcsThingType } from "./belongings.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { inChunks } from "./in_chunks.ts";
import type { Leftovers } from "./leftovers.ts";
import { inCluster, isMissing } from "./seeker.ts";
import { waitForTasks } from "./wait_for_tasks.ts";

/** What removing takes. */
export interface TearDownOptions {
  /** Calls AWS in the region of the things. */
  readonly caller: AwsCaller;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** Why tasks are stopped, as AWS shows it. */
  readonly reason: string;
}

/** What became of the things, one line each. */
export interface TearDownReport {
  /** What was removed. */
  readonly removed: string[];
  /** What was not, and why. */
  readonly failed: string[];
  /** The types of things of which something was not. */
  readonly failedTypes: Set<EcsThingType>;
}

const STOPS_AT_ONCE = 10;
const INSTANCES_AT_ONCE = 500;
/** DeleteCluster answers so while what was in the cluster is on its way out. */
const CLUSTER_BUSY = /^(ClusterContains\w+Exception|UpdateInProgressException)$/;

/**
 * Stops the tasks and waits for them, takes instances out of their cluster and terminates them, deregisters and deletes task
 * definitions, and deletes clusters. What fails is reported and keeps nothing else from being removed.
 */
export async function tearDown(leftovers: Leftovers, options: TearDownOptions): Promise<TearDownReport> {
  const work = new TearDown(options);
  for (const [type, error] of leftovers.unsure) work.unsure(type, error);
  for (const [cluster, arns] of leftovers.tasks) await work.tasks(cluster, arns);
  for (const [cluster, ids] of leftovers.instances) await work.instances(cluster, ids);
  for (const arn of leftovers.taskDefinitions) await work.taskDefinition(arn);
  for (const name of leftovers.clusters) await work.cluster(name);
  return work.report;
}

/** Writes down that things are no more, but for those of which something could not be removed. */
export async function forget(things: readonly Belonging[], { failedTypes }: TearDownReport): Promise<void> {
  for (const thing of things) if (!failedTypes.has(thing.type as EcsThingType)) await thing.gone();
}

/** What {@linkcode tearDown} would remove, one line each. */
export function describeLeftovers(leftovers: Leftovers): string[] {
  return [
    ...[...leftovers.tasks.values()].flat().map(taskLine),
    ...[...leftovers.instances.values()].flat().map(instanceLine),
    ...leftovers.taskDefinitions.map(definitionLine),
    ...leftovers.clusters.map(clusterLine),
  ];
}

class TearDown {
  readonly report: TearDownReport = { removed: [], failed: [], failedTypes: new Set() };
  readonly #options: TearDownOptions;
  /** What is not known until then may only not be known everywhere yet. */
  readonly #freshUntilMs: number;

  constructor(options: TearDownOptions) {
    this.#options = options;
    this.#freshUntilMs = performance.now() + options.times.absenceMs;
  }

  unsure(type: EcsThingType, error: AwsError): void {
    this.#failed(type, `what more there may be (${type})`, error);
  }

  async tasks(cluster: string, arns: readonly string[]): Promise<void> {
    const { times: { stopMs } } = this.#options;
    const stopping: string[] = [];
    for (const chunk of inChunks(arns, STOPS_AT_ONCE)) {
      const stopped = await Promise.all(chunk.map((task) => this.#stopTask(cluster, task)));
      stopping.push(...chunk.filter((_, at) => stopped[at]));
    }
    const left = await waitForTasks(stopping, { ...this.#options, cluster, limitMs: stopMs });
    this.report.removed.push(...stopping.filter((task) => !left.has(task)).map(taskLine));
    for (const task of left) {
      this.#failed("ecs-tasks", taskLine(task), `it was told to stop, and has not within ${stopMs / 1000} s`);
    }
  }

  async instances(cluster: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#takeOut(cluster, ids);
    for (const chunk of inChunks(ids, INSTANCES_AT_ONCE)) await this.#terminate(chunk);
  }

  async taskDefinition(arn: string): Promise<void> {
    const { caller } = this.#options;
    try {
      await caller.call("ecs:DeregisterTaskDefinition", { taskDefinition: arn });
      this.report.removed.push(definitionLine(arn));
    } catch (error) {
      if (!isMissing(error)) return this.#failed("ecs-task-definition", definitionLine(arn), error);
    }
    try {
      await caller.call("ecs:DeleteTaskDefinitions", { taskDefinitions: [arn] });
    } catch (error) {
      // An inactive one costs nothing and starts nothing; not everyone may delete it.
      if (!(error instanceof AwsError)) throw error;
    }
  }

  async cluster(name: string): Promise<void> {
    const { caller, times } = this.#options;
    const endMs = performance.now() + times.deleteMs;
    while (true) {
      try {
        await caller.call("ecs:DeleteCluster", { cluster: name });
        this.report.removed.push(clusterLine(name));
        return;
      } catch (error) {
        if (isMissing(error)) return;
        const isBusy = error instanceof AwsError && CLUSTER_BUSY.test(error.code);
        if (!isBusy) return this.#failed("ecs-cluster", clusterLine(name), error);
        const inIt = await this.#untilEmpty(name, endMs - performance.now());
        if (performance.now() > endMs) {
          const what = inIt === "" ? error : `${messageOf(error)} (${inIt} in it)`;
          return this.#failed("ecs-cluster", clusterLine(name), what);
        }
        await sleep(times.pollLeastMs * 2);
      }
    }
  }

  /** Waits for what is on its way out of a cluster; gives what is still in it, for people. */
  async #untilEmpty(cluster: string, limitMs: number): Promise<string> {
    const { caller, times: { pollLeastMs, pollMostMs } } = this.#options;
    try {
      const isEmpty = (counts: ClusterCounts) => counts.tasks + counts.instances === 0;
      const counts = await watchCluster(caller, cluster, isEmpty, { pollLeastMs, pollMostMs, limitMs });
      return counts === undefined ? "" : countWords(counts);
    } catch (error) {
      // Without the counts the cluster is just tried again.
      if (error instanceof AwsError) return "";
      throw error;
    }
  }

  /** @returns whether it is stopping; one that AWS does not know any more has ended */
  async #stopTask(cluster: string, task: string): Promise<boolean> {
    const { caller, reason } = this.#options;
    try {
      await caller.call("ecs:StopTask", { ...inCluster(cluster), task, reason }, {
        freshUntilMs: this.#freshUntilMs,
      });
      return true;
    } catch (error) {
      if (!isMissing(error)) this.#failed("ecs-tasks", taskLine(task), error);
      return false;
    }
  }

  /** What can't be taken out of its cluster leaves it when it ends; a cluster that it holds up is reported. */
  async #takeOut(cluster: string, ids: readonly string[]): Promise<void> {
    const { caller } = this.#options;
    try {
      for (const { containerInstanceArn } of await containerInstancesOf(caller, cluster || undefined, ids)) {
        await caller.call("ecs:DeregisterContainerInstance", {
          ...inCluster(cluster),
          containerInstance: containerInstanceArn,
          force: true,
        });
      }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
    }
  }

  async #terminate(ids: readonly string[]): Promise<void> {
    try {
      await this.#options.caller.call("ec2:TerminateInstances", { InstanceIds: [...ids] }, {
        freshUntilMs: this.#freshUntilMs,
      });
      this.report.removed.push(...ids.map(instanceLine));
    } catch (error) {
      if (!isMissing(error)) return this.#failed("ec2-instances", ids.map(instanceLine).join(", "), error);
      // One unknown id fails the whole call.
      if (ids.length > 1) { for (const id of ids) await this.#terminate([id]); }
    }
  }

  #failed(type: EcsThingType, what: string, why: unknown): void {
    this.report.failedTypes.add(type);
    this.report.failed.push(`${what}: ${messageOf(why)}`);
  }
}

function taskLine(arn: string): string {
  return `ECS task ${arn}`;
}

function instanceLine(id: string): string {
  return `EC2 instance ${id}`;
}

function definitionLine(arn: string): string {
  return `ECS task definition ${arn}`;
}

function clusterLine(name: string): string {
  return `ECS cluster ${name}`;
}
