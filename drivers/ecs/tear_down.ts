/**
 * Removes what a run has made, in the order in which AWS lets it go.
 *
 * @module
 */
import { messageOf } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import { containerInstancesOf } from "./container_instances.ts";
import type { Belonging, EcsThingType } from "./belongings.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { hasEnded } from "./explain_task.ts";
import { inChunks } from "./in_chunks.ts";
import { inCluster, isMissing, type Leftovers } from "./leftovers.ts";

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

  constructor(options: TearDownOptions) {
    this.#options = options;
  }

  unsure(type: EcsThingType, error: AwsError): void {
    this.#failed(type, `what more there may be (${type})`, error);
  }

  async tasks(cluster: string, arns: readonly string[]): Promise<void> {
    const { caller, times, reason } = this.#options;
    const stopping: string[] = [];
    for (const chunk of inChunks(arns, STOPS_AT_ONCE)) {
      await Promise.all(chunk.map(async (task) => {
        try {
          await caller.call("ecs:StopTask", { ...inCluster(cluster), task, reason }, {
            freshUntilMs: performance.now() + times.absenceMs,
          });
          stopping.push(task);
        } catch (error) {
          // One that AWS does not know any more has ended.
          if (!isMissing(error)) this.#failed("ecs-tasks", taskLine(task), error);
        }
      }));
    }
    const left = await waitForTasks(stopping, { ...this.#options, cluster, limitMs: times.stopMs });
    for (const task of stopping) {
      if (!left.has(task)) this.report.removed.push(taskLine(task));
      else {this.#failed(
          "ecs-tasks",
          taskLine(task),
          `it was told to stop, and has not within ${times.stopMs / 1000} s`,
        );}
    }
  }

  async instances(cluster: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const { caller, times } = this.#options;
    try {
      for (const { containerInstanceArn } of await containerInstancesOf(caller, cluster || undefined, ids)) {
        await caller.call("ecs:DeregisterContainerInstance", {
          ...inCluster(cluster),
          containerInstance: containerInstanceArn,
          force: true,
        });
      }
    } catch (error) {
      // What can't be taken out of the cluster leaves it when it ends; a cluster that it holds up is reported.
      if (!(error instanceof AwsError)) throw error;
    }
    for (const chunk of inChunks(ids, 500)) {
      try {
        await caller.call("ec2:TerminateInstances", { InstanceIds: chunk }, {
          freshUntilMs: performance.now() + times.absenceMs,
        });
        this.report.removed.push(...chunk.map(instanceLine));
      } catch (error) {
        if (chunk.length > 1 && isMissing(error)) {
          // One unknown id fails the whole call.
          for (const id of chunk) await this.instances("", [id]);
        } else if (!isMissing(error)) {
          this.#failed("ec2-instances", chunk.map(instanceLine).join(", "), error);
        }
      }
    }
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
        if (!isBusy || performance.now() > endMs) {
          return this.#failed("ecs-cluster", clusterLine(name), error);
        }
        await sleep(times.pollLeastMs * 2);
      }
    }
  }

  #failed(type: EcsThingType, what: string, why: unknown): void {
    this.report.failedTypes.add(type);
    this.report.failed.push(`${what}: ${messageOf(why)}`);
  }
}

/** What waiting takes. */
export interface WaitForTasksOptions {
  /** Calls AWS. */
  readonly caller: AwsCaller;
  /** How long to wait for what. */
  readonly times: EcsTimes;
  /** The tasks' cluster, "" for the default one. */
  readonly cluster: string;
  /** The longest wait, milliseconds. */
  readonly limitMs: number;
}

/** Waits until tasks have ended; gives those that have not. */
export async function waitForTasks(
  arns: readonly string[],
  options: WaitForTasksOptions,
): Promise<Set<string>> {
  const { caller, times, cluster, limitMs } = options;
  const left = new Set(arns);
  const endMs = performance.now() + limitMs;
  for (
    let delayMs = times.pollLeastMs / 2;
    left.size > 0;
    delayMs = Math.min(times.pollMostMs / 2, delayMs * 1.5)
  ) {
    for (const chunk of inChunks([...left], 100)) {
      try {
        const { tasks = [], failures = [] } = await caller.call("ecs:DescribeTasks", {
          ...inCluster(cluster),
          tasks: chunk,
        });
        for (const task of tasks) if (hasEnded(task)) left.delete(task.taskArn ?? "");
        // AWS knew them when they were told to stop.
        for (const { arn, reason } of failures) if (reason === "MISSING") left.delete(arn ?? "");
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        // Whoever may not look has to take it that they stop, as they were told.
        if (error.kind === "missing" || error.kind === "denied") return new Set();
      }
    }
    if (left.size === 0 || performance.now() > endMs) break;
    await sleep(delayMs);
  }
  return left;
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
